"""Who wrote or tapped: a person, or a chat that people write as.

All anonymous admins share one user id, as do all who write as a channel; ``sender_chat`` identifies
them. Its ids are negative, so never a person's. Taps always come from people.
"""

from telegram import Bot, Message, Update, User
from telegram.constants import ChatMemberStatus
from telegram.error import BadRequest, Forbidden

SHARED_USERS = frozenset({1_087_968_824, 136_817_688, 777_000})
"""GroupAnonymousBot, Channel Bot, and Telegram, who forwards the posts of linked channels."""

_ADMINS = (ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR)


def sender_of(message: Message) -> int:
    """Who wrote a message: the id for rate limits, a person's hashtags and deletion."""
    if message.sender_chat is not None:
        return message.sender_chat.id
    if message.from_user is None or message.from_user.id in SHARED_USERS:
        return message.chat_id
    return message.from_user.id


def person_of(update: Update) -> int:
    """Who wrote the message or tapped the button of an update."""
    if update.callback_query is not None:
        return update.callback_query.from_user.id
    assert update.effective_message is not None
    return sender_of(update.effective_message)


def language_of(user: User | None) -> str | None:
    """The language that Telegram names for a user; None if it names none as a text."""
    language: object = user.language_code if user else None
    return language if isinstance(language, str) else None


async def acts_for(bot: Bot, user_id: int, owner: int) -> bool:
    """Whether ``owner`` is the person themselves, or a chat that they are an admin of.

    False for a chat whose members the bot cannot see.
    """
    if not owner < 0 < user_id:
        return user_id == owner
    try:
        member = await bot.get_chat_member(owner, user_id)
    except (BadRequest, Forbidden):
        return False
    return member.status in _ADMINS
