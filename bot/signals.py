"""Ctrl-C and SIGTERM as an event to wait for."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def stopped_by_signals(stop: asyncio.Event) -> Iterator[None]:
    """Ctrl-C and SIGTERM set ``stop``; a second Ctrl-C ends at once, as Python does it."""
    loop = asyncio.get_running_loop()
    # Neither Windows' event loop nor another thread than the main one takes signal handlers.
    impossible = (NotImplementedError, RuntimeError, ValueError)

    def caught() -> None:
        stop.set()
        ignore()

    def ignore() -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(*impossible):
                loop.remove_signal_handler(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(*impossible):
            loop.add_signal_handler(number, caught)
    try:
        yield
    finally:
        ignore()
