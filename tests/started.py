"""Processes that end with the block of the test that started them, even if the test fails in it."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any


@contextmanager
def started(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A process whose output is read as text.

    ``Popen``'s own block would wait for it without end after an assert that failed.
    """
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes | options) as process:
        try:
            yield process
        finally:
            process.kill()
