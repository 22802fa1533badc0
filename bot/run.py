"""Starts, runs and stops the bot.

With a token it runs on Telegram, by long polling or webhook; otherwise in a chat in the browser.
"""

import asyncio
import errno
import faulthandler
import gc
import logging
import os
import secrets
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from telegram.error import TelegramError

from bot import logs
from bot.bundle_shelf import ShelfError, answering
from bot.chat.application import build
from bot.chat.learner import Learner
from bot.chat.services import BotApplication, Services
from bot.inbox import Inbox
from bot.local.server import LocalServer
from bot.model_updates import AtStart, kept_current
from bot.monitoring import monitored
from bot.receiving import Received, StartError, polling, start_failure
from bot.replicas import in_step
from bot.retention import purged
from bot.settings import Settings
from bot.signals import stopped_by_signals
from bot.webhook import webhook
from recommenders.backbones import device
from recommenders.backbones.weights import WeightsError
from recommenders.bundle import BundleError
from recommenders.engine import Engine
from recommenders.machine import one_core_each, one_heap
from recommenders.versions import Versions, in_use
from storage import Database, StorageError, another_bot

log = logging.getLogger(__name__)

ENDING = 8.0
"""Seconds from the stop signal to the end of the process, even if something hangs."""

Say = Callable[[str], None]


def run(settings: Settings, port: int = 8080, say: Say = print) -> None:
    """Runs the bot until Ctrl-C or SIGTERM, which end the process within ``ENDING`` seconds.

    Raises:
        StartError: with a sentence for the operator; the traceback is in the debug log.
    """
    one_heap()
    logs.set_up(settings.log_level, settings.secrets, as_json=settings.log_format == "json")

    async def serve_until_stopped() -> None:
        stop = asyncio.Event()
        serving = asyncio.create_task(serve(settings, port, say, stop))
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if stopped.done():  # also where the bot has not started yet
            _end_soon()
        await serving

    with suppress(KeyboardInterrupt):
        asyncio.run(serve_until_stopped())


def _end_soon() -> None:
    """Ends the process after ``ENDING``, even if something hangs; its work is in the database.

    This also works once ``run`` has returned, while Python waits for worker threads.
    """
    end = threading.Timer(ENDING, os._exit, (0,))
    end.daemon = True
    end.start()
    # faulthandler's is a C thread: it works even if another thread never releases the GIL.
    devnull = Path(os.devnull).open("w")  # noqa: SIM115
    faulthandler.dump_traceback_later(ENDING + 1, exit=True, file=devnull)


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
            with _stops_the_start(StorageError):
                database = await Database.open(settings.database_url)
            stack.push_async_callback(database.close)
            settings = await _with_bundle(settings)
            versions = Versions.of(settings.model_dir)
            at_start = AtStart.of(versions)
            engine = await _load_engine(settings, say)
            learner = Learner(engine, database)
            with _stops_the_start(StorageError):
                await learner.start()
            if settings.bot_token:
                application = build(settings, engine, database, learner=learner)
                received = await _go_live(stack, application, settings, port)
                ready = f"@{application.bot.username} answers on Telegram."
            else:
                # Another bot at each start: its chats are empty, and another local chat on the same
                # database goes on with its own.
                bot_id = another_bot.LOCAL + secrets.randbelow(10**9)
                token = f"{bot_id}:{secrets.token_hex(16)}"
                server = LocalServer(token)
                await _start_local_server(server, port)
                stack.push_async_callback(server.stop)
                application = build(
                    settings, engine, database, learner=learner, token=token, api_url=server.url
                )
                received = await stack.enter_async_context(polling(application))
                ready = f"The chat is at {server.page_url} (set BOT_TOKEN to go live on Telegram)."
            services = application.bot_data["services"]
            await _start_monitoring(stack, services, received.inbox, settings)
            say(f"{ready} Ctrl-C stops it.")
            async with (
                in_step(services, received.inbox),
                kept_current(services, versions, at_start),
                purged(database, settings.keep_days, application.bot.id),
            ):
                # Looking through all that is loaded for garbage would stop the bot for 0.1 s each
                # minute or so; what was loaded is freed without that.
                gc.freeze()
                await _first_of(stop.wait(), received.ends(), database.vanishes())
                say("Stopping…")
                received.inbox.close()  # while what else runs ends


