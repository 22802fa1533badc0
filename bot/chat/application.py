"""The bot's table of contents: every handler, in the order in which they are tried."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress

from telegram import (
    BotCommandScope,
    BotCommandScopeAllGroupChats,
    BotCommandScopeChat,
    BotCommandScopeDefault,
    Update,
)
from telegram.constants import ParseMode
from telegram.error import TelegramError
from telegram.ext import (
    ApplicationBuilder,
    CallbackQueryHandler,
    CommandHandler,
    Defaults,
    MessageHandler,
    TypeHandler,
    filters,
)

from bot.chat import gate
from bot.chat.delivery import Delivery
from bot.chat.handlers import (
    addtags,
    admin,
    buttons,
    categories,
    channels,
    chat_settings,
    choices,
    commands,
    errors,
    groups,
    incoming_photos,
    mydata,
    plain_texts,
    why,
)
from bot.chat.learner import Learner
from bot.chat.outbox import Outbox
from bot.chat.pace import Pace
from bot.chat.services import CONTEXT_TYPES, BotApplication, Services
from bot.chat.telegram_bot import TelegramBot
from bot.chat.telegram_requests import TelegramRequests
from bot.chat.texts import ENGLISH, LANGUAGES
from bot.settings import Settings
from recommenders.engine import Engine
from storage.database import Database

log = logging.getLogger(__name__)

ALLOWED_UPDATES = [
    Update.MESSAGE,
    Update.EDITED_MESSAGE,
    Update.CHANNEL_POST,
    Update.EDITED_CHANNEL_POST,
    Update.CALLBACK_QUERY,
]
"""Updates about members, reactions and the like are not requested."""

FINISHING = 1.0
"""Seconds that learning gets to finish when the bot stops."""

CONNECTIONS = 64
"""Parallel connections to Telegram."""

READ_TIMEOUT = 20.0
"""Seconds that Telegram may take to answer."""

PRIVATE = filters.ChatType.PRIVATE
NEW = filters.UpdateType.MESSAGE
EDITED = filters.UpdateType.EDITED_MESSAGE
POST = filters.UpdateType.CHANNEL_POST
EDITED_POST = filters.UpdateType.EDITED_CHANNEL_POST
COMMAND = filters.COMMAND | filters.Regex(r"^/[^\W\d_]")
"""Telegram itself marks only commands in Latin letters: /help, but not /помощь."""


def build(
    settings: Settings,
    engine: Engine,
    database: Database,
    *,
    learner: Learner | None = None,
    token: str | None = None,
    api_url: str | None = None,
) -> BotApplication:
    """The application with all its handlers, ready to be initialised.

    Args:
        learner: teaches the engine; a new one by default.
        token: the local chat's, instead of ``settings.bot_token``.
        api_url: the local chat's server, instead of ``settings.telegram_api_url``.
    """
    services = Services(settings, database, learner or Learner(engine, database))
    if token is None:
        assert settings.bot_token is not None
        token = settings.bot_token.get_secret_value()
    # The local server has no rate limits.
    delivery = Delivery(moved=services.group_moved, pace=Pace() if api_url is None else None)
    telegram_bot = TelegramBot(
        token,
        base_url=f"{api_url or settings.telegram_api_url}/bot",
        base_file_url=f"{api_url or settings.telegram_api_url}/file/bot",
        # The machine's proxy is not used for a local server.
        request=TelegramRequests(
            connections=CONNECTIONS, read_timeout=READ_TIMEOUT, proxied=api_url is None
        ),
        get_updates_request=TelegramRequests(
            connections=1,
            read_timeout=READ_TIMEOUT,
            proxied=api_url is None,
            answered=lambda response: services.metrics.asked(response.status),
        ),
        rate_limiter=delivery,
        defaults=Defaults(parse_mode=ParseMode.HTML, allow_sending_without_reply=True),
    )
    application: BotApplication = (
        ApplicationBuilder()
        .bot(telegram_bot)
        .updater(None)
        .context_types(CONTEXT_TYPES)
        .job_queue(None)
        .post_init(_introduce)
        .post_shutdown(_close)
        .build()
    )
    services.outbox = Outbox(database, telegram_bot, delivery)
    application.bot_data["services"] = services
    _register(application)
    return application


def _register(application: BotApplication) -> None:
    """The first handler that matches an update handles it, after ``gate``."""
    application.add_handler(TypeHandler(Update, gate.passed), group=-1)
    for names, callback in (
        ("start", commands.start),
        ("help", commands.help_),
        ("model", choices.model.command),
        ("addtags", addtags.addtags),
        ("settings", chat_settings.settings),
        ("mydata", mydata.mydata),
        ("channel", channels.channel_command),
        ("tags", incoming_photos.tags_command),
        ("why", why.why),
        ("categories", categories.categories),
        ("review", admin.review),
        ("block", admin.block),
        ("unblock", admin.unblock),
        ("stats", admin.stats),
        # Former commands; their answers name the new one.
        ("for", chat_settings.old_command(choices.platform)),
        (("count", "top"), chat_settings.old_command(choices.count)),
        ("size", chat_settings.old_command(choices.size)),
        ("language", chat_settings.old_command(choices.language)),
        ("style", chat_settings.old_command(choices.style)),
        ("mytags", mydata.old_mytags),
        ("forget", mydata.old_forget),
        ("export", mydata.old_export),
        ("similar", plain_texts.old_similar),
    ):
        application.add_handler(CommandHandler(names, callback, NEW))

    # Groups' files too, since a caption may be a command; those without one are ignored.
    application.add_handler(MessageHandler(NEW & filters.ATTACHMENT, incoming_photos.sent))
    application.add_handler(MessageHandler(EDITED & filters.ATTACHMENT, incoming_photos.edited))
    application.add_handler(MessageHandler(POST & filters.ATTACHMENT, channels.posted))
    application.add_handler(MessageHandler(EDITED_POST & filters.ATTACHMENT, channels.edited))
    application.add_handler(MessageHandler(NEW & filters.StatusUpdate.MIGRATE, groups.moved))

    for verb, callback in (
        ("more", buttons.more),
        ("edit", buttons.edit_answer),
        ("close", buttons.close),
        ("out", buttons.take_out),
        ("in", buttons.put_back),
        ("up|down", buttons.vote),
        ("why", why.tapped_why),
        ("other", buttons.other),
        ("apart", buttons.apart),
        ("settings", chat_settings.opened),
        *((choice.verb, choice.tapped) for choice in (*choices.SETTINGS, choices.model)),
        ("categories", categories.turn),
        ("head", categories.open_head),
        ("category", categories.open_),
        ("add", addtags.ask),
        ("mydata", mydata.opened),
        ("mine", mydata.turn),
        ("untag", mydata.remove),
        ("export", mydata.exported),
        ("forget", mydata.forget_decided),
        ("channel", channels.switched),
        ("review", admin.turn),
        ("approve|reject", admin.decide),
    ):
        application.add_handler(CallbackQueryHandler(callback, rf"^({verb}):"))

    services: Services = application.bot_data["services"]
    answers = filters.TEXT & ~COMMAND & addtags.AnswersToAsking(services.questions)
    application.add_handler(MessageHandler(NEW & answers, addtags.replied))
    application.add_handler(MessageHandler(NEW & PRIVATE & COMMAND, commands.unknown))
    application.add_handler(MessageHandler(NEW & PRIVATE & filters.TEXT, plain_texts.written))
    application.add_error_handler(errors.failed)


async def _introduce(application: BotApplication) -> None:
    """Sets Telegram's menu of commands in each language, and reads the block list."""
    services: Services = application.bot_data["services"]
    async with services.database.reading() as session:
        # Otherwise the first photo would wait for it.
        await services.blocked.hashtags(session, services.engine)
    for texts in LANGUAGES.values():
        code = None if texts is ENGLISH else texts.language
        menus: list[tuple[BotCommandScope, Mapping[str, str]]] = [
            (BotCommandScopeDefault(), texts.commands),
            (BotCommandScopeAllGroupChats(), {**texts.group_commands, **texts.commands}),
        ]
        for scope, menu in menus:
            try:
                await application.bot.set_my_commands(
                    list(menu.items()), scope=scope, language_code=code
                )
            except TelegramError as error:
                log.warning("The menu of commands stays as it was (%s)", error)
        for admin_id in services.settings.admin_ids:
            # Fails until the admin has written to the bot.
            with suppress(TelegramError):
                await application.bot.set_my_commands(
                    list({**texts.commands, **texts.admin_commands}.items()),
                    scope=BotCommandScopeChat(admin_id),
                    language_code=code,
                )


async def _close(application: BotApplication) -> None:
    services: Services = application.bot_data["services"]
    with suppress(TimeoutError):  # what is left is learnt at the next start
        await asyncio.wait_for(services.learner.finished(), FINISHING)
    services.close()
