"""The last photo of each chat, for "the one I just sent": also in groups, where it is not answered.

The database knows it once it is looked at; here it is known from the moment it arrives, and an
album as a whole.
"""

from collections import OrderedDict

from telegram import Message

MAX_CHATS = 10_000


class LastPhotos:
    """The messages of the photo or album that each chat sent last."""

    def __init__(self, max_chats: int = MAX_CHATS) -> None:
        self._max_chats = max_chats
        self._messages: OrderedDict[int, list[Message]] = OrderedDict()

    def remember(self, message: Message) -> None:
        """A photo has arrived."""
        last = self._messages.pop(message.chat_id, [])
        album = message.media_group_id
        if album is None or not last or last[-1].media_group_id != album:
            last = []
        self._messages[message.chat_id] = [*last, message]
        while len(self._messages) > self._max_chats:
            self._messages.popitem(last=False)

    def in_chat(self, chat_id: int) -> list[Message]:
        """The messages, one a photo; none where the chat has sent no photo yet."""
        return sorted(self._messages.get(chat_id, []), key=lambda message: message.message_id)

    def forget(self, user_id: int) -> None:
        """Forgets what this user sent."""
        for chat_id, messages in list(self._messages.items()):
            if any(message.from_user and message.from_user.id == user_id for message in messages):
                del self._messages[chat_id]
