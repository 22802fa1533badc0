"""Messages that the bot sends, before they are stored."""

from collections.abc import Sequence
from dataclasses import dataclass

from telegram import ForceReply, InlineKeyboardMarkup, Message
from telegram.constants import ChatType

from bot.chat.last_photo import topic_of

Keyboard = InlineKeyboardMarkup | ForceReply

TextAndButtons = tuple[str, InlineKeyboardMarkup | None]
"""HTML, and the buttons below it."""


@dataclass(frozen=True)
class Reply:
    """A message to send.

    Attributes:
        text: HTML.
        thread_id: the forum topic, if any; Telegram sends nothing to other threads.
        reply_to: the number of the message that it replies to, if any.
        person: whom it answers, from ``person_of``; None for news, which answer nobody.
        answer_id, photo_ids: the answer that it shows and the photos that it is about.
    """

    chat_id: int
    text: str
    keyboard: Keyboard | None = None
    thread_id: int | None = None
    reply_to: int | None = None
    person: int | None = None
    answer_id: int | None = None
    photo_ids: Sequence[int] = ()


def reply_to(
    message: Message,
    text: str,
    keyboard: Keyboard | None = None,
    *,
    person: int | None,
    quote: bool | None = None,
    about: int | None = None,
    answer_id: int | None = None,
    photo_ids: Sequence[int] = (),
) -> Reply:
    """A reply to a message.

    Args:
        person, answer_id, photo_ids: as of ``Reply``.
        quote: whether it is shown as a reply; by default only in groups, where others write too.
        about: the number of another message of the chat to reply to instead.
    """
    quotes = message.chat.type != ChatType.PRIVATE if quote is None else quote
    return Reply(
        message.chat_id,
        text,
        keyboard,
        topic_of(message),
        about or (message.message_id if quotes else None),
        person,
        answer_id,
        photo_ids,
    )
