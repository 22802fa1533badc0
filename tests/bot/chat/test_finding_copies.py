"""A photo that is a copy of a stored one leads to it."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.chat.photo_lookup import find_copy
from recommenders import copies
from recommenders.copies import Hashes
from storage import Database, known_photos


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(f"sqlite+aiosqlite:///{tmp_path}/bot.db")
    yield opened
    await opened.close()


def vector(seed: int, dims: int = 32) -> NDArray[np.float32]:
    """Features that are no other seed's."""
    return np.random.default_rng(seed).standard_normal(dims).astype(np.float32)


async def find(
    database: Database, hashes: Hashes, features: NDArray[np.float32], backbone: str = "net"
) -> int | None:
    async with database.reading() as session:
        return await find_copy(session, hashes, backbone, features)


async def test_a_copy_is_found_by_near_hashes_and_like_features(database: Database) -> None:
    original = Hashes(0xF0E1D2C3B4A59687, 2**256 - 1)
    near = Hashes(original.average ^ 0b1001000000001 << 20 ^ 1 << 63, original.perceptual - 2**100)
    almost = vector(1) + 0.05 * vector(2)
    async with database.session() as session:
        photo = await known_photos.remember(session, hashes=original, features={"net": vector(1)})
    assert await find(database, near, almost) == photo
    assert await find(database, near, -vector(1)) is None
    far = Hashes(near.average, original.perceptual >> copies.MAX_PERCEPTUAL_DISTANCE + 1)
    assert await find(database, far, almost) is None
    assert await find(database, Hashes(~near.average % 2**64, near.perceptual), almost) is None


async def test_a_photo_without_features_of_the_backbone_is_known_by_its_hashes(
    database: Database,
) -> None:
    async with database.session() as session:
        old = await known_photos.remember(session, hashes=Hashes(7, 7), features={"old": vector(1)})
    assert await find(database, Hashes(6, 6), vector(2, 64), "new") == old
    assert await find(database, Hashes(6, 6), vector(2, 64), "old") == old
    async with database.session() as session:
        both = await known_photos.remember(
            session, hashes=Hashes(7, 7), features={"new": vector(2, 64)}
        )
    assert await find(database, Hashes(6, 6), vector(2, 64), "new") == both


async def test_a_copy_is_found_at_every_distance_that_counts(database: Database) -> None:
    random = np.random.default_rng(4)
    for number in range(40):
        average = int(random.integers(0, 2**64, dtype=np.uint64))
        features = vector(number)
        async with database.session() as session:
            photo = await known_photos.remember(
                session, hashes=Hashes(average, 0), features={"net": features}
            )
        bits = random.permutation(64)
        for bit in bits[: copies.MAX_DISTANCE]:
            average ^= 1 << int(bit)
        assert await find(database, Hashes(average, 0), features) == photo
        average ^= 1 << int(bits[-1])
        assert await find(database, Hashes(average, 0), features) is None


async def test_of_many_photos_with_one_hash_the_most_alike_is_the_copy(
    database: Database,
) -> None:
    async with database.session() as session:
        ids = [
            await known_photos.remember(
                session, hashes=Hashes(0, 0), features={"net": vector(number)}
            )
            for number in range(50)
        ]
    async with database.reading() as session:
        for number in (0, 20, 49):
            found = await find_copy(session, Hashes(1, 0), "net", vector(number))
            assert found == ids[number]
