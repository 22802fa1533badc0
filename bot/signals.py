"""Turns Ctrl-C and SIGTERM into an event."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def stopped_by_signals(stop: asyncio.Event) -> Iterator[None]:
    """Lets Ctrl-C and SIGTERM set ``stop``; a second one ends the process at once."""
    loop = asyncio.get_running_loop()
    # Signal handlers work neither on Windows' event loop nor outside the main thread.
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
