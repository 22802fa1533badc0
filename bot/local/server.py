"""The local Bot API server: a Telegram of one bot, on this machine only.

``python-telegram-bot`` polls it as it polls api.telegram.org, given ``base_url`` and
``base_file_url``; a person talks to the bot on the page at the server's address.
"""

import hmac
import ipaddress
import logging
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.local import chat_routes
from bot.local.chats import State
from bot.local.methods import FUNCTIONS
from bot.local.parameters import NAMES, read_arguments
from bot.local.rules import RefusalError
from bot.local.sentences import CannotSendError

_log = logging.getLogger(__name__)

TOKEN = web.AppKey("token", str)
HOSTS: web.AppKey[set[str]] = web.AppKey("hosts", set)
_SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class LocalServer:
    """Serves one bot and its chat page.

    Parameters: the bot's token (any string without a slash), its name and username, and whether
    it sees every message of a group (``reads_groups``) or is in Telegram's privacy mode.

    >>> server = LocalServer("1:secret")
    >>> url = await server.start(port=0)
    >>> builder.token("1:secret").base_url(server.base_url).base_file_url(server.base_file_url)
    """

    def __init__(
        self,
        token: str,
        *,
        name: str = "tag4pic",
        username: str = "tag4pic_bot",
        reads_groups: bool = True,
    ) -> None:
        self.token = token
        head = token.partition(":")[0]
        # A token begins with its bot's id. Short numbers are left to the people in the chats.
        bot_id = int(head) if head.isdecimal() and len(head) > 8 else 7_000_000_000
        self.state = State(bot_id, name, username, reads_groups=reads_groups)
        self.url = ""
        self._runner: web.AppRunner | None = None

    @property
    def base_url(self) -> str:
        """For ``ApplicationBuilder.base_url``; the server must have started."""
        return f"{self.url}/bot"

    @property
    def base_file_url(self) -> str:
        """For ``ApplicationBuilder.base_file_url``; the server must have started."""
        return f"{self.url}/file/bot"

    async def start(self, host: str = "127.0.0.1", port: int = 8080) -> str:
        """Listen, and return the address of the page. Port 0 takes any free port.

        Raises ValueError for an address that other machines could reach, OSError when the port
        is taken.
        """
        if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
            raise ValueError(f"{host} can be reached from other machines; use 127.0.0.1")
        app = web.Application(middlewares=[_guard], client_max_size=chat_routes.MAX_SEND)
        app[chat_routes.STATE] = self.state
        app[TOKEN] = self.token
        app.router.add_route("*", "/bot{token:[^/]+}/{method:[^/]+}", _call)
        app.router.add_get("/file/bot{token:[^/]+}/{path:.+}", _download)
        chat_routes.add_routes(app)
        app.on_shutdown.append(self._let_go)
        # The access log would show the token, which is part of every address.
        runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0
        )
        # The hosts are known only when the port is, and an application is frozen by then.
        hosts: set[str] = set()
        app[HOSTS] = hosts
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        port = runner.addresses[0][1]
        for name in (host, "localhost", "127.0.0.1", "[::1]"):
            hosts |= {f"{name}:{port}"} | ({name} if port == 80 else set())
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{port}"
        return self.url

    async def stop(self) -> None:
        """Close every connection and free the port."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _let_go(self, app: web.Application) -> None:
        self.state.updates.close()
        for chat in self.state.chats.values():
            chat.listeners.close()


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let in only what comes from this machine's own page or programs.

    A page elsewhere can make a browser call this server under a name of its own (DNS rebinding),
    which the Host header shows, or send forms to it, which the Origin header shows.
    """
    hosts = request.app[HOSTS]
    if request.host.lower() not in hosts:
        return web.Response(status=403, text="This server answers to its own address only.")
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc.lower() not in hosts:
        return web.json_response({"error": "This came from another site."}, status=403)
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site") and (
        request.method != "GET" or request.path != "/"
    ):
        return web.json_response({"error": "This came from another site."}, status=403)
    try:
        response = await handler(request)
    except CannotSendError as error:
        response = _cannot_send(request, error, 400)
    except web.HTTPRequestEntityTooLarge:
        too_large = CannotSendError(
            "This is too large: at most {limit} MB can be sent here.",
            limit=chat_routes.MAX_SEND // 2**20,
        )
        response = _cannot_send(request, too_large, 413)
    except web.HTTPException as error:
        error.headers.update(_SAFE_HEADERS)
        raise
    if not response.prepared:
        response.headers.update(_SAFE_HEADERS)
    return response


def _cannot_send(request: web.Request, error: CannotSendError, status: int) -> web.Response:
    language = error.language or request.headers.get("Accept-Language", "")
    return web.json_response({"error": error.said_in(language)}, status=status)


def _refused(refusal: RefusalError) -> web.Response:
    body: dict[str, Any] = {
        "ok": False,
        "error_code": refusal.code,
        "description": refusal.description,
    }
    return web.json_response(body, status=refusal.code)


def _check_token(request: web.Request) -> None:
    given = request.match_info["token"].encode(errors="replace")
    if not hmac.compare_digest(given, request.app[TOKEN].encode()):
        raise RefusalError(401, "Unauthorized")


async def _call(request: web.Request) -> web.Response:
    """One call of a Bot API method."""
    try:
        _check_token(request)
        name = NAMES.get(request.match_info["method"].lower())
        if name is None or request.method not in ("GET", "POST"):
            raise RefusalError(404, "Not Found")
        arguments = await read_arguments(request, name)
        result = await FUNCTIONS[name](request.app[chat_routes.STATE], arguments)
    except RefusalError as refusal:
        return _refused(refusal)
    except Exception:
        # Without the address, which holds the token.
        _log.exception("%s failed", request.match_info["method"])
        return _refused(RefusalError(500, "Internal Server Error"))
    return web.json_response({"ok": True, "result": result})


async def _download(request: web.Request) -> web.Response:
    """The bytes of a file by the file_path that getFile gave."""
    try:
        _check_token(request)
        files = request.app[chat_routes.STATE].files
        known = files.by_path(request.match_info["path"])
        data = files.read(known) if known else None
        if data is None:
            raise RefusalError(404, "Not Found")
    except RefusalError as refusal:
        return _refused(refusal)
    return web.Response(body=data, content_type="application/octet-stream")
