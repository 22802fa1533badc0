"""Turns at the database: who waits is served in order, for as long as others get on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

from storage.errors import BUSY, StorageError


class Turns:
    """So many at a time; the others queue.

    However many queue, nobody gives up while turns end well: a crowd is no failure. Where none has
    for a while, the database hangs, and who has waited that long is told so.

    Args:
        places: how many have a turn at a time.
    """

    def __init__(self, places: int) -> None:
        self._free = asyncio.Semaphore(places)
        self._ended_well_at = 0.0

    @asynccontextmanager
    async def turn(self, patience: float) -> AsyncIterator[None]:
        """Holds a turn.

        Args:
            patience: seconds to wait where no turn ends well.

        Raises:
            StorageError: where the database hangs.
        """
        await self._wait(patience)
        try:
            yield
            self._ended_well_at = monotonic()
        finally:
            self._free.release()

    async def _wait(self, patience: float) -> None:
        if not self._free.locked():
            await self._free.acquire()
            return
        began = monotonic()
        acquiring = asyncio.ensure_future(self._free.acquire())
        try:
            while not acquiring.done():
                give_up_at = max(began, self._ended_well_at) + patience
                if monotonic() >= give_up_at:
                    raise StorageError(BUSY)
                await asyncio.wait({acquiring}, timeout=give_up_at - monotonic())
        except BaseException:
            if not acquiring.cancel() and not acquiring.cancelled():
                self._free.release()
            raise
