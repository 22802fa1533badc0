"""The bot's log in a test."""

import io
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from bot import logs


@contextmanager
def logged_at(
    level: str, secrets: Iterable[str] = (), *, as_json: bool = False
) -> Iterator[io.StringIO]:
    """What is logged during the block; afterwards logging is as it was before."""
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    stream = io.StringIO()
    logs.set_up(level, secrets, stream, as_json=as_json)
    try:
        yield stream
    finally:
        root.setLevel(before[0])
        root.handlers[:] = before[1]
