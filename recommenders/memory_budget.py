"""Memory that all threads of a process share for what is large and short-lived."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class MemoryBudget:
    """Who needs more than is left waits for those before; whoever is alone takes what it needs.

    Turns come in order, so that one who needs much is not passed by forever.

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
        """Holds so many bytes, as soon as it is this thread's turn."""
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
