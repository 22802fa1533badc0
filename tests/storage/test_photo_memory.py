import asyncio
from collections.abc import Awaitable, Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from recommenders import copies
from recommenders.copies import Hashes
from storage import Database, known_photos, sightings

Vector = Callable[..., NDArray[np.float32]]
NewPhoto = Callable[..., Awaitable[int]]


async def test_features_come_back_at_half_precision(database: Database, vector: Vector) -> None:
    given = {"one": vector(1, 1280), "two": vector(2, 2048)}
    async with database.session() as session:
        photo = await known_photos.remember(session, hashes=Hashes(2**64 - 1, 0), features=given)
    async with database.reading() as session:
        kept = await known_photos.features(session, photo)
        only = await known_photos.features(session, photo, ["two", "three"])
    assert kept.keys() == given.keys() and only.keys() == {"two"}
    for name, features in kept.items():
        assert features.dtype == np.float32
        np.testing.assert_allclose(features, given[name], rtol=1e-3, atol=1e-3)


async def test_a_backbone_can_be_added_later(
    database: Database, vector: Vector, new_photo: NewPhoto
) -> None:
    photo = await new_photo(one=vector(1))
    async with database.session() as session:
        await known_photos.add_features(session, photo, {"two": vector(2), "one": vector(3)})
        kept = await known_photos.features(session, photo)
    np.testing.assert_allclose(kept["one"], vector(3), atol=1e-2)
    np.testing.assert_allclose(kept["two"], vector(2), atol=1e-2)


@pytest.mark.parametrize("bad", [np.array([1.0, np.nan]), np.array([np.inf]), np.ones((2, 2))])
async def test_features_that_are_no_vector_of_numbers_are_refused(
    database: Database, bad: np.ndarray
) -> None:
    with pytest.raises(ValueError, match="net"):
        async with database.session() as session:
            await known_photos.remember(session, hashes=Hashes(1, 0), features={"net": bad})


async def test_a_number_too_large_for_half_precision_stays_finite(
    database: Database,
) -> None:
    async with database.session() as session:
        large = np.array([1e9, -1e9], np.float32)
        photo = await known_photos.remember(session, hashes=Hashes(1, 0), features={"net": large})
        assert np.isfinite((await known_photos.features(session, photo))["net"]).all()


async def test_a_file_that_was_seen_leads_to_its_photo(database: Database, vector: Vector) -> None:
    async with database.session() as session:
        photo = await known_photos.remember(
            session, hashes=Hashes(1, 0), features={"net": vector(1)}, file_unique_id="AQAD"
        )
        await known_photos.add_file(session, photo, "AQAD2")
        await known_photos.add_file(session, photo, "AQAD2")
        again = await known_photos.remember(
            session, hashes=Hashes(1, 0), features={"net": vector(1)}, file_unique_id="AQAD2"
        )
    assert again == photo
    async with database.reading() as session:
        assert await known_photos.find_by_file(session, "AQAD") == photo
        assert await known_photos.find_by_file(session, "AQAD2") == photo
        assert await known_photos.find_by_file(session, "other") is None


async def test_two_users_sending_one_file_at_once_get_one_photo(
    database: Database, vector: Vector
) -> None:
    async def send() -> int:
        async with database.session() as session:
            return await known_photos.remember(
                session, hashes=Hashes(9, 0), features={"net": vector(1)}, file_unique_id="same"
            )

    assert len(set(await asyncio.gather(*(send() for _ in range(20))))) == 1


async def find(
    database: Database, hashes: Hashes, features: NDArray[np.float32], backbone: str = "net"
) -> int | None:
    async with database.reading() as session:
        return await known_photos.find_copy(session, hashes, backbone, features)


async def test_a_copy_is_found_by_near_hashes_and_like_features(
    database: Database, vector: Vector
) -> None:
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
    database: Database, new_photo: NewPhoto, vector: Vector
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


async def test_a_copy_is_found_at_every_distance_that_counts(
    database: Database, vector: Vector
) -> None:
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
    vector: Vector,
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
            found = await known_photos.find_copy(session, Hashes(1, 0), "net", vector(number))
            assert found == ids[number]


async def test_the_last_photo_of_a_chat_is_found_and_that_of_one_user(
    database: Database, new_photo: NewPhoto
) -> None:
    first, second, answer = [await new_photo() for _ in range(3)]
    async with database.session() as session:
        await sightings.seen(session, chat_id=1, message_id=10, photo_id=second, user_id=7)
        await sightings.seen(session, chat_id=1, message_id=11, photo_id=first, user_id=8)
        await sightings.seen(session, chat_id=2, message_id=11, photo_id=second, user_id=8)
        await sightings.answered(session, chat_id=1, message_id=12, photo_ids=[answer])
    async with database.reading() as session:
        assert await sightings.last_in_chat(session, 1) == first
        assert await sightings.last_in_chat(session, 1, user_id=7) == second
        assert await sightings.last_in_chat(session, 1, user_id=9) is None
        assert await sightings.last_in_chat(session, 3) is None


async def test_a_message_leads_to_its_photos_the_bots_too(
    database: Database, new_photo: NewPhoto
) -> None:
    ids = [await new_photo() for _ in range(3)]
    async with database.session() as session:
        for number, photo in enumerate(ids):
            for _ in range(2):
                await sightings.seen(
                    session,
                    chat_id=-5,
                    message_id=20 + number,
                    photo_id=photo,
                    user_id=1,
                    media_group="album",
                )
        await sightings.answered(session, chat_id=-5, message_id=30, photo_ids=ids)
    async with database.reading() as session:
        assert await sightings.of_message(session, -5, 21) == [ids[1]]
        assert await sightings.of_message(session, -5, 30) == ids
        assert await sightings.of_message(session, -5, 99) == []
        assert await sightings.of_message(session, 5, 21) == []
        assert await sightings.of_album(session, -5, "album") == ids
        assert await sightings.of_album(session, -6, "album") == []
