"""A memory limit that all threads of a process share for large, short-lived data."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class MemoryBudget:
    """Threads wait until the memory they need is free; a single one always gets it.

    They are served in order, so that a large request does not wait forever.

    Args:
        most: bytes that may be held at a time.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def holding(self, needed: int) -> Iterator[None]:
        """Holds ``needed`` bytes; waits until it is this thread's turn."""
        turn = object()
        with self._changed:
            self._waiting.append(turn)
            try:
                self._changed.wait_for(lambda: self._waiting[0] is turn and self._fits(needed))
                self._held += needed
            finally:
                self._waiting.remove(turn)
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._held -= needed
                self._changed.notify_all()

    def _fits(self, needed: int) -> bool:
        return not self._held or self._held + needed <= self._most
