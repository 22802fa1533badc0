"""Waiting when Telegram says "too many requests", instead of losing the answer."""

import asyncio
import datetime as dt
from collections.abc import Callable, Coroutine
from typing import Any

from telegram.error import RetryAfter
from telegram.ext import BaseRateLimiter

RETRIES = 5
GIVE_WAY = frozenset({"sendChatAction", "answerCallbackQuery"})
"""Of no use once they are late."""

Outcome = bool | dict[str, Any] | list[dict[str, Any]]


class FloodWait(BaseRateLimiter[int]):
    """Repeats a refused request after the time that Telegram names.

    Waiting only when told to keeps the usual answer quick; a bot that answers what it is sent is
    rarely told.
    """

    async def initialize(self) -> None:
        return None

    async def shutdown(self) -> None:
        return None

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Outcome]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: int | None,
    ) -> Outcome:
        for _ in range(0 if endpoint in GIVE_WAY else RETRIES):
            try:
                return await callback(*args, **kwargs)
            except RetryAfter as refused:
                wait = refused.retry_after
                seconds = wait.total_seconds() if isinstance(wait, dt.timedelta) else wait
                await asyncio.sleep(seconds + 0.1)
        return await callback(*args, **kwargs)
