"""Running the bot: starting it, taking updates in, stopping it.

It runs on Telegram where there is a token, otherwise in a local chat in the browser. Updates come
in as the bot asks for them (long polling) or as Telegram calls (webhook).
"""

import asyncio
import hmac
import json
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from telegram import Update
from telegram.error import BadRequest, Conflict, InvalidToken, NetworkError, TelegramError

from bot import logs
from bot.chat.application import ALLOWED_UPDATES, build
from bot.chat.learner import Learner
from bot.chat.services import Bot
from bot.local.server import LocalServer
from bot.model_updates import kept_current
from bot.retention import purged_daily
from bot.secret_urls import shown
from bot.settings import Settings
from bot.signals import stopped_by_signals
from recommenders.backbones import device
from recommenders.engine import BundleError, Engine, WeightsError
from recommenders.machine import one_core_each
from recommenders.versions import Versions, in_use
from storage import Database, StorageError

log = logging.getLogger(__name__)

Say = Callable[[str], None]

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
MAX_UPDATE = 2**20


class StartError(Exception):
    """Why the bot does not run; the message is a sentence that says what to do."""


def run(settings: Settings, port: int = 8080, say: Say = print) -> None:
    """Run the bot until Ctrl-C or SIGTERM.

    Raises:
        StartError: with a sentence for the operator; the traceback is in the debug log.
    """
    logs.set_up(settings.log_level, settings.secrets)
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(settings, port, say))


async def serve(
    settings: Settings, port: int = 8080, say: Say = print, stop: asyncio.Event | None = None
) -> None:
    """The same as a coroutine; ``stop`` ends it too.

    Raises:
        StartError: as ``run``.
    """
    stop = stop or asyncio.Event()
    with stopped_by_signals(stop):
        async with AsyncExitStack() as stack:
            database = await _database(settings)
            stack.push_async_callback(database.close)
            engine = await _engine(settings, say)
            learner = await _taught(engine, database)
            if settings.bot_token:
                application = build(settings, engine, database, learner=learner)
                await _go_live(stack, application, settings, port)
                say(f"@{application.bot.username} answers on Telegram. Ctrl-C stops it.")
            else:
                token = f"7000000000:{secrets.token_hex(16)}"
                server = LocalServer(token)
                await _local(server, port)
                stack.push_async_callback(server.stop)
                application = build(
                    settings, engine, database, learner=learner, token=token, api_url=server.url
                )
                await stack.enter_async_context(polling(application))
                say(
                    f"The chat is at {server.page_url} (BOT_TOKEN takes it to Telegram). "
                    "Ctrl-C stops it."
                )
            async with (
                kept_current(application, Versions.of(settings.model_dir)),
                purged_daily(database, settings.keep_days),
            ):
                await stop.wait()
                say("Stopping…")


@asynccontextmanager
async def polling(application: Bot) -> AsyncIterator[None]:
    """The bot at work, asking for updates; on the way out it finishes what it has begun.

    Raises:
        TelegramError: when Telegram refuses the bot or cannot be reached.
    """
    updater = application.updater
    assert updater is not None
    async with _initialised(application):
        try:
            await updater.start_polling(
                allowed_updates=ALLOWED_UPDATES, error_callback=_polling_failed
            )
            await application.start()
            yield
        finally:
            # First no more updates, then the end of those that came.
            if updater.running:
                await updater.stop()
            if application.running:
                await application.stop()


@asynccontextmanager
async def webhook(application: Bot, url: str, secret: str | None, port: int) -> AsyncIterator[None]:
    """The bot at work, called by Telegram at ``url``, which leads to this machine's ``port``.

    Updates are taken only with the ``secret`` that Telegram was given, a random one by default.
    The webhook stays set on the way out: Telegram keeps what comes until the bot is back.

    Raises:
        TelegramError: when Telegram refuses the bot or its URL, or cannot be reached.
        OSError: when the port is taken.
    """
    secret = secret or secrets.token_urlsafe(32)

    async def called(request: web.Request) -> web.Response:
        secret_sent = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(secret_sent.encode(), secret.encode()):
            raise web.HTTPForbidden
        try:
            update = Update.de_json(json.loads(await request.read()), application.bot)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise web.HTTPBadRequest from None
        await application.update_queue.put(update)
        return web.Response()

    server = web.Application(client_max_size=MAX_UPDATE)
    server.router.add_post(urlsplit(url).path or "/", called)
    runner = web.AppRunner(server, access_log=None)
    async with _initialised(application):
        try:
            await runner.setup()
            await web.TCPSite(runner, port=port).start()
            await application.start()
            await application.bot.set_webhook(
                url, secret_token=secret, allowed_updates=ALLOWED_UPDATES
            )
            yield
        finally:
            await runner.cleanup()
            if application.running:
                await application.stop()