async def _go_live(
    stack: AsyncExitStack, application: BotApplication, settings: Settings, port: int
) -> Received:
    secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else None
    receiving = (
        webhook(application, settings.webhook_url, secret, port, settings.listen)
        if settings.webhook_url
        else polling(application)
    )
    try:
        return await stack.enter_async_context(receiving)
    except TelegramError as error:
        log.debug("The bot did not start", exc_info=error)
        raise StartError(start_failure(error, application)) from None
    except OSError as error:
        log.debug("The webhook's port cannot be used", exc_info=error)
        raise StartError(_port_taken(port, error)) from None


async def _first_of(*endings: Coroutine[Any, Any, object]) -> None:
    """Waits until the first of them ends; raises what it raised, and cancels the others."""
    tasks = [asyncio.create_task(ending) for ending in endings]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()


async def _start_monitoring(
    stack: AsyncExitStack, services: Services, updates: Inbox, settings: Settings
) -> None:
    polls = not (settings.bot_token and settings.webhook_url)
    try:
        await stack.enter_async_context(
            monitored(services, updates, settings.metrics_port, polls=polls)
        )
    except OSError as error:
        raise StartError(
            f"METRICS_PORT {settings.metrics_port} cannot be used ({_first_line(error)}): choose "
            "another, or leave it empty."
        ) from None


@contextmanager
def _stops_the_start(*errors: type[Exception]) -> Iterator[None]:
    """Turns errors with a sentence for the operator into a ``StartError`` with the same one."""
    try:
        yield
    except errors as error:
        log.debug("The bot did not start", exc_info=error)
        raise StartError(str(error)) from None


async def _load_engine(settings: Settings, say: Say) -> Engine:
    say("Loading the model…")
    folder = in_use(settings.model_dir)
    device.use(settings.device)
    with _stops_the_start(device.DeviceError):
        await asyncio.to_thread(device.in_use)
    try:
        return await _load(folder, settings)
    except (BundleError, WeightsError) as error:
        log.debug("The bundle was refused", exc_info=error)
        if folder == settings.model_dir:
            raise StartError(str(error)) from None
        name = Versions.of(settings.model_dir).name(folder) if folder else ""
        log.error("The fine-tuned version %s is not used. %s", name, error)
    with _stops_the_start(BundleError, WeightsError):
        return await _load(settings.model_dir, settings)


async def _with_bundle(settings: Settings) -> Settings:
    """Fetches the bundle that BUNDLE names, if any; returns the settings with it as MODEL_DIR."""
    if settings.bundle is None:
        return settings
    with _stops_the_start(ShelfError):
        folder, problem = await asyncio.to_thread(answering, settings.bundle)
    if problem:
        log.error("The bundle fetched last time answers. %s", problem)
    return settings.model_copy(update={"model_dir": folder})


async def _load(folder: Path | None, settings: Settings) -> Engine:
    one_core_each()
    return await asyncio.to_thread(Engine.load, folder, settings.weights_dir)


async def _start_local_server(server: LocalServer, port: int) -> None:
    try:
        await server.start(port=port)
    except (OSError, OverflowError) as error:
        log.debug("The local server did not start", exc_info=error)
        raise StartError(_port_taken(port, error)) from None


def _port_taken(port: int, error: Exception) -> str:
    other = 8081 if port == 8080 else 8080
    return (
        f"Port {port} cannot be used ({_first_line(error)}). Stop what uses it, or choose "
        f"another: tag4pic run --port {other}, or make run PORT={other}."
    )


def _first_line(error: BaseException) -> str:
    number = getattr(error, "errno", None) or 0
    if number in errno.errorcode:
        return os.strerror(number)  # asyncio's own words repeat the address
    text = (getattr(error, "strerror", None) or str(error)).strip()
    return text.splitlines()[0].rstrip(".") if text else type(error).__name__
