"""The server: access checks, errors, starting and stopping."""

import asyncio
import json
import logging
import socket
from collections.abc import Callable
from functools import partial
from time import monotonic

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong
from aiohttp.typedefs import Handler

from bot import own_site
from bot.connections import Accepted
from bot.hashtag_lookup import UnknownHashtagError
from bot.http import routes
from bot.http.errors import FAILED, RequestError, busy
from bot.http.limits import Limits
from bot.http.listening import BACKLOG, cannot_listen
from bot.http.work import Work
from bot.photo_answers import ChoiceError, PhotoAnswers
from bot.signals import stopped_by_signals
from recommenders.bundle import BundleError
from recommenders.decoding_process import DecodingProcesses
from recommenders.engine import Engine

log = logging.getLogger(__name__)

MAX_LINE = 2**15
"""Bytes of an address, in which a caption takes up to twelve a character."""


class HttpServer:
    """Answers over HTTP.

        server = HttpServer(Engine.load())
        await server.start(listen_on("127.0.0.1:8090"))

    Args:
        key: the API key that each request must send. Without one the server answers only requests
            to its own loopback address, and none from other sites' pages.

    Attributes:
        url: where it listens; empty until it has started.
    """

    def __init__(
        self, engine: Engine, key: str | None = None, limits: Limits | None = None
    ) -> None:
        self.url = ""
        self._limits = limits or Limits()
        self._key = key
        self._hosts: set[str] = set()
        self._work = Work(self._limits)
        app = web.Application(middlewares=[self._guard])
        self._decoding = DecodingProcesses()
        app[routes.ANSWERS] = PhotoAnswers(engine, self._decoding.decode)
        app[routes.WORK] = self._work
        app[routes.STARTED] = monotonic()
        for route in routes.ROUTES:
            for method in ("HEAD", "GET") if route.method == "GET" else (route.method,):
                app.router.add_route(method, route.path, route.handler, expect_handler=_later)
        app.router.add_get("/", routes.page)
        app.router.add_get("/page/{name}", routes.page)
        app.on_response_prepare.append(own_site.add_safe_headers)
        self._runner = web.AppRunner(
            app,
            handler_cancellation=True,
            shutdown_timeout=self._limits.stopping / 2,  # for which aiohttp waits twice
        )
        self._listener: asyncio.Server | None = None

    async def start(self, listening: socket.socket) -> None:
        """Starts answering on a socket from ``listen_on``.

        Raises:
            ServeError: where another program has taken its port meanwhile.
        """
        host, port = listening.getsockname()[:2]
        self._hosts = own_site.own_hosts(host, port)
        self.url = f"http://{own_site.in_address(host)}:{port}"
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        try:
            self._listener = await loop.create_server(
                partial(Accepted, self._connection), sock=listening, backlog=BACKLOG
            )
        except OSError as error:
            raise cannot_listen(host, port, error) from None

    async def stop(self) -> None:
        """Accepts no more requests, answers those in progress, and closes every connection."""
        if self._listener is not None:
            self._listener.close()
        await self._runner.cleanup()
        self._work.stop()
        self._decoding.close()

    def _connection(self) -> asyncio.Protocol:
        server = self._runner.server
        assert server is not None
        if len(server.connections) >= self._limits.connections:
            return _Refused(self._work.retry_after)
        return _Requests(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]  # None, as for AppRunner: queries are private
            auto_decompress=False,  # so a small body cannot become a large one
            keepalive_timeout=self._limits.head,
            lingering_time=self._limits.lingering,
            max_line_size=MAX_LINE,
        )

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Checks access; turns every error into a JSON response with a sentence."""
        try:
            self._check_access(request)
            return await handler(request)
        except RequestError as error:
            refused = error
        except ChoiceError as error:
            refused = RequestError(400, "field", str(error))
        except UnknownHashtagError as error:
            refused = RequestError(404, "unknown", str(error))
        except BundleError as error:
            refused = RequestError(404, "bundle", str(error))
        except web.HTTPNotFound:
            refused = RequestError(404, "no_such_path", "There is nothing here: see /openapi.json.")
        except web.HTTPMethodNotAllowed as error:
            allowed = ", ".join(sorted(error.allowed_methods))
            refused = RequestError(405, "method", f"Use {allowed} for this.", {"Allow": allowed})
        except web.HTTPException:
            raise
        except Exception:
            # Without the query and the body, which are private.
            log.exception("%s %s failed", request.method, request.path)
            refused = RequestError(500, "failed", FAILED)
        response = refused.response()
        if not request.content.at_eof():
            response.force_close()  # the rest of the body is not read
        return response

    def _check_access(self, request: web.Request) -> None:
        if self._key is None:
            if request.host.lower() not in self._hosts:
                raise RequestError(
                    403, "host", f"{own_site.NOT_OURS} To use another name, set API_KEY."
                )
            if own_site.is_from_elsewhere(request, self._hosts):
                raise RequestError(403, "site", own_site.FROM_ELSEWHERE)
            return
        resource = request.match_info.route.resource
        if resource is None or not resource.canonical.startswith("/v1/"):
            return
        if not own_site.is_secret(_key_of(request), self._key):
            raise RequestError(
                401,
                "key",
                "A key is needed: Authorization: Bearer KEY, or X-API-Key: KEY.",
                {"WWW-Authenticate": "Bearer"},
            )


async def serve(
    engine: Engine,
    listening: socket.socket,
    key: str | None,
    say: Callable[[str], None],
) -> None:
    """Answers over HTTP until Ctrl-C or SIGTERM.

    Raises:
        ServeError: as ``HttpServer.start``.
    """
    stop = asyncio.Event()
    server = HttpServer(engine, key)
    with stopped_by_signals(stop):
        try:
            await server.start(listening)
            say(f"Hashtags at {server.url} (a page to try it, and /openapi.json). Ctrl-C stops it.")
            await stop.wait()
            say("Stopping…")
        finally:
            await server.stop()


def _key_of(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return request.headers.get("X-API-Key", "")


async def _later(request: web.Request) -> None:
    """Leaves ``100 Continue`` to the handler, which sends it when it wants the body."""


class _Requests(web.RequestHandler):
    """A connection that refuses as JSON what is not HTTP, and does not log its content."""

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if not isinstance(exc, HttpProcessingError):
            return super().handle_error(request, status, exc, message)
        log.warning("A request could not be read: %s", type(exc).__name__)
        sentence = "This is not a valid HTTP request."
        if isinstance(exc, LineTooLong):
            sentence = "The address or a header is too long: send a form instead."
        response = RequestError(400, "request", sentence).response()
        response.force_close()
        return response


class _Refused(asyncio.Protocol):
    """A connection beyond the limit, answered with 503."""

    def __init__(self, retry_after: int) -> None:
        self._retry_after = retry_after

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        error = busy(self._retry_after)
        body = json.dumps({"error": str(error), "reason": error.reason}).encode()
        head = (
            "HTTP/1.1 503 Service Unavailable",
            "Content-Type: application/json; charset=utf-8",
            f"Content-Length: {len(body)}",
            f"Retry-After: {self._retry_after}",
            "Connection: close",
        )
        transport.write("\r\n".join((*head, "", "")).encode() + body)
        transport.write_eof()
        # Closed at once, with its request unread, the client would not see the answer.
        asyncio.get_running_loop().call_later(1.0, transport.close)
