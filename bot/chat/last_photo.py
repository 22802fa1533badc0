"""The photo or album that each person sent last, which commands without a reply are about.

The database has a photo only once it is computed, and not at all if a group did not ask for an
answer; here it is remembered on arrival. Each person, chat and forum topic counts separately.
"""

from datetime import timedelta

from telegram import Message
from telegram.constants import ChatType

from bot.chat.identity import sender_of
from bot.latest import Latest

MOST = 10_000

RIGHT_AFTER = timedelta(hours=1)
"""How long it is the last one in a group, where much else is shown and said meanwhile."""

_Key = tuple[int, int | None, int]
"""A chat, a topic of it, and who wrote there."""


class LastPhotos:
    """The messages of the photo or album that each person sent last to a chat or topic."""

    def __init__(self) -> None:
        self._messages: Latest[_Key, list[Message]] = Latest(MOST)
        self._earlier: Latest[_Key, list[Message]] = Latest(MOST)
        """The photo or album before, in case that the last one cannot be read."""

    def remember(self, message: Message) -> bool:
        """Remembers a photo, unless it was sent before the last; returns whether."""
        last = self._messages.get(_key(message), [])
        album = message.media_group_id
        if album is None or not last or last[-1].media_group_id != album:
            if last and last[-1].message_id > message.message_id:
                return False  # it is handled again
            if last:
                self._earlier[_key(message)] = last
            last = []
        others = [part for part in last if part.message_id != message.message_id]
        self._messages[_key(message)] = [*others, message]
        return True

    def change(self, message: Message) -> None:
        """Keeps the edited version of a message."""
        last = self._messages.get(_key(message), [])
        last[:] = [message if part.message_id == message.message_id else part for part in last]

    def leave_out(self, message: Message) -> None:
        """Forgets a photo that cannot be read: the one before it is the last again."""
        key = _key(message)
        for kept in (self._messages, self._earlier):
            if key in kept:
                kept[key] = [one for one in kept[key] if one.message_id != message.message_id]

    def before(self, message: Message) -> list[Message]:
        """The messages of the sender's last photo or album.

        Empty if they sent none that can be read yet, or to a group none within ``RIGHT_AFTER``.
        """
        key = _key(message)
        last = self._messages.get(key) or self._earlier.get(key, [])
        in_group = message.chat.type != ChatType.PRIVATE
        if in_group and last and message.date - last[-1].date > RIGHT_AFTER:
            return []
        return sorted(last, key=lambda part: part.message_id)

    def forget(self, user_id: int) -> None:
        """Forgets what this user sent."""
        for kept in (self._messages, self._earlier):
            for key in [key for key in kept if key[-1] == user_id]:
                del kept[key]


def topic_of(message: Message) -> int | None:
    """The forum topic of a message; None for a mere thread of replies."""
    return message.message_thread_id if message.is_topic_message else None


def _key(message: Message) -> _Key:
    return message.chat_id, topic_of(message), sender_of(message)
