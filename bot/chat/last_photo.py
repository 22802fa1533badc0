"""The photo that each person sent last, for "the one I just sent", also unanswered in groups.

The database knows a photo once it is computed; here it is known as soon as it arrives, an album as
a whole. Other people's photos, and the same person's in another topic, do not count.
"""

from telegram import Message

from bot.chat.identity import sender_of
from bot.latest import Latest

MOST = 10_000

Place = tuple[int, int | None, int]
"""A chat, a topic of it, and who wrote there."""


class LastPhotos:
    """The messages of the photo or album that each person sent last to a chat, or its topic."""

    def __init__(self) -> None:
        self._messages: Latest[Place, list[Message]] = Latest(MOST)

    def remember(self, message: Message) -> None:
        """A photo has arrived."""
        last = self._messages.get(_place(message), [])
        album = message.media_group_id
        if album is None or not last or last[-1].media_group_id != album:
            last = []
        self._messages[_place(message)] = [*last, message]

    def before(self, message: Message) -> list[Message]:
        """The messages of the sender's last photo or album; none where they sent none yet."""
        last = self._messages.get(_place(message), [])
        return sorted(last, key=lambda part: part.message_id)

    def forget(self, user_id: int) -> None:
        """Forgets what this user sent."""
        for place in [place for place in self._messages if place[-1] == user_id]:
            del self._messages[place]


def topic_of(message: Message) -> int | None:
    """The forum topic of a message; a thread of replies in a group is not one."""
    return message.message_thread_id if message.is_topic_message else None


def _place(message: Message) -> Place:
    return message.chat_id, topic_of(message), sender_of(message)
