import asyncio
from collections.abc import Awaitable, Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from recommenders.copies import Hashes
from storage import Database, known_photos, sightings

Vector = Callable[..., NDArray[np.float32]]
NewPhoto = Callable[..., Awaitable[int]]


async def test_features_come_back_at_half_precision(database: Database, vector: Vector) -> None:
    features = {"one": vector(1, 1280), "two": vector(2, 2048)}
    async with database.session() as session:
        photo = await known_photos.remember(session, hashes=Hashes(2**64 - 1, 0), features=features)
    async with database.reading() as session:
        stored = await known_photos.features(session, photo)
    assert stored.keys() == features.keys()
    for name, row in stored.items():
        assert row.dtype == np.float32
        np.testing.assert_allclose(row, features[name], rtol=1e-3, atol=1e-3)


async def test_only_features_that_are_asked_for_and_there_come_back(
    database: Database, vector: Vector, new_photo: NewPhoto
) -> None:
    photo = await new_photo(one=vector(1), two=vector(2))
    async with database.reading() as session:
        stored = await known_photos.features(session, photo, ["two", "three"])
    assert stored.keys() == {"two"}


async def test_of_several_photos_those_come_back_that_have_all_features_asked_for(
    database: Database, vector: Vector, new_photo: NewPhoto
) -> None:
    both, one = await new_photo(one=vector(1), two=vector(2)), await new_photo(one=vector(3))
    async with database.reading() as session:
        stored = await known_photos.complete_features(session, [one, both], ["two", "one"])
        assert stored.keys() == {both} and stored[both].keys() == {"one", "two"}
        assert list(await known_photos.complete_features(session, [one, both], ["one"])) == [
            one,
            both,
        ]


async def test_a_backbone_can_be_added_later(
    database: Database, vector: Vector, new_photo: NewPhoto
) -> None:
    photo = await new_photo(one=vector(1))
    async with database.session() as session:
        await known_photos.add_features(session, photo, {"two": vector(2), "one": vector(3)})
        features = await known_photos.features(session, photo)
    np.testing.assert_allclose(features["one"], vector(3), atol=1e-2)
    np.testing.assert_allclose(features["two"], vector(2), atol=1e-2)


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
        for _ in range(2):
            await known_photos.add_file(session, photo, "AQAD2")
    async with database.reading() as session:
        assert await known_photos.find_by_file(session, "AQAD") == photo
        assert await known_photos.find_by_file(session, "AQAD2") == photo


async def test_a_file_that_was_not_seen_leads_nowhere(database: Database) -> None:
    async with database.reading() as session:
        assert await known_photos.find_by_file(session, "other") is None


async def test_a_photo_is_not_stored_again_for_a_known_file(
    database: Database, vector: Vector, photo: int
) -> None:
    async with database.session() as session:
        await known_photos.add_file(session, photo, "AQAD")
        again = await known_photos.remember(
            session, hashes=Hashes(1, 0), features={"net": vector(1)}, file_unique_id="AQAD"
        )
    assert again == photo


async def test_two_users_sending_one_file_at_once_get_one_photo(
    database: Database, vector: Vector
) -> None:
    async def send() -> int:
        async with database.session() as session:
            return await known_photos.remember(
                session, hashes=Hashes(9, 0), features={"net": vector(1)}, file_unique_id="same"
            )

    assert len(set(await asyncio.gather(*(send() for _ in range(20))))) == 1


async def last_photo(
    database: Database, *, user: int, topic: int | None = None, chat: int = -1
) -> list[int]:
    async with database.reading() as session:
        return await sightings.last_of(session, chat_id=chat, topic_id=topic, user_id=user)


async def test_the_last_photo_of_a_user_in_a_chat_is_found(
    database: Database, new_photo: NewPhoto
) -> None:
    first, second, answer = [await new_photo() for _ in range(3)]
    async with database.session() as session:
        await sightings.seen(session, chat_id=-1, message_id=10, photo_id=second, user_id=7)
        await sightings.seen(session, chat_id=-1, message_id=11, photo_id=first, user_id=8)
        await sightings.seen(session, chat_id=-2, message_id=11, photo_id=second, user_id=8)
        await sightings.answered(session, chat_id=-1, message_id=12, photo_ids=[answer])
    assert await last_photo(database, user=8) == [first]
    assert await last_photo(database, user=7) == [second]
    assert await last_photo(database, user=7, chat=-2) == []


async def test_the_last_photo_of_a_user_in_a_topic_is_found(
    database: Database, new_photo: NewPhoto
) -> None:
    first, second = [await new_photo() for _ in range(2)]
    async with database.session() as session:
        same = {"chat_id": -1, "user_id": 7}
        await sightings.seen(session, message_id=10, photo_id=first, topic_id=3, **same)
        await sightings.seen(session, message_id=11, photo_id=second, topic_id=4, **same)
    assert await last_photo(database, user=7, topic=3) == [first]
    assert await last_photo(database, user=7) == []


async def test_with_the_last_photo_come_those_of_the_album_that_was_answered_with_it(
    database: Database, new_photo: NewPhoto
) -> None:
    first, second = [await new_photo() for _ in range(2)]
    async with database.session() as session:
        for message_id, photo_id in ((10, second), (12, first), (13, second)):
            same = {"chat_id": -1, "user_id": 7}
            await sightings.seen(session, message_id=message_id, photo_id=photo_id, **same)
            if message_id == 10:  # this one alone, before the album
                await sightings.answered(session, chat_id=-1, message_id=11, photo_ids=[second])
        await sightings.answered(session, chat_id=-1, message_id=14, photo_ids=[first, second])
        await sightings.answered(session, chat_id=-1, message_id=15, photo_ids=[second])
    assert await last_photo(database, user=7) == [first, second]


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
                )
        await sightings.answered(session, chat_id=-5, message_id=30, photo_ids=ids)
    async with database.reading() as session:
        assert await sightings.of_message(session, -5, 21) == [ids[1]]
        assert await sightings.of_message(session, -5, 30) == ids
        assert await sightings.of_message(session, -5, 99) == []
        assert await sightings.of_message(session, 5, 21) == []
