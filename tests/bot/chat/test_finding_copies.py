"""A photo that is a copy of a stored one leads to it."""

from collections.abc import AsyncIterator

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.chat.photo_lookup import find_copy
from bot.settings import Settings
from recommenders import copies
from recommenders.copies import Hashes
from storage import Database, known_photos


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    opened = await Database.open(settings.database_url)
    yield opened
    await opened.close()


def vector(seed: int, dims: int = 32) -> NDArray[np.float32]:
    """Features that are no other seed's."""
    return np.random.default_rng(seed).standard_normal(dims).astype(np.float32)


async def remember(database: Database, hashes: Hashes, **features: NDArray[np.float32]) -> int:
    async with database.session() as session:
        return await known_photos.remember(session, hashes=hashes, features=features)


async def find(
    database: Database, hashes: Hashes, features: NDArray[np.float32], backbone: str = "net"
) -> int | None:
    async with database.reading() as session:
        return await find_copy(session, hashes, backbone, features)


ORIGINAL = Hashes(0xF0E1D2C3B4A59687, 2**256 - 1)
NEAR = Hashes(ORIGINAL.average ^ 0b1001000000001 << 20 ^ 1 << 63, ORIGINAL.perceptual - 2**100)
FAR = {
    "average": Hashes(~NEAR.average % 2**64, NEAR.perceptual),
    "perceptual": Hashes(NEAR.average, ORIGINAL.perceptual >> copies.LIMITS.perceptual + 1),
}


@pytest.fixture
async def original(database: Database) -> int:
    return await remember(database, ORIGINAL, net=vector(1))


async def test_a_copy_is_found_by_near_hashes_and_like_features(
    database: Database, original: int
) -> None:
    assert await find(database, NEAR, vector(1) + 0.05 * vector(2)) == original


@pytest.mark.usefixtures("original")
async def test_a_photo_whose_features_differ_is_no_copy(database: Database) -> None:
    assert await find(database, NEAR, -vector(1)) is None


@pytest.mark.usefixtures("original")
async def test_an_original_that_is_deleted_while_it_is_looked_at_is_none(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: object, **__: object) -> dict[int, tuple[bytes, bytes | None]]:
        return {}

    monkeypatch.setattr(known_photos, "perceptual_hashes_and_colours", nothing)
    assert await find(database, NEAR, vector(1)) is None


@pytest.mark.usefixtures("original")
@pytest.mark.parametrize("far", FAR)
async def test_a_photo_one_of_whose_hashes_is_far_is_no_copy(database: Database, far: str) -> None:
    assert await find(database, FAR[far], vector(1)) is None


@pytest.mark.parametrize("backbone", ["new", "old"])
async def test_a_photo_without_features_to_compare_is_known_by_its_hashes(
    database: Database, backbone: str
) -> None:
    old = await remember(database, Hashes(7, 7), old=vector(1))
    assert await find(database, Hashes(6, 6), vector(2, 64), backbone) == old


async def test_a_photo_with_features_to_compare_comes_before_one_without(
    database: Database,
) -> None:
    await remember(database, Hashes(7, 7), old=vector(1))
    both = await remember(database, Hashes(7, 7), new=vector(2, 64))
    assert await find(database, Hashes(6, 6), vector(2, 64), "new") == both


async def test_a_copy_is_found_at_every_distance_that_counts(database: Database) -> None:
    random = np.random.default_rng(4)
    for number in range(40):
        average = int(random.integers(0, 2**64, dtype=np.uint64))
        features = vector(number)
        photo = await remember(database, Hashes(average, 0), net=features)
        bits = random.permutation(64)
        for bit in bits[: copies.MAX_DISTANCE]:
            average ^= 1 << int(bit)
        assert await find(database, Hashes(average, 0), features) == photo
        average ^= 1 << int(bits[-1])
        assert await find(database, Hashes(average, 0), features) is None


async def test_of_many_photos_with_one_hash_the_most_alike_is_the_copy(
    database: Database,
) -> None:
    ids = [await remember(database, Hashes(0, 0), net=vector(number)) for number in range(50)]
    for number in (0, 20, 49):
        assert await find(database, Hashes(1, 0), vector(number)) == ids[number]
