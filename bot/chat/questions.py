"""Open questions for hashtags in private chats: the next message with hashtags answers one."""

from collections.abc import Sequence
from time import monotonic

from bot.latest import Latest

MAX_CHATS = 10_000

OPEN_FOR = 600.0
"""Seconds in which hashtags answer a question without replying to it: nobody types for longer."""


class Questions:
    """The photos that each private chat was asked about and has not answered yet."""

    def __init__(self) -> None:
        self._open: Latest[int, tuple[float, Sequence[int]]] = Latest(MAX_CHATS)
        self._answered: Latest[int, tuple[int, Sequence[int]]] = Latest(MAX_CHATS)
        """The message that answered a chat's last question, and its photos."""

    def ask(self, chat_id: int, photo_ids: Sequence[int]) -> None:
        """Opens a question about these photos, and drops an earlier one."""
        self._open[chat_id] = monotonic() + OPEN_FOR, photo_ids

    def is_open(self, chat_id: int, message_id: int) -> bool:
        """Whether the chat has an open question, or this message has answered it."""
        until, _ = self._open.get(chat_id, (0.0, ()))
        by, _ = self._answered.get(chat_id, (None, ()))
        return by == message_id or monotonic() < until

    def answer(self, chat_id: int, message_id: int) -> Sequence[int]:
        """Closes the question; returns its photos, none if it was not open.

        A message gets the same photos when it is handled again.
        """
        by, photo_ids = self._answered.get(chat_id, (None, ()))
        if by != message_id and (photo_ids := self.close(chat_id)):
            self._answered[chat_id] = message_id, photo_ids
        return photo_ids

    def close(self, chat_id: int) -> Sequence[int]:
        """Closes the question unanswered; returns its photos, none if it was not open."""
        self._answered.pop(chat_id, None)
        until, photo_ids = self._open.pop(chat_id, (0.0, ()))
        return photo_ids if monotonic() < until else ()
