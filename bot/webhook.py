"""The webhook: a small HTTP server for Telegram's calls, hardened against strangers'."""

import asyncio
import hmac
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.chat.application import ALLOWED_UPDATES
from bot.chat.services import BotApplication
from bot.connections import Accepted
from bot.inbox import Inbox, number_of
from bot.own_site import is_secret
from bot.receiving import Received, at_work, with_retries
from storage import StorageError

log = logging.getLogger(__name__)

# Otherwise strangers could fill the disk with log lines by sending something other than HTTP.
_strangers = logging.getLogger("bot.webhook.strangers")
_strangers.setLevel(logging.CRITICAL)

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
HEALTH = "/health"
"""Where a load balancer asks, without the secret, whether updates are taken."""

MAX_UPDATE = 2**20
HEAD_SECONDS = 10.0
"""Time that a connection gets to send the headers of its first or next request."""
BODY_SECONDS = 10.0
CONNECTIONS = 256
"""At once; Telegram opens 40."""


@asynccontextmanager
async def webhook(
    application: BotApplication, url: str, secret: str | None, port: int, host: str = "127.0.0.1"
) -> AsyncIterator[Received]:
    """Runs the bot with Telegram calling ``url``, which must lead to ``host`` and ``port``.

    Updates are accepted only with ``secret``, by default one derived from the token and so the same
    in all replicas. The webhook stays set afterwards: Telegram keeps updates until the bot is back.

    Raises:
        TelegramError: when Telegram refuses the bot or its URL, or cannot be reached for a minute.
        OSError: when the address cannot be listened on.
    """
    secret = secret or hmac.digest(application.bot.token.encode(), b"webhook", "sha256").hex()
    async with at_work(application, alone=False) as inbox:
        server = _Server(inbox, urlsplit(url).path or "/", secret)
        try:
            await server.start(host, port)
            await with_retries(
                lambda: application.bot.set_webhook(
                    url, secret_token=secret, allowed_updates=ALLOWED_UPDATES
                )
            )
            yield Received(inbox)
        finally:
            await server.stop()


class _Server:
    def __init__(self, inbox: Inbox, path: str, secret: str) -> None:
        self._inbox = inbox
        self._secret = secret
        app = web.Application(middlewares=[self._guard], client_max_size=MAX_UPDATE)
        app.router.add_post(path, self._called)
        app.router.add_get(HEALTH, self._health)
        self._runner = web.AppRunner(
            app, access_log=None, logger=_strangers, lingering_time=0.0, shutdown_timeout=2.0
        )
        self._listener: asyncio.Server | None = None
        self._silent: dict[_Timed, None] = {}

    async def start(self, host: str, port: int) -> None:
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        connection = partial(Accepted, self._connection)
        self._listener = await loop.create_server(connection, host, port)

    async def stop(self) -> None:
        if self._listener is not None:
            self._listener.close()
        await self._runner.cleanup()

    def _connection(self) -> asyncio.Protocol:
        server = self._runner.server
        assert server is not None
        if len(server.connections) >= CONNECTIONS:
            if not self._silent:
                return _Refused()
            # Drop the one that has sent nothing for longest, so that idle ones block nobody.
            next(iter(self._silent)).cut_off()
        return _Timed(server(), self._silent)

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        transport = request.transport
        timed = transport.get_protocol() if transport is not None else None
        if isinstance(timed, _Timed):
            timed.stop_timer()
        try:
            asks_health = request.method in ("GET", "HEAD") and request.path == HEALTH
            if not (asks_health or is_secret(request.headers.get(SECRET_HEADER, ""), self._secret)):
                raise web.HTTPForbidden
            return await handler(request)
        except web.HTTPException:
            raise
        except Exception as error:
            log.error("A call of the webhook failed: %s", type(error).__name__)
            log.debug("What happened", exc_info=error)
            raise web.HTTPInternalServerError from None
        finally:
            if isinstance(timed, _Timed):
                timed.start_timer()

    async def _called(self, request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                update = json.loads(await request.read())
            number_of(update)
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
        except (ValueError, RecursionError):
            raise web.HTTPBadRequest from None
        if self._inbox.is_full or not self._inbox.is_open:
            raise web.HTTPServiceUnavailable  # Telegram keeps it, and calls again
        try:
            await self._inbox.take([update])
        except StorageError as error:
            log.error("An update is not taken now, and comes again: %s", error)
            raise web.HTTPServiceUnavailable from None
        return web.Response()

    async def _health(self, _: web.Request) -> web.Response:
        """Whether a load balancer may send calls here; says no more, since strangers may ask."""
        if self._inbox.is_full or not self._inbox.is_open:
            raise web.HTTPServiceUnavailable
        return web.Response()


class _Timed(asyncio.Protocol):
    """A connection that is closed if a request's headers do not arrive in time.

    Args:
        silent: connections whose headers have not arrived, the longest-waiting first.
    """

    def __init__(self, requests: asyncio.Protocol, silent: "dict[_Timed, None]") -> None:
        self._requests = requests
        self._silent = silent
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def start_timer(self) -> None:
        self.stop_timer()
        if self._transport is not None and not self._transport.is_closing():
            self._silent[self] = None
            self._timer = asyncio.get_running_loop().call_later(HEAD_SECONDS, self.cut_off)

    def stop_timer(self) -> None:
        self._silent.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()

    def cut_off(self) -> None:
        self.stop_timer()
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.start_timer()
        self._requests.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self._requests.data_received(data)

    def eof_received(self) -> bool | None:
        return self._requests.eof_received()

    def connection_lost(self, error: Exception | None) -> None:
        self.stop_timer()
        self._requests.connection_lost(error)

    def pause_writing(self) -> None:
        self._requests.pause_writing()

    def resume_writing(self) -> None:
        self._requests.resume_writing()


class _Refused(asyncio.Protocol):
    """Closes at once a connection beyond the limit."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
