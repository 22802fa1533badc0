"""The queue of updates that getUpdates reads, with the Bot API's rules of confirmation."""

import asyncio
from collections import deque
from typing import Any

from bot.local.rules import RefusalError

MAX_PENDING = 10_000
MAX_POLL_SECONDS = 50
MAX_LIMIT = 100
# Kinds that a bot gets only when it asks for them.
UNASKED = frozenset(("chat_member", "message_reaction", "message_reaction_count"))


class UpdateQueue:
    """Updates wait until a getUpdates call with a higher offset confirms them."""

    def __init__(self) -> None:
        self._pending: deque[dict[str, Any]] = deque(maxlen=MAX_PENDING)
        self._next_id = 1
        self._arrived = asyncio.Event()
        self._poll = 0
        self._closed = False
        self.allowed: list[str] = []

    def __len__(self) -> int:
        return len(self._pending)

    def add(self, kind: str, content: dict[str, Any]) -> None:
        """Queue an update, unless the bot did not ask for its kind."""
        if (kind not in self.allowed) if self.allowed else (kind in UNASKED):
            return
        self._pending.append({"update_id": self._next_id, kind: content})
        self._next_id += 1
        self._arrived.set()

    def clear(self) -> None:
        self._pending.clear()

    def close(self) -> None:
        """End the poll that is waiting, if any."""
        self._closed = True
        self._arrived.set()

    async def get(
        self,
        offset: int | None = None,
        limit: int | None = None,
        seconds: int | None = None,
        allowed: list[str] | None = None,
    ) -> list[dict[str, Any]]:
        """At most ``limit`` unconfirmed updates, waiting up to ``seconds`` for the first.

        An offset confirms the updates below it; a negative one keeps only that many, counted from
        the end. A second poll ends the first with 409, as on the real server.
        """
        self._poll += 1
        poll = self._poll
        self._arrived.set()
        if allowed is not None:
            self.allowed = list(allowed)
        self._confirm(offset or 0)
        count = limit if limit and 1 <= limit <= MAX_LIMIT else MAX_LIMIT
        wait = min(max(seconds or 0, 0), MAX_POLL_SECONDS)
        try:
            async with asyncio.timeout(wait):
                while not self._pending and not self._closed and wait:
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
        return list(self._pending)[:count]

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            while len(self._pending) > -offset:
                self._pending.popleft()
        while self._pending and self._pending[0]["update_id"] < offset:
            self._pending.popleft()
