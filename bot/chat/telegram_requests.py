"""HTTP to Telegram with aiohttp, where a request costs a quarter of the library's own."""

import asyncio
import json
import logging
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.secret_urls import names_a_host
from recommenders.photos import MAX_BYTES

log = logging.getLogger(__name__)

CONNECT_TIMEOUT = 5.0
"""Seconds that opening a connection may take."""

POOL_TIMEOUT = 60.0
"""Seconds that requests wait for a free connection: a hundred photos may come at once."""

UPLOAD_TIMEOUT = 300.0
"""Seconds that sending a file may take."""

IDLE = 5.0
"""Seconds that an idle connection is kept. The server closes long idle ones, and a request sent at
that moment may have arrived or not."""

NOT_SENT = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
)
"""Causes of a ``NetworkError`` with which nothing of the request has reached Telegram."""

_SOCKS = ("socks5://", "socks5h://", "socks4://")

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class TooLargeError(Exception):
    """A response is longer than ``MAX_BYTES``."""


class TelegramRequests(BaseRequest):
    """Requests to Telegram's server.

    The ``__cause__`` of a ``NetworkError`` is the original error. The message never contains the
    address, which has the bot's token in it.

    Args:
        connections: how many at a time, at most.
        read_timeout: seconds without a byte until a request fails.
        proxied: whether to use the proxy that the environment names, if any.
        answered: called with every answer.
    """

    def __init__(
        self,
        *,
        connections: int,
        read_timeout: float,
        proxied: bool,
        answered: Callable[[aiohttp.ClientResponse], None] | None = None,
    ) -> None:
        self._connections = connections
        self._read_timeout = read_timeout
        self._proxied = proxied
        self._answered = answered
        self._proxy_of = cache(_proxy_of)
        self._sessions: dict[str | None, aiohttp.ClientSession] | None = None
        """By the SOCKS proxy that they go through."""

    @property
    def read_timeout(self) -> float:
        """The default, in seconds."""
        return self._read_timeout

    async def initialize(self) -> None:
        if self._sessions is None:
            self._sessions = {}

    async def shutdown(self) -> None:
        sessions, self._sessions = self._sessions or {}, None
        for session in sessions.values():
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """The status and the content of Telegram's answer.

        Args:
            write_timeout: seconds for requests that send a file; ignored for others.

        Raises:
            NetworkError: without a complete answer; ``TimedOut`` if it took too long.
        """
        has_files = request_data is not None and request_data.contains_files
        uploading = self._or(write_timeout, UPLOAD_TIMEOUT) if has_files else None
        address = urlsplit(url)
        proxy = self._proxy_of(address.scheme, address.hostname or "") if self._proxied else None
        is_socks = proxy is not None and proxy.startswith(_SOCKS)
        try:
            async with (
                asyncio.timeout(uploading),
                self._session(proxy if is_socks else None).request(
                    method,
                    url,
                    data=_body(request_data),
                    headers=None if has_files or request_data is None else _FORM,
                    allow_redirects=False,
                    proxy=None if is_socks else proxy,
                    ssl=_certificates(self._proxied) if address.scheme == "https" else True,
                    timeout=_timeout(
                        self._or(pool_timeout, POOL_TIMEOUT),
                        self._or(connect_timeout, CONNECT_TIMEOUT),
                        self._or(read_timeout, self._read_timeout),
                    ),
                ) as response,
            ):
                content = await _content(response)
        except TimeoutError as error:
            raise TimedOut from error
        except TooLargeError as error:
            raise NetworkError(str(error)) from error
        except aiohttp.ClientConnectorError as error:
            why = error.strerror or type(error).__name__
            raise NetworkError(f"no connection to {error.host}:{error.port}, {why}") from error
        except aiohttp.ClientError as error:
            raise NetworkError(type(error).__name__) from error
        log.debug("%s %s: %d", method, url.rpartition("/")[2], response.status)
        if self._answered is not None:
            self._answered(response)
        return response.status, content

    @staticmethod
    def parse_json_payload(payload: bytes) -> Any:
        """As the library's, which would log what cannot be parsed, an update for instance."""
        try:
            return json.loads(payload.decode(errors="replace"))
        except ValueError as error:
            raise TelegramError("no JSON came") from error

    def _session(self, socks: str | None) -> aiohttp.ClientSession:
        if self._sessions is None:
            raise RuntimeError("requests are sent between initialize and shutdown")
        if socks not in self._sessions:
            self._sessions[socks] = aiohttp.ClientSession(
                connector=_connector(socks, limit=self._connections, keepalive_timeout=IDLE),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": self.USER_AGENT, "Accept-Encoding": "gzip, deflate"},
            )
        return self._sessions[socks]

    def _or(self, timeout: Any, default: float) -> float | None:
        seconds: float | None = default if timeout is self.DEFAULT_NONE else timeout
        return seconds


def _connector(socks: str | None, **options: Any) -> aiohttp.BaseConnector:
    if socks is None:
        return aiohttp.TCPConnector(**options)
    try:
        from bot.chat.socks import SocksConnector
    except ImportError:
        raise NetworkError(
            "the environment names a SOCKS proxy, which takes aiohttp-socks: "
            ".venv/bin/pip install 'tag4pic[socks]'"
        ) from None
    # socks5h means that the proxy resolves host names; rdns=True does so for every kind.
    address = socks.replace("socks5h://", "socks5://")
    try:
        return SocksConnector.from_url(address, rdns=True, **options)
    except ValueError:
        raise NetworkError(
            "the SOCKS proxy that the environment names has no valid address: write socks5://host:port"
        ) from None


async def _content(response: aiohttp.ClientResponse) -> bytes:
    parts, size = [], 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > MAX_BYTES:
            raise TooLargeError(f"more than {MAX_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)


def _body(data: RequestData | None) -> bytes | aiohttp.FormData | None:
    if data is None:
        return None
    if not data.contains_files:
        return data.url_encoded_parameters().encode()
    form = aiohttp.FormData()
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (file, content, kind) in data.multipart_data.items():
        form.add_field(name, content, filename=file, content_type=kind)
    return form


@lru_cache(maxsize=64)
def _timeout(
    pool: float | None, connect: float | None, read: float | None
) -> aiohttp.ClientTimeout:
    both = None if pool is None or connect is None else pool + connect
    return aiohttp.ClientTimeout(total=None, connect=both, sock_connect=connect, sock_read=read)


def _proxy_of(scheme: str, host: str) -> str | None:
    """The proxy for a server that the environment names.

    Raises:
        NetworkError: for an unsupported kind of proxy, or an address that leads nowhere.
    """
    named = getproxies()
    proxy = named.get(scheme) or named.get("all")
    if not proxy or proxy_bypass(host):
        return None
    if "://" not in proxy:
        proxy = f"http://{proxy}"
    if not proxy.startswith(("http://", "https://", *_SOCKS)):
        raise NetworkError("the proxy that the environment names is neither for HTTP nor for SOCKS")
    if not proxy.startswith(_SOCKS) and not names_a_host(proxy):
        raise NetworkError(
            "the proxy that the environment names has no valid address: write http://host:port"
        )
    return proxy


@cache
def _certificates(proxied: bool) -> Any:
    """TLS certificates to trust: Certifi's, or those that SSL_CERT_FILE or SSL_CERT_DIR name."""
    return httpx.create_ssl_context(trust_env=proxied)
