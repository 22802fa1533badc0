"""What is left when a handler fails: a word to the person, the traceback to the log."""

import logging
from contextlib import suppress

from telegram import Update
from telegram.error import BadRequest, Forbidden, NetworkError, TelegramError

from bot.chat.services import Context
from storage import StorageError

log = logging.getLogger(__name__)


async def failed(update: object, context: Context) -> None:
    error = context.error
    if isinstance(error, Forbidden):
        log.info("Someone blocked the bot or removed it from a chat: %s", error)
        return
    if isinstance(error, StorageError):
        log.error("The database failed: %s", error)
        log.debug("The database's own words", exc_info=error)
    elif isinstance(error, NetworkError) and not isinstance(error, BadRequest):
        log.warning("Telegram could not be reached: %s", error)
    else:
        log.error("An update failed: %s: %s", type(error).__name__, error, exc_info=error)
    if not isinstance(update, Update):
        return
    storage = isinstance(error, StorageError)
    text = context.texts.storage_wrong if storage else context.texts.wrong
    with suppress(TelegramError):
        if update.callback_query:
            await update.callback_query.answer(text, show_alert=True)
        elif update.message:
            await update.message.reply_text(text, do_quote=True)
