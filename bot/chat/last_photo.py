"""The last photo of each chat, for "the one I just sent": also in groups, where it is not answered.

It may come back later from the database; here it is known from the moment it arrives, and an album
as a whole.
"""

from collections import OrderedDict

from telegram import Message

CHATS_KEPT = 10_000


class Latest:
    """The messages of the photo or album that each chat saw last."""

    def __init__(self, chats_kept: int = CHATS_KEPT) -> None:
        self._chats_kept = chats_kept
        self._messages: OrderedDict[int, list[Message]] = OrderedDict()

    def note(self, message: Message) -> None:
        """A photo has arrived."""
        last = self._messages.pop(message.chat_id, [])
        album = message.media_group_id
        if album is None or not last or last[-1].media_group_id != album:
            last = []
        self._messages[message.chat_id] = [*last, message]
        while len(self._messages) > self._chats_kept:
            self._messages.popitem(last=False)

    def of(self, chat_id: int) -> list[Message]:
        """The messages, one a photo; none where the chat has shown no photo yet."""
        return sorted(self._messages.get(chat_id, []), key=lambda message: message.message_id)

    def forget(self, user_id: int) -> None:
        """Forget what this user sent."""
        for chat_id, messages in list(self._messages.items()):
            if any(message.from_user and message.from_user.id == user_id for message in messages):
                del self._messages[chat_id]