@asynccontextmanager
async def _initialised(application: Bot) -> AsyncIterator[None]:
    try:
        await application.initialize()
        if application.post_init:
            await application.post_init(application)
        yield
    finally:
        await application.shutdown()
        if application.post_shutdown:
            await application.post_shutdown(application)


def _polling_failed(error: TelegramError) -> None:
    if isinstance(error, Conflict):
        log.warning(
            "Another copy of this bot is polling Telegram with the same token; stop one of them."
        )
    else:
        log.warning("No updates from Telegram for now (%s); trying again.", error)


async def _go_live(stack: AsyncExitStack, application: Bot, settings: Settings, port: int) -> None:
    secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else None
    receiving = (
        webhook(application, settings.webhook_url, secret, port)
        if settings.webhook_url
        else polling(application)
    )
    try:
        await stack.enter_async_context(receiving)
    except TelegramError as error:
        log.debug("The bot did not start", exc_info=error)
        raise StartError(_why_not(error, application)) from None
    except OSError as error:
        log.debug("The webhook's port cannot be used", exc_info=error)
        raise StartError(_port_taken(port, error)) from None


def _why_not(error: TelegramError, application: Bot) -> str:
    host = shown(application.bot.base_url.removesuffix(f"/bot{application.bot.token}"))
    if isinstance(error, InvalidToken):
        return (
            f"{host} does not accept BOT_TOKEN. Copy it again from @BotFather (/mybots, API Token)."
        )
    if isinstance(error, NetworkError) and not isinstance(error, BadRequest):
        return (
            f"{host} cannot be reached. Check the network, a proxy (HTTPS_PROXY) or "
            "TELEGRAM_API_URL, and start again."
        )
    return f"Telegram refused to start the bot: {error.message}."


async def _database(settings: Settings) -> Database:
    try:
        return await Database.open(settings.database_url)
    except StorageError as error:
        log.debug("The database did not open", exc_info=error)
        raise StartError(str(error)) from None


async def _engine(settings: Settings, say: Say) -> Engine:
    say("Loading the model…")
    folder = in_use(settings.model_dir)
    device.use(settings.device)
    try:
        await asyncio.to_thread(device.in_use)
    except device.DeviceError as error:
        raise StartError(str(error)) from None
    try:
        return await _load(folder, settings)
    except (BundleError, WeightsError) as error:
        log.debug("The bundle was refused", exc_info=error)
        if folder == settings.model_dir:
            raise StartError(str(error)) from None
        name = Versions.of(settings.model_dir).name(folder) if folder else ""
        log.error("The fine-tuned version %s is left out. %s", name, error)
    try:
        return await _load(settings.model_dir, settings)
    except (BundleError, WeightsError) as error:
        raise StartError(str(error)) from None


async def _load(folder: Path | None, settings: Settings) -> Engine:
    one_core_each()
    return await asyncio.to_thread(partial(Engine.load, folder, settings.weights_dir))


async def _taught(engine: Engine, database: Database) -> Learner:
    """Teaches the engine what people taught before this start."""
    learner = Learner(engine, database)
    try:
        await learner.start()
    except StorageError as error:
        log.debug("What people taught was not read", exc_info=error)
        raise StartError(str(error)) from None
    return learner


async def _local(server: LocalServer, port: int) -> None:
    try:
        await server.start(port=port)
    except (OSError, OverflowError) as error:
        log.debug("The local server did not start", exc_info=error)
        raise StartError(_port_taken(port, error)) from None


def _port_taken(port: int, error: Exception) -> str:
    return (
        f"Port {port} cannot be used ({_first_line(error)}). Stop what uses it, or choose "
        f"another: tag4pic run --port {8081 if port == 8080 else 8080}."
    )


def _first_line(error: BaseException) -> str:
    text = (getattr(error, "strerror", None) or str(error)).strip()
    return text.splitlines()[0].rstrip(".") if text else type(error).__name__
