"""Shows people "typing…" while their photo takes a while."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from telegram import Bot
from telegram.constants import ChatAction
from telegram.error import TelegramError

AFTER = 0.7
"""Seconds; most answers are sent by then, and each action costs a request."""

REPEAT_AFTER = 4.5
"""Seconds; Telegram shows an action for five seconds."""

_Topic = tuple[int, int | None]
"""A chat, and the topic in it."""


class Typing:
    """Shows the action once per chat, for as long as anything is being computed for it.

    Args:
        is_busy: whether to leave it out, since the requests would make everybody wait longer.
    """

    def __init__(self, is_busy: Callable[[], bool] = lambda: False) -> None:
        self._is_busy = is_busy
        self._work_counts: Counter[_Topic] = Counter()
        self._shown: dict[_Topic, asyncio.Task[None]] = {}
        self._ends_at: dict[_Topic, float] = {}
        self._sending: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def shown(
        self, bot: Bot, chat_id: int, thread_id: int | None = None
    ) -> AsyncIterator[None]:
        topic = (chat_id, thread_id)
        self._work_counts[topic] += 1
        if topic not in self._shown:
            self._shown[topic] = asyncio.create_task(self._repeat(bot, topic))
        try:
            yield
        finally:
            self._work_counts[topic] -= 1
            if not self._work_counts[topic]:
                del self._work_counts[topic]
                self._shown.pop(topic).cancel()

    async def _repeat(self, bot: Bot, topic: _Topic) -> None:
        clock = asyncio.get_running_loop().time
        await asyncio.sleep(max(AFTER, self._ends_at.get(topic, 0.0) - clock()))
        while True:
            if not self._is_busy():
                now = clock()
                self._ends_at = {one: at for one, at in self._ends_at.items() if at > now}
                self._ends_at[topic] = now + REPEAT_AFTER
                # A task of its own: cancelling a request midway would close its connection.
                sending = asyncio.create_task(_send(bot, *topic))
                self._sending.add(sending)
                sending.add_done_callback(self._sending.discard)
            await asyncio.sleep(REPEAT_AFTER)


async def _send(bot: Bot, chat_id: int, thread_id: int | None) -> None:
    # Only a courtesy, so it may fail.
    with suppress(TelegramError):
        await bot.send_chat_action(chat_id, ChatAction.TYPING, message_thread_id=thread_id)
