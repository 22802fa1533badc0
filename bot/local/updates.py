"""The queue of updates that getUpdates reads, with the Bot API's rules of confirmation."""

import asyncio
from collections import deque
from typing import Any

from bot.local.limits import MAX_POLL_SECONDS, MAX_UPDATES_AT_ONCE, UPDATES_KEPT
from bot.local.refusals import RefusalError


class UpdateQueue:
    """Updates wait until a getUpdates call with a higher offset confirms them."""

    def __init__(self) -> None:
        self._pending: deque[dict[str, Any]] = deque(maxlen=UPDATES_KEPT)
        self._next_id = 1
        self._arrived = asyncio.Event()
        self._poll = 0
        self._closed = False
        self._allowed: list[str] = []

    def add(self, kind: str, content: dict[str, Any]) -> None:
        """Queue an update, unless the bot asked for other kinds only."""
        if self._allowed and kind not in self._allowed:
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
        the end. ``allowed`` are the kinds of updates from now on; empty for all.

        Raises:
            RefusalError: 409, when another poll begins while this one waits.
        """
        self._poll += 1
        poll = self._poll
        self._arrived.set()
        if allowed is not None:
            self._allowed = allowed
        self._confirm(offset or 0)
        count = limit if limit and 1 <= limit <= MAX_UPDATES_AT_ONCE else MAX_UPDATES_AT_ONCE
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
        while offset < 0 and len(self._pending) > -offset:
            self._pending.popleft()
        while self._pending and self._pending[0]["update_id"] < offset:
            self._pending.popleft()
