"""Fair queueing for computing: one person's first photo goes before another's thousandth."""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

PLACES = 16
"""Photos in memory at a time; further ones wait."""

EACH = 4
"""Most places of one person: enough to download photos while others are computed."""

DOCUMENT_PLACES = 4
"""Documents, of up to 20 MB each: enough to download some while one is decoded."""

MANY = 20
"""A person with so many waiting photos is told that it will take a while."""


class FairPlaces:
    """Serves people round-robin, one photo each, and never gives one person all places.

    Attributes:
        files: held for each file while its bytes are in memory, as an album has several.
    """

    def __init__(self, places: int = PLACES, each: int = EACH) -> None:
        self.files = asyncio.Semaphore(places)
        self._free = places
        self._each = each
        self._held: Counter[int] = Counter()
        self._waiting: OrderedDict[int, deque[asyncio.Future[None]]] = OrderedDict()
        self._crowds: set[int] = set()
        self._closed = False

    @asynccontextmanager
    async def of(self, person: int) -> AsyncIterator[None]:
        """Waits for the person's turn, and holds a place during the block."""
        if self._closed:
            raise asyncio.CancelledError
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(person, deque()).append(turn)
        self._hand_out()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._dequeue(person, turn)
                self._hand_out()
            else:
                self._give_back(person)
            raise
        try:
            yield
        finally:
            self._give_back(person)

    def close(self) -> None:
        """Cancels those who wait, now or later; those who hold a place keep it."""
        self._closed = True
        for turns in list(self._waiting.values()):
            for turn in list(turns):
                turn.cancel()

    @property
    def waiting(self) -> int:
        """How many photos wait for a place."""
        return sum(map(len, self._waiting.values()))

    @property
    def people_waiting(self) -> int:
        """How many people have photos waiting."""
        return len(self._waiting)

    def becomes_crowd(self, person: int) -> bool:
        """Whether many of a person's photos wait: True once, until none waits any more."""
        if person in self._crowds or len(self._waiting.get(person, ())) < MANY:
            return False
        self._crowds.add(person)
        return True

    def _hand_out(self) -> None:
        for person in list(self._waiting):
            if not self._free:
                return
            turn = self._waiting[person][0]
            if self._held[person] < self._each and not turn.cancelled():
                self._dequeue(person, turn)
                self._free -= 1
                self._held[person] += 1
                turn.set_result(None)

    def _dequeue(self, person: int, turn: asyncio.Future[None]) -> None:
        """Takes a photo out of the queue; a person with more of them moves to the queue's end."""
        turns = self._waiting[person]
        turns.remove(turn)
        if turns:
            self._waiting.move_to_end(person)
        else:
            del self._waiting[person]
            self._crowds.discard(person)

    def _give_back(self, person: int) -> None:
        self._free += 1
        self._held[person] -= 1
        if not self._held[person]:
            del self._held[person]
        self._hand_out()
