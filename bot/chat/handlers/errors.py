"""Handles errors of handlers: tells the person, and logs what happened.

Telegram's common refusals are one line in the log, without a traceback.
"""

import logging
from contextlib import suppress

from telegram import Update
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TelegramError

from bot.chat import updates_at_work
from bot.chat.refusals import refusal_of
from bot.chat.services import Context
from storage import StorageError

log = logging.getLogger(__name__)


async def failed(update: object, context: Context) -> None:
    error = context.error
    refusal = refusal_of(error)
    context.services.metrics.failures.labels(type(error).__name__).inc()
    if refusal is not None:
        log.info("An answer did not arrive, since %s: %s", refusal.reason, error)
    elif isinstance(error, Forbidden | RetryAfter):
        log.info("An answer did not arrive: %s", error)
    elif updates_at_work.put_off(error):
        log.warning("An update is handled again in a moment: %s", error)
        return
    elif isinstance(error, StorageError):
        log.error("The database failed: %s", error)
        log.debug("The database's own words", exc_info=error)
    elif isinstance(error, NetworkError) and not isinstance(error, BadRequest):
        # An apology would fail just the same; or the answer did arrive.
        log.warning("An answer may not have arrived: %s", error)
        return
    else:
        log.error("An update failed: %s: %s", type(error).__name__, error, exc_info=error)
    if not isinstance(update, Update):
        return
    texts = context.texts
    is_done = isinstance(error, StorageError) and updates_at_work.are_done()
    if refusal is not None:
        text = texts.refused[refusal.name]
    elif is_done:
        text = texts.not_shown
    else:
        text = texts.storage_wrong if isinstance(error, StorageError) else texts.wrong
    writable = not is_done and (refusal is None or refusal.writable)
    message = update.message or update.edited_message
    with suppress(TelegramError):
        if update.callback_query:
            await update.callback_query.answer(text, show_alert=True)
        elif message and writable and not isinstance(error, Forbidden | RetryAfter):
            stored = not isinstance(error, StorageError)
            await context.reply(message, text, quote=True, stored=stored)
