"""Limits log lines of one kind, so that a flood from outside cannot fill the disk."""

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

MOST = 30
"""Warnings of one kind in a window; the next window says how many were left out."""
MORE = 40
"""The factor of the limit below warning level, since every answer logs a line."""
WINDOW = 60.0
"""Seconds."""
KINDS = 1_000
"""Kinds that are remembered; the oldest are dropped first."""


@dataclass
class _Window:
    began: float
    lines: int = 0


class Limited(logging.Filter):
    """Lets at most ``most`` lines of one kind through per window.

    A kind is a place in the code and a level.

    Args:
        window: seconds.
        clock: monotonic seconds.
    """

    def __init__(
        self, most: int = MOST, window: float = WINDOW, clock: Callable[[], float] = monotonic
    ) -> None:
        super().__init__()
        self._most, self._window, self._clock = most, window, clock
        self._windows: OrderedDict[tuple[str, int, int], _Window] = OrderedDict()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno <= logging.DEBUG:
            return True  # debug logging is meant to be complete
        kind = (record.pathname, record.lineno, record.levelno)
        most = self._most if record.levelno >= logging.WARNING else MORE * self._most
        now = self._clock()
        window = self._windows.setdefault(kind, _Window(now))
        if len(self._windows) > KINDS:
            self._windows.popitem(last=False)
        if now - window.began >= self._window:
            left_out = window.lines - most
            self._windows[kind] = window = _Window(now)
            if left_out > 0:
                record.msg = f"{record.getMessage()} ({left_out} more like this were left out)"
                record.args = None
        window.lines += 1
        return window.lines <= most
