"""Log lines of one kind are limited: a flood from outside must not fill the disk."""

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

MOST = 30
"""Warnings of one kind that a window shows; the next window says how many were left out."""
MORE = 40
"""So many times as many lines of one kind that are no warnings, such as one an answer."""
WINDOW = 60.0
"""Seconds."""
KINDS = 1_000
"""Kinds that are remembered; those that came first go first."""


@dataclass
class _Window:
    began: float
    lines: int = 0


class Limited(logging.Filter):
    """Lets so many lines of one kind through; a kind is a place in the code and a level.

    Args:
        clock: seconds that never go back.
    """

    def __init__(
        self, most: int = MOST, window: float = WINDOW, clock: Callable[[], float] = monotonic
    ) -> None:
        super().__init__()
        self._most, self._window, self._clock = most, window, clock
        self._windows: OrderedDict[tuple[str, int, int], _Window] = OrderedDict()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno <= logging.DEBUG:
            return True  # whoever asks for these wants all
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
