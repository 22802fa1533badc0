"""A lock for each chat, held while a message is sent and what is stored about it is written."""

import asyncio
from weakref import WeakValueDictionary


class ChatLocks:
    """Locks by chat, which exist while anyone uses them.

    What is stored about a message bears its number, so it can be stored only once the message is
    out. Whoever handles a tap on that message, or a reply to it, waits here until it is stored.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def of(self, chat_id: int) -> asyncio.Lock:
        return self._locks.setdefault(chat_id, asyncio.Lock())

    async def wait(self, chat_id: int) -> None:
        """Returns once what was sent is also stored."""
        async with self.of(chat_id):
            pass
