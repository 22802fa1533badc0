"""Telegram's common refusals, recognised by their error descriptions.

The descriptions come from the Bot API server (github.com/tdlib/telegram-bot-api, ``Client.cpp``)
and, in capitals, from Telegram behind it; "too large" is HTTP's status 413.
"""

from dataclasses import dataclass

from telegram.error import ChatMigrated, TelegramError


@dataclass(frozen=True)
class Refusal:
    """One kind of refusal.

    Attributes:
        name: the key of ``Texts.refused``.
        reason: for the log.
        writable: the bot can still write to the chat.
    """

    name: str
    reason: str
    writable: bool = False


MESSAGE_GONE = Refusal("message_gone", "the message to change is gone", writable=True)
TOO_OLD = Refusal("too_old", "the tap came too long ago to be answered")
TOPIC_CLOSED = Refusal("topic_closed", "the topic is closed or gone")
NO_RIGHTS = Refusal("no_rights", "the bot may not write there")
RESTRICTED = Refusal("restricted", "Telegram restricts the chat or the bot")
BLOCKED = Refusal("blocked", "the bot was blocked or removed")
NO_CHAT = Refusal("no_chat", "there is no such chat any more")
TOO_LARGE = Refusal("too_large", "the file is too large", writable=True)

WORDS = {
    "message to edit not found": MESSAGE_GONE,
    "message can't be edited": MESSAGE_GONE,
    "message_id_invalid": MESSAGE_GONE,
    "query is too old": TOO_OLD,
    "query_id_invalid": TOO_OLD,
    "topic_closed": TOPIC_CLOSED,
    "topic_deleted": TOPIC_CLOSED,
    "message thread not found": TOPIC_CLOSED,
    "not enough rights": NO_RIGHTS,
    "have no rights": NO_RIGHTS,
    "need administrator rights": NO_RIGHTS,
    "no write access": NO_RIGHTS,
    "chat_admin_required": NO_RIGHTS,
    "_forbidden": NO_RIGHTS,
    "chat_restricted": RESTRICTED,
    "user_restricted": RESTRICTED,
    "user_banned_in_channel": RESTRICTED,
    "bot was blocked by the user": BLOCKED,
    "user_is_blocked": BLOCKED,
    "bot was kicked": BLOCKED,
    "bot is not a member": BLOCKED,
    "user is deactivated": BLOCKED,
    "bot can't initiate conversation": BLOCKED,
    "bots can't send messages to bots": BLOCKED,
    "chat not found": NO_CHAT,
    "group chat was deleted": NO_CHAT,
    "group chat was deactivated": NO_CHAT,
    "peer_id_invalid": NO_CHAT,
    "channel_private": NO_CHAT,
    "too large": TOO_LARGE,
}
"""Refusals by a part of the description, in lower case; the first match counts."""


def refusal_of(error: object) -> Refusal | None:
    """The kind of refusal of an error; None for all other errors."""
    if isinstance(error, ChatMigrated):
        return MESSAGE_GONE
    if not isinstance(error, TelegramError):
        return None
    description = error.message.lower()
    return next((refusal for words, refusal in WORDS.items() if words in description), None)
