"""A lock for each chat, held while a message is sent or changed and stored to be so."""

import asyncio
from weakref import WeakValueDictionary


class ChatLocks:
    """Locks by chat, which exist while anyone uses them.

    What is stored about a message bears its number, so it can be stored only once the message is
    out. Whoever handles a reply to that message waits here until it is stored; a tap on it holds
    the lock, since another may follow before the message shows what the first one changed.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def of(self, chat_id: int) -> asyncio.Lock:
        return self._locks.setdefault(chat_id, asyncio.Lock())

    async def wait(self, chat_id: int) -> None:
        """Returns once what was sent is also stored."""
        async with self.of(chat_id):
            pass
