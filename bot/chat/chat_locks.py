"""A lock for each chat, held while a message is sent or edited and that is stored."""

import asyncio
from weakref import WeakValueDictionary


class ChatLocks:
    """Locks by chat, which exist while they are used.

    A message's number is known, and stored, only after it was sent: a handler of a reply to it
    waits here for that. A tap holds the lock, so that the next one sees what it has changed.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def of(self, chat_id: int) -> asyncio.Lock:
        return self._locks.setdefault(chat_id, asyncio.Lock())

    async def wait(self, chat_id: int) -> None:
        """Returns once what was sent is also stored."""
        async with self.of(chat_id):
            pass
