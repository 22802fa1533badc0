"""The local Bot API server, for one bot and this machine only.

With ``base_url`` and ``base_file_url``, ``python-telegram-bot`` polls it like api.telegram.org;
people chat with the bot on the page at ``page_url``.
"""

import ipaddress
import logging
import secrets
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.local import page_routes
from bot.local.limits import MAX_SEND
from bot.local.methods import METHODS
from bot.local.parameters import parameters_of, read_arguments
from bot.local.refusals import CannotSendError, RefusalError
from bot.local.state import State
from bot.own_site import (
    FROM_ELSEWHERE,
    NOT_OURS,
    add_safe_headers,
    in_address,
    is_from_elsewhere,
    is_secret,
    own_hosts,
)

log = logging.getLogger(__name__)

_BOT_PATHS = ("/bot", "/file/bot")
_NO_KEY = "This chat opens at the address that `tag4pic run` printed: it ends in a key."


class LocalServer:
    """Serves one bot and its chat page.

    >>> server = LocalServer("1:secret")
    >>> await server.start(port=0)
    >>> builder.token("1:secret").base_url(server.base_url).base_file_url(server.base_file_url)
    >>> print(server.page_url)

    Args:
        token: the bot's, any string without a slash.
        username: the bot's.

    Attributes:
        key: the page's secret. Whoever has it can act as any person in the chats, even an admin.
        state: the chats, their messages and files.
        url: the server's address, once it has started.
    """

    def __init__(self, token: str, username: str = "tag4pic_bot") -> None:
        self.token = token
        head = token.partition(":")[0]
        # A token begins with its bot's id. Short ids are reserved for people in the chats.
        bot_id = int(head) if head.isdecimal() and len(head) > 8 else 7_000_000_000
        self.state = State(bot_id, username)
        self.key = secrets.token_urlsafe(16)
        self.url = ""
        self._hosts: set[str] = set()
        self._cookie = ""
        self._runner: web.AppRunner | None = None

    @property
    def base_url(self) -> str:
        """For ``ApplicationBuilder.base_url``; the server must have started."""
        return f"{self.url}/bot"

    @property
    def base_file_url(self) -> str:
        """For ``ApplicationBuilder.base_file_url``; the server must have started."""
        return f"{self.url}/file/bot"

    @property
    def page_url(self) -> str:
        """The page's address, with the key that lets a browser in; the server must have started."""
        return f"{self.url}/?key={self.key}"

    async def start(self, host: str = "127.0.0.1", port: int = 8080) -> str:
        """Starts the server and returns ``url``. Port 0 takes any free port.

        Raises:
            ValueError: for an address that other machines could reach.
            OSError: if the port is taken.
        """
        if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
            raise ValueError(f"{host} can be reached from other machines; use 127.0.0.1")
        app = web.Application(middlewares=[self._guard], client_max_size=MAX_SEND)
        app[page_routes.STATE] = self.state
        app.router.add_route("*", "/bot{token:[^/]+}/{method:[^/]+}", self._call)
        app.router.add_get("/file/bot{token:[^/]+}/{path:.+}", self._download)
        page_routes.add_routes(app)
        app.on_response_prepare.append(add_safe_headers)
        app.on_shutdown.append(self._end_streams)
        # The access log would show the token, which is part of every address.
        runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        port = runner.addresses[0][1]
        # Browsers share cookies between all ports of a host.
        self._cookie = f"tag4pic_{port}"
        self._hosts = own_hosts(host, port)
        self.url = f"http://{in_address(host)}:{port}"
        return self.url

    async def stop(self) -> None:
        """Closes every connection and frees the port."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _end_streams(self, app: web.Application) -> None:
        self.state.updates.close()
        for chat in self.state.chats.values():
            chat.listeners.close()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Accepts only the bot, by its token, and the page, by its key.

        Other accounts of the machine have neither.
        """
        if request.host.lower() not in self._hosts:
            raise web.HTTPForbidden(text=NOT_OURS)
        if is_from_elsewhere(request, self._hosts):
            raise web.HTTPForbidden(text=FROM_ELSEWHERE)
        enters = request.path == "/" and is_secret(request.query.get("key", ""), self.key)
        is_inside = is_secret(request.cookies.get(self._cookie, ""), self.key)
        if not (enters or is_inside or request.path.startswith(_BOT_PATHS)):
            raise web.HTTPForbidden(text=_NO_KEY)
        try:
            response = await handler(request)
        except CannotSendError as error:
            response = _cannot_send(request, error, 400)
        except web.HTTPRequestEntityTooLarge:
            too_large = CannotSendError(
                "This is too large: at most {limit} MB can be sent here.", limit=MAX_SEND // 2**20
            )
            response = _cannot_send(request, too_large, 413)
        if enters:
            response.set_cookie(self._cookie, self.key, httponly=True, samesite="Strict")
        return response

    async def _call(self, request: web.Request) -> web.Response:
        """Calls a Bot API method."""
        name = request.match_info["method"]
        try:
            self._check_token(request)
            if name not in METHODS:
                log.warning("The bot called %s, a method that the local chat does not have", name)
                raise RefusalError(404, f"Not Found: the local chat has no method {name}")
            arguments = await read_arguments(request, parameters_of(METHODS[name]))
            result = await METHODS[name](self.state, **arguments)
        except RefusalError as refusal:
            return _refused(refusal)
        except Exception:
            # Without the address, which holds the token.
            log.exception("%s failed", name)
            return _refused(RefusalError(500, "Internal Server Error"))
        return web.json_response({"ok": True, "result": result})

    async def _download(self, request: web.Request) -> web.Response:
        """The bytes of a file, by the ``file_path`` from getFile."""
        try:
            self._check_token(request)
            file = self.state.files.by_path(request.match_info["path"])
            if file is None:
                raise RefusalError(404, "Not Found")
        except RefusalError as refusal:
            return _refused(refusal)
        return web.Response(body=file.data, content_type="application/octet-stream")

    def _check_token(self, request: web.Request) -> None:
        if not is_secret(request.match_info["token"], self.token):
            raise RefusalError(401, "Unauthorized")


def _cannot_send(request: web.Request, error: CannotSendError, status: int) -> web.Response:
    language = request.headers.get("Accept-Language", "")
    return web.json_response({"error": error.in_language(language)}, status=status)


def _refused(refusal: RefusalError) -> web.Response:
    body: dict[str, Any] = {
        "ok": False,
        "error_code": refusal.code,
        "description": refusal.description,
    }
    if refusal.parameters:
        body["parameters"] = refusal.parameters
    return web.json_response(body, status=refusal.code)
