"""Open questions of "Add tags" in private chats: the next message with hashtags answers one."""

from collections.abc import Sequence

from bot.latest import Latest

MAX_CHATS = 10_000


class Questions:
    """The photos that each private chat was asked about and has not answered yet."""

    def __init__(self) -> None:
        self._open: Latest[int, Sequence[int]] = Latest(MAX_CHATS)

    def ask(self, chat_id: int, photo_ids: Sequence[int]) -> None:
        """Opens a question about these photos, and drops an earlier one."""
        self._open[chat_id] = photo_ids

    def is_open(self, chat_id: int) -> bool:
        """Whether the chat has an open question."""
        return chat_id in self._open

    def answered(self, chat_id: int) -> Sequence[int]:
        """Closes the question; returns its photos, none if there was no question."""
        return self._open.pop(chat_id, ())
