"""The bot's table of contents: every handler, in the order in which they are asked."""

import logging
from contextlib import suppress

from telegram import BotCommandScopeChat, Update
from telegram.constants import ParseMode
from telegram.error import TelegramError
from telegram.ext import (
    ApplicationBuilder,
    CallbackQueryHandler,
    CommandHandler,
    Defaults,
    MessageHandler,
    filters,
)
from telegram.request import HTTPXRequest

from bot.chat.flood_wait import FloodWait
from bot.chat.handlers import (
    addtags,
    admin,
    buttons,
    categories,
    choices,
    commands,
    errors,
    incoming_photos,
    own_data,
    similar,
    why,
)
from bot.chat.learner import Learner
from bot.chat.services import CONTEXT_TYPES, Bot, Services
from bot.chat.texts import ENGLISH, LANGUAGES
from bot.settings import Settings
from recommenders.engine import Engine
from storage.database import Database

log = logging.getLogger(__name__)

ALLOWED_UPDATES = [Update.MESSAGE, Update.CALLBACK_QUERY]
"""Nothing of channels, edits or members is asked for."""

UPDATES_AT_ONCE = 256

PRIVATE = filters.ChatType.PRIVATE
NEW = filters.UpdateType.MESSAGE


def build(
    settings: Settings,
    engine: Engine,
    database: Database,
    *,
    learner: Learner | None = None,
    token: str | None = None,
    api_url: str | None = None,
) -> Bot:
    """The application with all its handlers, ready to be initialised.

    Args:
        learner: teaches the engine what people teach; a new one by default.
        token: Instead of ``settings.bot_token``: the local chat's.
        api_url: Instead of ``settings.telegram_api_url``: the local chat's server.
    """
    services = Services(settings, engine, database, learner or Learner(engine, database))
    if token is None:
        assert settings.bot_token is not None
        token = settings.bot_token.get_secret_value()
    application: Bot = (
        ApplicationBuilder()
        .token(token)
        .base_url(f"{api_url or settings.telegram_api_url}/bot")
        .base_file_url(f"{api_url or settings.telegram_api_url}/file/bot")
        # A local server is never behind the machine's proxy.
        .request(_request(connections=64, proxied=api_url is None))
        .get_updates_request(_request(connections=1, proxied=api_url is None))
        .rate_limiter(FloodWait())
        .defaults(Defaults(parse_mode=ParseMode.HTML, allow_sending_without_reply=True))
        .concurrent_updates(UPDATES_AT_ONCE)
        .context_types(CONTEXT_TYPES)
        .job_queue(None)
        .post_init(_introduce)
        .post_shutdown(_close)
        .build()
    )
    application.bot_data["services"] = services
    _register(application)
    return application


def _register(application: Bot) -> None:
    """Of these the first that wants an update gets it."""
    for names, callback in (
        ("start", commands.start),
        ("help", commands.help_),
        ("for", choices.for_.asked),
        ("count", choices.count.asked),
        ("style", choices.style.asked),
        ("size", choices.size.asked),
        ("model", choices.model.asked),
        ("language", choices.language.asked),
        ("similar", similar.similar),
        ("categories", categories.categories),
        ("why", why.why),
        ("tags", incoming_photos.asked),
        ("addtags", addtags.addtags),
        ("mytags", own_data.mytags),
        ("forget", own_data.forget),
        ("review", admin.review),
        ("block", admin.block),
        ("unblock", admin.unblock),
        ("stats", admin.stats),
    ):
        application.add_handler(CommandHandler(names, callback, NEW))

    # Files of groups come here too, since a caption may be a command; the others are left be.
    application.add_handler(MessageHandler(NEW & filters.ATTACHMENT, incoming_photos.sent))

    for verb, callback in (
        ("more", buttons.more),
        ("other", buttons.other),
        ("up|down", buttons.vote),
        ("for", choices.for_.tapped),
        ("count", choices.count.tapped),
        ("style", choices.style.tapped),
        ("size", choices.size.tapped),
        ("model", choices.model.tapped),
        ("language", choices.language.tapped),
        ("similar", similar.tapped_spelling),
        ("categories", categories.turn),
        ("category", categories.open_),
        ("add", addtags.ask),
        ("mine", own_data.turn),
        ("untag", own_data.remove),
        ("forget", own_data.forget_decided),
        ("review", admin.turn),
        ("approve|reject", admin.decide),
    ):
        application.add_handler(CallbackQueryHandler(callback, rf"^({verb}):"))
    application.add_handler(CallbackQueryHandler(buttons.stale))

    services: Services = application.bot_data["services"]
    answers = filters.TEXT & ~filters.COMMAND & addtags.AnswersToAsking(services.questions)
    application.add_handler(MessageHandler(NEW & answers, addtags.replied))
    application.add_handler(MessageHandler(NEW & PRIVATE & filters.COMMAND, commands.unknown))
    application.add_handler(MessageHandler(NEW & PRIVATE & filters.TEXT, commands.hint))
    application.add_error_handler(errors.failed)


def _request(*, connections: int, proxied: bool) -> HTTPXRequest:
    # Requests wait for a free connection rather than fail: a hundred photos may come at once.
    return HTTPXRequest(
        connection_pool_size=connections,
        pool_timeout=60,
        read_timeout=20,
        httpx_kwargs=None if proxied else {"trust_env": False},
    )


async def _introduce(application: Bot) -> None:
    """Tell Telegram the commands, for its menu, in each language; and read the block list."""
    services: Services = application.bot_data["services"]
    async with services.database.reading() as session:
        # Else the first photo would wait for it.
        await services.blocked.hashtags(session, services.engine)
    for texts in LANGUAGES.values():
        code = None if texts is ENGLISH else texts.language
        await application.bot.set_my_commands(list(texts.commands.items()), language_code=code)
    for admin_id in services.settings.admin_ids:
        for texts in LANGUAGES.values():
            code = None if texts is ENGLISH else texts.language
            # Telegram knows a chat only once its person has written to the bot.
            with suppress(TelegramError):
                await application.bot.set_my_commands(
                    list({**texts.commands, **texts.admin_commands}.items()),
                    scope=BotCommandScopeChat(admin_id),
                    language_code=code,
                )


async def _close(application: Bot) -> None:
    services: Services = application.bot_data["services"]
    await services.learner.finished()
    services.worker.shutdown(wait=False, cancel_futures=True)
