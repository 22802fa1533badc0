"""Attempts to send a stored message: how many there were, and for how long there are more."""

import logging

from telegram.error import TelegramError

from bot.chat.delivery import HOUR, Attempts
from storage import StorageError, outbox
from storage.tables import OutgoingMessage, now
from storage.together import Together

log = logging.getLogger(__name__)


class WithdrawnError(TelegramError):
    """A message must not be sent: its person's data were deleted, or another replica sends it."""

    def __init__(self) -> None:
        super().__init__("withdrawn")


class StoredAttempts(Attempts):
    """Attempts that are also counted in the message's row, before each request.

    If that fails, the message is sent all the same.
    """

    def __init__(
        self, together: Together, message: OutgoingMessage, replica: int | None, *, counted: bool
    ) -> None:
        super().__init__(message.unsure, patience(message))
        self._together = together
        self._row_id = message.id
        self._replica = replica
        self._counted = counted

    async def begin(self) -> None:
        if not self._counted:
            await self._count(1)
        self._counted = False

    async def failed(self) -> None:
        await self._count(-1)

    async def waits(self) -> None:
        if self._counted:
            await self._count(-1)
        self._counted = False

    async def _count(self, change: int) -> None:
        self.unsure += change
        try:
            exists = await self._together.write(
                lambda session: outbox.counted(session, self._row_id, change, self._replica)
            )
        except StorageError as error:
            log.error("How often a message was sent is not stored: %s", error)
        else:
            if not exists:
                raise WithdrawnError


def patience(message: OutgoingMessage) -> float:
    """Seconds for which the message is still worth sending; news that answer nobody always are."""
    if message.user_id is None and not message.photo_ids:
        return HOUR
    return HOUR - (now() - message.at).total_seconds()
