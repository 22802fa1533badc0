"""Receives updates by long polling, and what long polling and the webhook share.

Either way updates go through the inbox. When Telegram fails, at the start or later, that is one
line in the log, and the request is retried after growing pauses.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NoReturn, TypeVar

from telegram.error import (
    BadRequest,
    Conflict,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.chat.application import ALLOWED_UPDATES
from bot.chat.delivery import asked_to_wait, pauses
from bot.chat.services import BotApplication, Services
from bot.chat.telegram_bot import TelegramBot
from bot.inbox import Inbox, number_of
from bot.secret_urls import shown
from bot.shared_inbox import SharedInbox
from storage import StorageError, another_bot, replicas

log = logging.getLogger(__name__)

Result = TypeVar("Result")

START_PATIENCE = 60.0
"""Seconds for which a failing start is retried."""

FIRST_PAUSE = 1.0
"""Seconds before the first retry; each next pause is twice as long."""

LONGEST_PAUSE = 30.0

REFUSALS = 6
"""Consecutive refusals of the token, over half a minute, until the bot gives up."""


class StartError(Exception):
    """The bot cannot run; the message says why and what to do."""


class Received:
    """The inbox that updates go to, and the task that polls for them, if one does."""

    def __init__(self, inbox: Inbox, task: asyncio.Task[NoReturn] | None = None) -> None:
        self.inbox = inbox
        self._task = task

    async def ends(self) -> None:
        """Waits for as long as updates can come.

        Raises:
            StartError: if no more can come.
        """
        if self._task is None:
            await asyncio.Event().wait()
        else:
            await asyncio.shield(self._task)


@asynccontextmanager
async def polling(application: BotApplication) -> AsyncIterator[Received]:
    """Runs the bot by long polling; at the end of the block, handlers get time to finish.

    Raises:
        TelegramError: when Telegram refuses the bot, or cannot be reached for a minute.
    """
    async with at_work(application, alone=True) as inbox:
        await with_retries(application.bot.delete_webhook)
        task = asyncio.create_task(_poll(application, inbox))
        try:
            yield Received(inbox, task)
        finally:
            # Stop taking updates first; ``at_work`` then finishes those that came.
            task.cancel()
            await asyncio.wait({task})


@asynccontextmanager
async def at_work(application: BotApplication, *, alone: bool) -> AsyncIterator[Inbox]:
    """Runs the bot, beginning with the messages and updates that the last run left.

    Args:
        alone: no other process runs this bot.

    Raises:
        TelegramError: as ``polling``.
    """
    try:
        await with_retries(application.initialize)
        if application.post_init:
            await application.post_init(application)
        services: Services = application.bot_data["services"]
        await services.outbox.read_receipts()  # before the numbers in them mean others
        async with services.database.session() as session:
            await another_bot.number_anew(session, application.bot.id)
            if alone:
                await replicas.let_all_go(session, application.bot.id)
        inbox = SharedInbox(application) if services.database.is_shared else Inbox(application)
        try:
            await inbox.resume()
            yield inbox
        finally:
            await inbox.stop()
    finally:
        await application.shutdown()
        # An application that never got ready leaves its connections open.
        await application.bot.shutdown()
        if application.post_shutdown:
            await application.post_shutdown(application)


async def with_retries(call: Callable[[], Awaitable[Result]]) -> Result:
    """Calls Telegram, with retries for ``START_PATIENCE``, and returns the result.

    The time for which Telegram asks to wait does not count.

    Raises:
        TelegramError: the last failure; at once where a retry is useless.
    """
    clock, refused = asyncio.get_running_loop().time, 0
    give_up_at = clock() + START_PATIENCE
    for pause in pauses(FIRST_PAUSE, LONGEST_PAUSE):
        try:
            return await call()
        except TelegramError as error:
            refused += isinstance(error, InvalidToken)
            is_final = not isinstance(error, NetworkError | InvalidToken | RetryAfter)
            if is_final or isinstance(error, BadRequest) or refused >= REFUSALS // 2:
                raise
            asked = asked_to_wait(error)
            give_up_at += asked
            if clock() + pause > give_up_at:
                raise
            log.warning("Telegram does not answer yet (%s); trying again.", _reason(error))
        await asyncio.sleep(max(pause, asked))
    raise AssertionError("pauses never end")


async def _poll(application: BotApplication, inbox: Inbox) -> NoReturn:
    bot = application.bot
    offset, waits, refused = None, pauses(FIRST_PAUSE, LONGEST_PAUSE), 0
    while True:
        await inbox.has_room()
        try:
            updates = await bot.raw_updates(offset, ALLOWED_UPDATES)
        except TelegramError as error:
            refused = refused + 1 if await _refuses_token(bot, error) else 0
            if refused >= REFUSALS:
                raise StartError(start_failure(error, application)) from None
            _log_failure(error)
            await asyncio.sleep(max(next(waits), asked_to_wait(error)))
            continue
        refused, numbers = 0, {}
        for update in updates:
            try:
                numbers[number_of(update)] = update
            except ValueError:
                log.warning("Something without a number came instead of an update")
        if numbers:
            try:
                await inbox.take(list(numbers.values()))
            except StorageError as error:
                log.warning("Updates are not taken now, and are requested again: %s", error)
                await asyncio.sleep(next(waits))
                continue
            offset = max(numbers) + 1
        waits = pauses(FIRST_PAUSE, LONGEST_PAUSE)


async def _refuses_token(bot: TelegramBot, error: TelegramError) -> bool:
    """Whether Telegram refuses the token itself, not just this call."""
    if not isinstance(error, InvalidToken):
        return False
    try:
        await bot.get_me()
    except InvalidToken:
        return True
    except TelegramError:
        return False
    return False


def _log_failure(error: TelegramError) -> None:
    if isinstance(error, Conflict) and "webhook" in error.message:
        log.warning(
            "A webhook is set for this bot, so another copy of it runs with the same token and "
            "WEBHOOK_URL; stop that one, then start this one again."
        )
    elif isinstance(error, Conflict):
        log.warning(
            "Another copy of this bot is polling Telegram with the same token; stop one of them."
        )
    else:
        log.warning("No updates from Telegram for now (%s); trying again.", _reason(error))


def _reason(error: TelegramError) -> str:
    return "it does not accept the token" if isinstance(error, InvalidToken) else str(error)


def start_failure(error: TelegramError, application: BotApplication) -> str:
    """The sentence for the operator when Telegram refuses the bot or cannot be reached."""
    host = shown(application.bot.base_url.removesuffix(f"/bot{application.bot.token}"))
    if isinstance(error, InvalidToken):
        return (
            f"{host} does not accept BOT_TOKEN. Copy it again from @BotFather (/mybots, API Token)."
        )
    if isinstance(error, NetworkError) and not isinstance(error, BadRequest):
        return (
            f"{host} cannot be reached. Check the network, a proxy (HTTPS_PROXY) or "
            "TELEGRAM_API_URL, and start again."
        )
    return f"Telegram refused to start the bot: {error.message}."
