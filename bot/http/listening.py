"""Taking an address, before anything that takes long is loaded."""

import ipaddress
import os
import socket
from urllib.parse import urlsplit

DEFAULT_PORT = 8090
BACKLOG = 256
"""Connections that wait until they are accepted; while the model loads, too."""


class ServeError(Exception):
    """Why the server does not start; the message is a sentence that says what to do."""


def listen_on(address: str, key: str | None = None) -> socket.socket:
    """A socket that has taken an address such as ``127.0.0.1:8090`` or ``[::1]:8090``.

    Raises:
        ServeError: where the address is none, is taken, or can be reached from other machines
            though there is no key.
    """
    host, port = _host_and_port(address)
    if key is None and not _is_loopback(host):
        raise ServeError(
            f"{address} can be reached from other machines. Set API_KEY, which whoever asks must "
            "then bring along, or listen on 127.0.0.1."
        )
    try:
        (family, *_, place), *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        listening = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise cannot_listen(host, port, error) from None
    try:
        # A port that a server left a moment ago is free.
        if os.name == "posix":  # elsewhere this takes a port away from who has it
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
        raise ServeError(
            f"--listen takes an address and a port, such as 127.0.0.1:{DEFAULT_PORT}, "
            f"not {address!r}."
        )
    return ("127.0.0.1" if host == "localhost" else host), port


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def cannot_listen(host: str, port: int, error: OSError) -> ServeError:
    """The error that says why not, and what to do."""
    reason = (error.strerror or str(error)).rstrip(".")
    name = f"[{host}]" if ":" in host else host
    other = DEFAULT_PORT + 1 if port == DEFAULT_PORT else DEFAULT_PORT
    return ServeError(
        f"{name}:{port} cannot be used ({reason}). Stop what uses it, or choose another: "
        f"tag4pic serve --listen 127.0.0.1:{other}."
    )
