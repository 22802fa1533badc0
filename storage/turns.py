"""A queue for turns at the database."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

from storage.errors import BUSY, StorageError


class Turns:
    """A limited number of turns at a time; others queue, urgent ones first.

    However long the queue, nobody gives up while turns keep ending without errors. If none has for
    as long as a caller's patience, the database counts as hanging.

    Args:
        places: turns at a time.
    """

    def __init__(self, places: int) -> None:
        self._free = places
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()
        self._ended_well_at = 0.0

    @asynccontextmanager
    async def turn(self, patience: float, *, urgent: bool = False) -> AsyncIterator[None]:
        """Holds a turn.

        Args:
            patience: seconds to wait while no turn ends without an error.

        Raises:
            StorageError: where the database hangs.
        """
        if self._free:  # then nobody waits
            self._free -= 1
        else:
            await self._wait(self._urgent if urgent else self._others, patience)
        try:
            yield
            self._ended_well_at = monotonic()
        finally:
            self._hand_on()

    async def _wait(self, queue: deque[asyncio.Future[None]], patience: float) -> None:
        began, turn = monotonic(), asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            while not turn.done():
                give_up_at = max(began, self._ended_well_at) + patience
                if monotonic() >= give_up_at:
                    raise StorageError(BUSY)
                await asyncio.wait({turn}, timeout=give_up_at - monotonic())
        except BaseException:
            if turn.done():
                self._hand_on()
            else:
                queue.remove(turn)
            raise

    def _hand_on(self) -> None:
        for queue in (self._urgent, self._others):
            if queue:
                queue.popleft().set_result(None)
                return
        self._free += 1
