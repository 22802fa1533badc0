"""Sending as Telegram asks: later after "too many requests", elsewhere once a group has moved."""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from telegram.error import ChatMigrated, RetryAfter
from telegram.ext import BaseRateLimiter

from bot.chat.chat_locks import ChatLocks

PATIENCE = 600.0
"""Seconds that an answer waits for Telegram's leave; after that nobody wants it any more."""

GIVE_WAY = frozenset({"sendChatAction", "answerCallbackQuery"})
"""Of no use once they are late."""

OF_THE_GROUP = ("reply_parameters", "message_thread_id")
"""Name messages of the group, which the supergroup does not have."""

Outcome = bool | dict[str, Any] | list[dict[str, Any]]
Moved = Callable[[int, int], Awaitable[None]]


class Delivery(BaseRateLimiter[int]):
    """Repeats a refused request after the time that Telegram names, and where the chat now is.

    Waiting only when told to keeps the usual answer quick; a bot that answers what it is sent is
    rarely told. What follows for the chat that must wait queues behind; other chats do not.

    Args:
        moved: called with the number of a group and that of the supergroup which it became, before
            anything is sent there.
    """

    def __init__(self, moved: Moved) -> None:
        self._moved = moved
        self._refused_chats = ChatLocks()

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
        async def deliver() -> Outcome:
            try:
                return await callback(*args, **kwargs)
            except ChatMigrated as error:
                await self._moved(data["chat_id"], error.new_chat_id)
                if "message_id" in data:
                    raise  # a message of the group stays there, and cannot be changed any more
                data["chat_id"] = error.new_chat_id
                for name in OF_THE_GROUP:
                    data.pop(name, None)
                return await callback(*args, **kwargs)

        if endpoint in GIVE_WAY:
            return await callback(*args, **kwargs)
        # What names no chat waits for itself alone.
        chat_id = data.get("chat_id", id(data))
        await self._refused_chats.wait(chat_id)
        try:
            return await deliver()
        except RetryAfter as error:
            refused, again_at = error, _again_at(error)
        async with self._refused_chats.of(chat_id):
            # Of many that were refused at once, only the first waits: then the time is up.
            first, clock = again_at, asyncio.get_running_loop().time
            while again_at - first <= PATIENCE and again_at - clock() <= PATIENCE:
                await asyncio.sleep(again_at - clock())
                try:
                    return await deliver()
                except RetryAfter as error:
                    refused, again_at = error, _again_at(error)
        raise refused


def _again_at(refused: RetryAfter) -> float:
    """When to try again, by the event loop's clock."""
    wait = refused.retry_after
    seconds = wait.total_seconds() if isinstance(wait, dt.timedelta) else wait
    return asyncio.get_running_loop().time() + seconds + 0.1
