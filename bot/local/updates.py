"""The queue of updates for getUpdates, confirmed by offset as in the Bot API."""

import asyncio
import random
from collections import deque
from typing import Any

from bot.local.limits import MAX_PENDING_UPDATES, MAX_POLL_SECONDS, MAX_UPDATES_AT_ONCE
from bot.local.refusals import RefusalError


class UpdateQueue:
    """Updates wait until a getUpdates call with a higher offset confirms them."""

    def __init__(self) -> None:
        self._pending: deque[dict[str, Any]] = deque(maxlen=MAX_PENDING_UPDATES)
        # Random, as on Telegram: an id must not repeat one that the bot handled in an earlier run.
        self._next_id = random.randrange(1, 2**30)
        self._arrived = asyncio.Event()
        self._poll = 0
        self._closed = False
        self._allowed: list[str] = []

    def add(self, kind: str, content: dict[str, Any]) -> None:
        """Queues an update, unless the bot asked for other kinds only."""
        if self._allowed and kind not in self._allowed:
            return
        self._pending.append({"update_id": self._next_id, kind: content})
        self._next_id += 1
        self._arrived.set()

    def close(self) -> None:
        """Ends the waiting poll, if any."""
        self._closed = True
        self._arrived.set()

    async def get(
        self,
        offset: int = 0,
        seconds: int = 0,
        allowed: list[str] | None = None,
    ) -> list[dict[str, Any]]:
        """The oldest unconfirmed updates, waiting up to ``seconds`` for the first.

        Args:
            offset: confirms the updates below it.
            seconds: capped at ``MAX_POLL_SECONDS``.
            allowed: the kinds of updates from now on; empty for all.

        Raises:
            RefusalError: 409, if another poll begins while this one waits.
        """
        self._poll += 1
        poll = self._poll
        self._arrived.set()
        if allowed is not None:
            self._allowed = allowed
        while self._pending and self._pending[0]["update_id"] < offset:
            self._pending.popleft()
        try:
            async with asyncio.timeout(min(seconds, MAX_POLL_SECONDS)):
                while not self._pending and not self._closed and seconds > 0:
                    self._arrived.clear()
                    await self._arrived.wait()
                    if poll != self._poll:
                        raise RefusalError(
                            409,
                            "Conflict: terminated by other getUpdates request; "
                            "make sure that only one bot instance is running",
                        )
        except TimeoutError:
            return []
        return list(self._pending)[:MAX_UPDATES_AT_ONCE]
