"""Finds and hides passwords in URLs, and says whether one leads anywhere."""

import re
from base64 import b64encode
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

LEAST = 4
"""Shorter passwords are not removed from log lines, which would become unreadable."""

_IN_QUERY = ("password", "passwd", "passfile", "sslpassword", "token", "secret", "key")


def secrets_in(url: str) -> list[str]:
    """The passwords in a URL: as written there, unquoted, and as HTTP Basic sends them."""
    userinfo, at, _ = _authority(url).rpartition("@")
    user, _, password = userinfo.partition(":")
    secrets = [value for name, value in parse_qsl(_query(url)) if name.lower() in _IN_QUERY]
    if at and password:
        plain = unquote(password)
        basic = b64encode(f"{unquote(user)}:{plain}".encode()).decode()
        secrets += [password, plain, basic]
    return list(dict.fromkeys(one for one in secrets if len(one) >= LEAST))


def shown(url: str) -> str:
    """A URL without user, password, query and fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.partition("://")[0] + "://…"
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def names_a_host(url: str) -> bool:
    """Whether a URL names a host, and no port that there cannot be."""
    try:
        parts = urlsplit(url)
        (parts.hostname or "").encode("idna")  # no part empty, or of more than 63 characters
        return bool(parts.hostname) and parts.port != 0 and not re.search(r"\s", url)
    except ValueError:
        return False


def _authority(url: str) -> str:
    # Not urlsplit, which would miss a password with an unquoted / or #.
    rest = url.partition("://")[2]
    start, at, _ = rest.rpartition("@")
    return f"{start}@" if at else rest.partition("/")[0]


def _query(url: str) -> str:
    return url.partition("?")[2].partition("#")[0]
