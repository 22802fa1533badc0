"""Waiting for what another task or process does."""

import asyncio
from collections.abc import Callable
from inspect import isawaitable
from typing import Any


async def until(condition: Callable[[], Any], seconds: float = 120, pause: float = 0.01) -> None:
    """Waits until a condition, which may be a coroutine function, is true.

    Raises:
        TimeoutError: where it is not by then.
    """
    async with asyncio.timeout(seconds):
        while not (await result if isawaitable(result := condition()) else result):  # noqa: ASYNC110
            await asyncio.sleep(pause)
