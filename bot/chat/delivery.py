"""Delivers requests to Telegram, within its rate limits, with retries.

Requests are retried after "too many requests" and network errors, and go to the supergroup once a
group has become one. The caller waits meanwhile. The outbox (``bot.chat.outbox``) resends messages
after the next start if the process ends before they arrive.
"""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from telegram.error import (
    BadRequest,
    ChatMigrated,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.ext import BaseRateLimiter

from bot.chat.chat_locks import ChatLocks
from bot.chat.pace import Pace
from bot.chat.refusals import TOO_LARGE, refusal_of
from bot.chat.telegram_requests import NOT_SENT

HOUR = 3600.0
"""Seconds after which the bot gives up sending an answer: nobody wants it any more."""

LONGEST_WAIT = 600.0
"""Seconds; if Telegram asks for a longer wait, only ``POSTS`` wait: the chat's later messages queue
behind, and an edit is not worth that."""

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 60.0

PATIENCE = {"answerCallbackQuery": 8.0, "getFile": 30.0}
"""Seconds to retry requests that are useless later, or block others."""

ONCE = frozenset({"sendChatAction"})
"""Useless when late, so never retried."""

POSTS = frozenset({"sendMessage", "sendDocument"})
"""Two requests make two messages, so they are retried only once when the outcome is unknown."""

UNSURE_AT_MOST = 2
"""Requests of one message that may have unknown outcome; then the bot gives up."""

OF_THE_GROUP = ("reply_parameters", "message_thread_id")
"""Parameters that refer to the group's messages, which the supergroup does not have."""

Outcome = bool | dict[str, Any] | list[dict[str, Any]]
Moved = Callable[[int, int], Awaitable[None]]


class Attempts:
    """Counts the requests of one message with unknown outcome, the current one included.

    A subclass also stores the count.

    Args:
        patience: seconds after which to give up.
    """

    def __init__(self, unsure: int = 0, patience: float = HOUR) -> None:
        self.unsure = unsure
        self.patience = patience

    async def begin(self) -> None:
        """Called as a request goes out."""
        self.unsure += 1

    async def failed(self) -> None:
        """Called if the last request certainly did not arrive."""
        self.unsure -= 1

    async def waits(self) -> None:
        """Called if the next request has to wait."""


class Delivery(BaseRateLimiter[Attempts]):
    """Retries requests after a pause, or after the one Telegram asks for; follows moved chats.

    While a request waits, later ones to the same chat queue behind it; other chats do not wait.

    Args:
        moved: called with the ids of a group and of the supergroup that it became, before anything
            is sent there.
        pace: limits how fast messages go out; None for no limit.
    """

    def __init__(self, moved: Moved, pace: Pace | None = None) -> None:
        self._moved = moved
        self._pace = pace
        self._retry_locks = ChatLocks()
        self._closed = asyncio.Event()

    def close(self) -> None:
        """Cancels every request that waits, now or later."""
        self._closed.set()

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
        rate_limit_args: Attempts | None,
    ) -> Outcome:
        request = partial(callback, *args, **kwargs)
        if endpoint in ONCE or not ("chat_id" in data or endpoint in PATIENCE):
            return await request()
        attempts = rate_limit_args or Attempts()
        retries = _Retries(endpoint, attempts)
        paced = self._pace if endpoint in POSTS else None

        async def attempt() -> Outcome:
            await attempts.begin()
            if paced is not None and (wait := paced.going_out()):
                try:
                    await self._sleep(wait)
                except asyncio.CancelledError:
                    await attempts.failed()
                    raise
            return await self._follow_chat(request, data)

        # A request without a chat gets a lock of its own.
        lock = self._retry_locks.of(data.get("chat_id", id(data)))
        if lock.locked():
            await attempts.waits()
            async with lock:
                await self._sleep(0)
        if paced is not None:
            for turn in (partial(paced.in_chat, data["chat_id"]), paced.overall):
                if wait := turn():
                    await attempts.waits()
                    await self._sleep(wait)
        try:
            return await attempt()
        except TelegramError as error:
            retry_at = await retries.retry_at(error)
        async with lock:
            # If many fail at once, one retries and the others queue behind it.
            while True:
                await self._sleep(retry_at - asyncio.get_running_loop().time())
                try:
                    return await attempt()
                except TelegramError as error:
                    retry_at = await retries.retry_at(error)

    async def _follow_chat(
        self, request: Callable[[], Awaitable[Outcome]], data: dict[str, Any]
    ) -> Outcome:
        """Sends a request; if its group has become a supergroup, sends it there."""
        try:
            return await request()
        except ChatMigrated as error:
            await self._moved(data["chat_id"], error.new_chat_id)
            if "message_id" in data:
                raise  # the group's messages do not move, and cannot be edited any more
            data["chat_id"] = error.new_chat_id
            for name in OF_THE_GROUP:
                data.pop(name, None)
            return await request()

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(max(seconds, 0)):
                await self._closed.wait()
        if self._closed.is_set():
            raise asyncio.CancelledError


class _Retries:
    """Decides when to retry a failed request."""

    def __init__(self, endpoint: str, attempts: Attempts) -> None:
        self._clock = asyncio.get_running_loop().time
        self._give_up_at = self._clock() + PATIENCE.get(endpoint, attempts.patience)
        self._posts = endpoint in POSTS
        self._attempts = attempts
        self._pauses = pauses(FIRST_PAUSE, LONGEST_PAUSE)

    async def retry_at(self, error: TelegramError) -> float:
        """The time of the next attempt, by the event loop's clock.

        Raises:
            TelegramError: ``error`` itself, if a retry is useless or too late.
        """
        if isinstance(error, RetryAfter):
            pause = asked_to_wait(error)
            if pause > LONGEST_WAIT and not self._posts:
                raise error
        elif isinstance(error, BadRequest) or refusal_of(error) is TOO_LARGE:
            raise error
        elif isinstance(error, NetworkError | InvalidToken):
            pause = next(self._pauses)
        else:
            raise error
        if not _may_have_arrived(error):
            await self._attempts.failed()
        elif self._posts and self._attempts.unsure >= UNSURE_AT_MOST:
            raise error
        retry_at = self._clock() + pause
        if retry_at > self._give_up_at:
            raise error
        return retry_at


def asked_to_wait(error: TelegramError) -> float:
    """Seconds for which Telegram asks to send nothing; 0 after other failures."""
    if not isinstance(error, RetryAfter):
        return 0.0
    wait = error.retry_after
    return (wait.total_seconds() if isinstance(wait, dt.timedelta) else wait) + 0.1


def pauses(first: float, longest: float) -> Iterator[float]:
    """Seconds to wait after each failure: doubling from ``first`` up to ``longest``."""
    pause = first
    while True:
        yield pause
        pause = min(2 * pause, longest)


def _may_have_arrived(error: TelegramError) -> bool:
    """Whether Telegram may have carried out the request, though no answer came."""
    cause = error.__cause__
    if cause is None:
        return False  # Telegram itself answered that it failed
    return not isinstance(cause, NOT_SENT)
