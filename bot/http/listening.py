"""Opens the listening socket, before anything slow is loaded."""

import ipaddress
import os
import socket
from urllib.parse import urlsplit

DEFAULT_PORT = 8090
BACKLOG = 256
"""Connections that may wait to be accepted, also while the model loads."""


class ServeError(Exception):
    """The server cannot start; the message says why and what to do."""


def listen_on(address: str, key: str | None = None) -> socket.socket:
    """A socket listening on an address such as ``127.0.0.1:8090`` or ``[::1]:8090``.

    Raises:
        ServeError: where the address is invalid, in use, or reachable from other machines without
            a key.
    """
    host, port = _host_and_port(address)
    if key is None and not _is_loopback(host):
        raise ServeError(
            f"{address} can be reached from other machines. Set API_KEY, which every request must "
            "then carry, or listen on 127.0.0.1."
        )
    try:
        (family, *_, place), *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        listening = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise cannot_listen(host, port, error) from None
    except UnicodeError:  # an empty part between dots, or one of more than 63 characters
        raise _no_address(address) from None
    try:
        # Lets a server restart at once on its port.
        if os.name == "posix":  # elsewhere it would take over a port in use
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except OSError as error:
        listening.close()
        raise cannot_listen(host, port, error) from None
    return listening


def _host_and_port(address: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{address}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or port is None or parts.netloc != address or parts.username is not None:
        raise _no_address(address)
    return ("127.0.0.1" if host == "localhost" else host), port


def _no_address(address: str) -> ServeError:
    return ServeError(
        f"--listen takes an address and a port, such as 127.0.0.1:{DEFAULT_PORT}, not {address!r}."
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def cannot_listen(host: str, port: int, error: OSError) -> ServeError:
    """The error for an address that cannot be used."""
    reason = (error.strerror or str(error)).rstrip(".")
    name = f"[{host}]" if ":" in host else host
    other = DEFAULT_PORT + 1 if port == DEFAULT_PORT else DEFAULT_PORT
    return ServeError(
        f"{name}:{port} cannot be used ({reason}). Stop what uses it, or choose another: "
        f"tag4pic serve --listen 127.0.0.1:{other}."
    )
