from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from storage import Database, labels, moderation, training_labels
from storage.training_labels import LabelledPhoto

Vector = Callable[..., NDArray[np.float32]]
NewPhoto = Callable[..., Awaitable[int]]


async def add(database: Database, photo: int, *hashtags: str, user: int = 1) -> None:
    async with database.session() as session:
        await labels.add(
            session,
            user_id=user,
            chat_id=user,
            photo_id=photo,
            hashtags=hashtags,
            vocabulary={"dog", "cat"},
        )


async def labelled(database: Database, **options: Any) -> list[LabelledPhoto]:
    async with database.reading() as session:
        batches = training_labels.labelled(session, "net", **options)
        return [photo async for batch in batches for photo in batch]


async def test_labels_come_with_the_features_they_belong_to(
    database: Database, new_photo: NewPhoto, vector: Vector
) -> None:
    first, second = await new_photo(net=vector(8)), await new_photo(net=vector(9))
    await add(database, second, "cat")
    await add(database, first, "dog", "snow")
    await add(database, first, "dog", user=2)
    photos = await labelled(database)
    assert [photo.photo_id for photo in photos] == [first, second]
    assert photos[0].hashtags == {"dog": 2, "snow": 1} and photos[1].hashtags == {"cat": 1}
    np.testing.assert_allclose(photos[1].features, vector(9), atol=1e-2)


async def test_photos_come_with_the_numbers_of_their_labels(
    database: Database, new_photo: NewPhoto
) -> None:
    photo = await new_photo()
    await add(database, photo, "dog", "snow")
    await add(database, photo, "dog", user=2)
    assert len(set((await labelled(database))[0].label_ids)) == 3


async def test_labels_taken_back_and_photos_without_labels_are_left_out(
    database: Database, new_photo: NewPhoto
) -> None:
    photo, gone = await new_photo(), await new_photo()
    await new_photo()
    await add(database, photo, "dog", "cat")
    await add(database, gone, "dog")
    async with database.session() as session:
        await labels.remove(session, 1, "dog")
    assert [dict(each.hashtags) for each in await labelled(database)] == [{"cat": 1}]


async def test_batches_hold_every_photo_once(database: Database, new_photo: NewPhoto) -> None:
    ids = [await new_photo() for _ in range(10)]
    for photo in ids:
        await add(database, photo, "dog")
    async with database.reading() as session:
        sizes = [len(batch) async for batch in training_labels.labelled(session, "net", batch=4)]
    assert sizes == [4, 4, 2]
    assert [photo.photo_id for photo in await labelled(database, batch=3)] == ids


async def test_one_photo_comes_with_its_labels(database: Database, new_photo: NewPhoto) -> None:
    photo = await new_photo()
    await add(database, photo, "dog", "sea")
    async with database.reading() as session:
        one = await training_labels.labelled_photo(session, "net", photo)
    assert one is not None and list(one.hashtags) == ["dog", "sea"]


async def test_a_photo_without_labels_or_features_of_the_backbone_does_not_come(
    database: Database, new_photo: NewPhoto
) -> None:
    photo, bare = await new_photo(), await new_photo()
    await add(database, photo, "dog", "sea")
    async with database.reading() as session:
        assert await training_labels.labelled_photo(session, "net", bare) is None
        assert await training_labels.labelled_photo(session, "other", photo) is None


async def test_a_backbone_that_is_missing_is_told_and_left_out(
    database: Database, new_photo: NewPhoto, vector: Vector
) -> None:
    here, elsewhere = await new_photo(), await new_photo(other=vector(1))
    await add(database, here, "dog")
    await add(database, elsewhere, "cat", "dog")
    assert [photo.photo_id for photo in await labelled(database)] == [here]
    async with database.reading() as session:
        assert await training_labels.without_features(session, "net") == 1
        assert await training_labels.without_features(session, "none") == 2


@pytest.fixture
async def learnt_and_not(database: Database, new_photo: NewPhoto) -> tuple[int, int]:
    """A photo whose two labels ``starter-2`` has learnt, and one whose label it has not."""
    first, second = await new_photo(), await new_photo()
    await add(database, first, "dog", "cat")
    await add(database, second, "cat")
    ids = (await labelled(database))[0].label_ids
    async with database.session() as session:
        assert await training_labels.unlearnt(session) == 3
        assert await training_labels.mark_learnt(session, ids, "starter-2") == 2
    return first, second


@pytest.mark.usefixtures("learnt_and_not")
async def test_what_was_learnt_is_not_learnt_twice(database: Database) -> None:
    ids = (await labelled(database))[0].label_ids
    async with database.session() as session:
        assert await training_labels.mark_learnt(session, ids, "starter-3") == 0
        assert await training_labels.unlearnt(session) == 1


async def test_photos_with_labels_to_learn_come_alone(
    database: Database, learnt_and_not: tuple[int, int]
) -> None:
    photos = await labelled(database, unlearnt_only=True)
    assert [photo.photo_id for photo in photos] == [learnt_and_not[1]]


async def test_a_photo_with_one_label_to_learn_comes_with_all_of_its_labels(
    database: Database, learnt_and_not: tuple[int, int]
) -> None:
    await add(database, learnt_and_not[0], "snow")
    photos = await labelled(database, unlearnt_only=True)
    assert photos[0].hashtags == {"dog": 1, "cat": 1, "snow": 1}


@pytest.mark.usefixtures("learnt_and_not")
async def test_what_a_version_learnt_is_to_be_learnt_again_once_it_is_rolled_back(
    database: Database,
) -> None:
    async with database.session() as session:
        assert await training_labels.unmark_learnt(session, "starter-2") == 2
        assert await training_labels.unlearnt(session) == 3


async def test_what_may_not_be_shared_is_left_out_of_what_all_learn(
    database: Database, new_photo: NewPhoto
) -> None:
    photo, lonely = await new_photo(), await new_photo()
    await add(database, photo, "dog", "shared", "mine", "blocked")
    await add(database, photo, "shared", "blocked", user=2)
    await add(database, lonely, "mine")
    async with database.session() as session:
        await moderation.block(session, "blocked", 99)
    assert [dict(each.hashtags) for each in await labelled(database, shared_only=True)] == [
        {"dog": 1, "shared": 2}
    ]
    both = {"shared_only": True, "unlearnt_only": True}
    assert len(await labelled(database, **both)) == 1
    assert len(await labelled(database)) == 2
