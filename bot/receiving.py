"""How updates come in: the bot asks for them (long polling), or Telegram calls (webhook)."""

import hmac
import json
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from aiohttp import web
from telegram import Update
from telegram.error import Conflict, TelegramError

from bot.chat.application import ALLOWED_UPDATES
from bot.chat.services import Bot

log = logging.getLogger(__name__)

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
MAX_UPDATE = 2**20


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
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(), secret.encode()):
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
