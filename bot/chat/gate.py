"""Checks every update before the handlers: stops malformed ones, and people who send too fast.

Telegram sends no malformed updates, but a server in between may, and a modified client can send any
button data. Each gets one line in the log, without its content.
"""

import logging
from collections.abc import Iterator
from time import time
from typing import Any

from telegram import Message, Update
from telegram.error import TelegramError
from telegram.ext import ApplicationHandlerStop

from bot.chat import callback_data, updates_at_work
from bot.chat.identity import sender_of
from bot.chat.rate_limits import CHAT
from bot.chat.services import Context
from storage.tables import LARGEST_INTEGER

log = logging.getLogger(__name__)


async def passed(update: Update, context: Context) -> None:
    """Lets an update through to the handlers, or stops it.

    Raises:
        ApplicationHandlerStop: if it is stopped.
    """
    reason = refused(update)
    if reason is not None:
        log.info("Update %d was set aside: %s", update.update_id, reason)
        raise ApplicationHandlerStop
    await _limit_rate(update, context)
    query = update.callback_query
    if query is None:
        return
    # Not a Message: it is deleted, or too old to be edited.
    if not isinstance(query.message, Message) or callback_data.read(query.data) is None:
        try:
            await query.answer(context.texts.button_stale, show_alert=True)
        except TelegramError as error:
            log.info("A tap was not answered: %s", error)
        raise ApplicationHandlerStop


async def _limit_rate(update: Update, context: Context) -> None:
    """Stops updates of a person or chat that sends too fast, with one warning to them."""
    if update.edited_channel_post is not None:
        return  # it costs nothing, and has to be known
    if updates_at_work.again():
        return
    limits, query, message = context.services.rate_limits, update.callback_query, None
    if query is not None:
        verdict = await limits.verdict("ours", query.from_user.id, time())
    elif (message := update.effective_message) is not None:
        sent_at = (message.edit_date or message.date).timestamp()
        sender = sender_of(message)
        times = CHAT if sender < 0 else 1  # several people may write as a chat
        verdict = await limits.verdict("Telegram's", sender, sent_at, times)
        if verdict == "passes" and sender != message.chat_id:
            verdict = await limits.verdict("Telegram's", message.chat_id, sent_at, CHAT)
    else:
        return
    if verdict == "passes":
        return
    if verdict == "too_fast":
        log.info("Somebody sends too fast.")
        try:
            if query is not None:
                await query.answer(context.texts.too_fast)
            elif message is not None and update.channel_post is None:
                # In reply to the first that is not answered.
                await context.reply(message, context.texts.too_fast, quote=True, stored=False)
        except TelegramError as error:
            log.info("Who sends too fast was not told: %s", error)
    raise ApplicationHandlerStop


def refused(update: Update) -> str | None:
    """Why an update is malformed; None for anything that Telegram sends."""
    message = update.message or update.edited_message
    if message is not None and message.from_user is None and message.sender_chat is None:
        return "a message that nobody sent"
    for value in _values(update.to_dict()):
        if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
            return "a number beyond 64 bits"
        if isinstance(value, str) and not _is_text(value):
            return "half a character"
    return None


def _values(value: Any) -> Iterator[object]:
    if isinstance(value, dict):
        for one in value.values():
            yield from _values(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _values(one)
    else:
        yield value


def _is_text(value: str) -> bool:
    """Whether it has no lone surrogates, which neither the database nor Telegram accepts."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
