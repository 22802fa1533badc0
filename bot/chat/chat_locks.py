"""One after the other in a chat: a message that is sent, and what is stored about it."""

import asyncio
from weakref import WeakValueDictionary


class Turns:
    """A lock for each chat, kept while anyone uses it.

    What is stored about a message bears its number, so it can be stored only once the message is
    out. Whoever is told of a tap on that message, or of a reply to it, waits here for that.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def __call__(self, chat_id: int) -> asyncio.Lock:
        return self._locks.setdefault(chat_id, asyncio.Lock())

    async def over(self, chat_id: int) -> None:
        """Wait until what was sent is also stored."""
        async with self(chat_id):
            pass
