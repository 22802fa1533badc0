"""Computes in threads, with a limited queue and limited memory for what waits."""

import asyncio
import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import perf_counter
from typing import TypeVar

from bot.http.errors import busy
from bot.http.limits import Limits
from recommenders.machine import photos_at_once

FIRST_GUESS = 0.05
"""The initial estimate of the seconds a photo takes, updated by measurement."""

MAX_RETRY_AFTER = 60

Result = TypeVar("Result")


class Room:
    """The bytes that one request holds, part of those that all may hold together."""

    def __init__(self, work: "Work") -> None:
        self._work = work
        self.size = 0

    def take(self, size: int) -> None:
        """Reserves more bytes.

        Raises:
            RequestError: where all requests together would hold too many.
        """
        if self._work.held + size > self._work.limits.held:
            raise busy(self._work.retry_after)
        self._work.held += size
        self.size += size


class Work:
    """A thread for each photo computed at a time, and a limited queue for them.

    Attributes:
        held: bytes held by all requests.
        waiting: calls that wait or are running.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.held = 0
        self.waiting = 0
        self._workers = photos_at_once()
        self._turns = asyncio.Semaphore(self._workers)
        self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="http")
        self._seconds = FIRST_GUESS

    @property
    def retry_after(self) -> int:
        """Estimated seconds until the present queue is done."""
        seconds = math.ceil(self.waiting * self._seconds / self._workers)
        return min(max(1, seconds), MAX_RETRY_AFTER)

    @contextmanager
    def room(self) -> Iterator[Room]:
        """Room for the bytes of one request until it is answered.

        Raises:
            RequestError: at once, where the queue is full.
        """
        self._refuse_if_full(1)
        room = Room(self)
        try:
            yield room
        finally:
            self.held -= room.size

    async def run(self, calls: Sequence[Callable[[], Result]]) -> list[Result]:
        """The results of calls, which run in parallel threads.

        Raises:
            RequestError: where the queue has no room for so many.
        """
        self._refuse_if_full(len(calls))
        self.waiting += len(calls)
        try:
            return await asyncio.gather(*map(self._run, calls))
        finally:
            self.waiting -= len(calls)

    def stop(self) -> None:
        """Drops the queue; calls that are running end by themselves."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, call: Callable[[], Result]) -> Result:
        """The result of a call, which is given up with its request while it waits for a thread.

        In the pool's own queue, it and its photo would stay until a thread is free.
        """
        await self._turns.acquire()
        running = asyncio.get_running_loop().run_in_executor(self._pool, self._timed, call)
        running.add_done_callback(lambda _: self._turns.release())
        return await asyncio.shield(running)

    def _timed(self, call: Callable[[], Result]) -> Result:
        started = perf_counter()
        try:
            return call()
        finally:
            self._seconds += 0.1 * (perf_counter() - started - self._seconds)

    def _refuse_if_full(self, more: int) -> None:
        if self.waiting + more > self.limits.waiting:
            raise busy(self.retry_after)
