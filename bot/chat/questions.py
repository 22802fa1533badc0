"""What private chats were asked by "Add tags": the next message with hashtags is the answer."""

from collections import OrderedDict
from collections.abc import Sequence

MAX_CHATS = 10_000


class Questions:
    """The photos that each private chat was asked about and has not answered yet."""

    def __init__(self, max_chats: int = MAX_CHATS) -> None:
        self._max_chats = max_chats
        self._open: OrderedDict[int, Sequence[int]] = OrderedDict()

    def ask(self, chat_id: int, photo_ids: Sequence[int]) -> None:
        """The chat is asked about these photos, and no longer about earlier ones."""
        self._open.pop(chat_id, None)
        self._open[chat_id] = photo_ids
        while len(self._open) > self._max_chats:
            self._open.popitem(last=False)

    def is_open(self, chat_id: int) -> bool:
        """Whether the chat has a question to answer."""
        return chat_id in self._open

    def answered(self, chat_id: int) -> Sequence[int]:
        """Closes the question; returns the photos that it was about, none where there was none."""
        return self._open.pop(chat_id, ())
