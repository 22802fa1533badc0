"""The "typing…" that people see while their photo is looked at."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from telegram import Bot
from telegram.constants import ChatAction
from telegram.error import TelegramError

REPEAT_AFTER = 4.5
"""Seconds; Telegram shows an action for five."""


class Typing:
    """Keeps the action up for as long as anything is worked on for a chat, once per chat."""

    def __init__(self) -> None:
        self._works: Counter[tuple[int, int | None]] = Counter()
        self._shown: dict[tuple[int, int | None], asyncio.Task[None]] = {}

    @asynccontextmanager
    async def shown(
        self, bot: Bot, chat_id: int, thread_id: int | None = None
    ) -> AsyncIterator[None]:
        place = (chat_id, thread_id)
        self._works[place] += 1
        if place not in self._shown:
            self._shown[place] = asyncio.create_task(_repeat(bot, *place))
        try:
            yield
        finally:
            self._works[place] -= 1
            if not self._works[place]:
                del self._works[place]
                self._shown.pop(place).cancel()


async def _repeat(bot: Bot, chat_id: int, thread_id: int | None) -> None:
    while True:
        # The answer matters, the courtesy may fail.
        with suppress(TelegramError):
            await bot.send_chat_action(chat_id, ChatAction.TYPING, message_thread_id=thread_id)
        await asyncio.sleep(REPEAT_AFTER)
