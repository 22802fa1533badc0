"""Places for computing go round among those who wait."""

import asyncio
from collections.abc import Iterable

import pytest

from bot.chat.fair_places import MANY, FairPlaces


class Crowd:
    """People with photos; ``served`` is whose photos have begun, in order."""

    def __init__(self, places: FairPlaces) -> None:
        self.served: list[int] = []
        self._places = places
        self._photos: list[asyncio.Task[None]] = []
        self._end = asyncio.Event()

    async def send(self, people: Iterable[int]) -> list[asyncio.Task[None]]:
        """Each of these sends a photo; returns once all have a place or wait for one."""
        photos = [asyncio.create_task(self._photo(person)) for person in people]
        self._photos += photos
        await asyncio.sleep(0)
        return photos

    async def end(self) -> None:
        """Every photo is computed, one after another."""
        self._end.set()
        await asyncio.gather(*self._photos, return_exceptions=True)

    async def _photo(self, person: int) -> None:
        async with self._places.of(person):
            self.served.append(person)
            await self._end.wait()


async def test_a_single_photo_comes_right_after_those_that_have_begun() -> None:
    crowd = Crowd(FairPlaces(places=2, each=2))
    await crowd.send([1] * 10)
    await crowd.send([2, 3])
    await crowd.end()
    assert crowd.served[:2] == [1, 1]
    # One more of the first may have had its turn before the others came.
    assert {2, 3} <= set(crowd.served[2:5])
    assert len(crowd.served) == 12


async def test_nobody_holds_all_places() -> None:
    crowd = Crowd(FairPlaces(places=4, each=3))
    await crowd.send([1] * 10)
    assert crowd.served == [1, 1, 1]
    await crowd.send([2])
    assert crowd.served == [1, 1, 1, 2]
    await crowd.end()


async def test_who_gives_up_waiting_leaves_no_gap() -> None:
    crowd = Crowd(FairPlaces(places=1, each=1))
    await crowd.send([1])
    (waiting,) = await crowd.send([2])
    await crowd.send([3])
    waiting.cancel()
    await crowd.end()
    assert crowd.served == [1, 3]


async def test_a_place_is_given_back_after_a_failure() -> None:
    places = FairPlaces(places=1, each=1)
    for _ in range(3):
        with pytest.raises(RuntimeError, match="broken"):
            async with places.of(1):
                raise RuntimeError("broken")


async def test_many_that_wait_are_a_crowd_once() -> None:
    places = FairPlaces(places=1, each=1)
    crowd = Crowd(places)
    await crowd.send([1] * MANY)
    assert not places.becomes_crowd(1)
    await crowd.send([1])
    assert [places.becomes_crowd(person) for person in (1, 1, 2)] == [True, False, False]
    await crowd.end()
    assert not places.becomes_crowd(1)
