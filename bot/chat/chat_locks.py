"""A lock for each chat, held while a message is sent or edited and the result is stored."""

import asyncio
from weakref import WeakValueDictionary


class ChatLocks:
    """A lock for each chat that needs one at the moment.

    A message's number is known only once it is sent: whoever handles a reply to it waits here until
    the number is stored. A tap holds the lock, so that the next tap sees its changes.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def of(self, chat_id: int) -> asyncio.Lock:
        return self._locks.setdefault(chat_id, asyncio.Lock())

    async def wait(self, chat_id: int) -> None:
        """Waits until what is being sent is also stored."""
        async with self.of(chat_id):
            pass
