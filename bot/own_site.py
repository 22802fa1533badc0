"""Protects local web servers: they answer only at their own address, and only their own pages.

Another site can make a browser call a local server under that site's host name (DNS rebinding),
which the Host header shows, or post forms to it, which the Origin header shows.
"""

import hmac
from collections.abc import Collection
from pathlib import Path

from aiohttp import web

SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_PAGE_HEADERS = {
    # Nothing from other sites.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    # Revalidated each time: a cached page of another version may not fit this server.
    "Cache-Control": "no-cache",
}

NOT_OURS = "This server answers to its own address only."
FROM_ELSEWHERE = "This came from another site."


def in_address(host: str) -> str:
    """A host as addresses have it: an IPv6 one in brackets."""
    return f"[{host}]" if ":" in host else host


def own_hosts(host: str, port: int) -> set[str]:
    """The valid Host headers of a server that listens on this loopback address."""
    names = (in_address(host), "localhost", "127.0.0.1", "[::1]")
    return {f"{name}:{port}" for name in names} | (set(names) if port == 80 else set())


def is_from_elsewhere(request: web.Request, hosts: Collection[str]) -> bool:
    """Whether another site made the request; a link to the front page may be followed."""
    origin = request.headers.get("Origin")
    if origin is not None and origin.partition("://")[2].lower() not in hosts:
        return True
    linked = request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")
    return linked and request.path != "/"


def is_secret(text: str, secret: str) -> bool:
    """Whether a text is the secret, compared in constant time."""
    return hmac.compare_digest(text.encode(errors="replace"), secret.encode())


def page_file(folder: Path, name: str) -> web.FileResponse:
    """A file of a page, with a policy that allows nothing from other sites.

    Raises:
        HTTPNotFound: where the folder has no file of this name.
    """
    # Looked up among the folder's files: no name leads out, and the folder may be a symbolic link.
    path = next((path for path in folder.iterdir() if path.name == name), None)
    if path is None:
        raise web.HTTPNotFound(text="There is no such page here.")
    return web.FileResponse(path, headers=_PAGE_HEADERS)


async def add_safe_headers(request: web.Request, response: web.StreamResponse) -> None:
    """For ``on_response_prepare``."""
    response.headers.update(SAFE_HEADERS)
