from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from storage import Database, labels, moderation, training_labels
from storage.tables import LabelDecision, now
from storage.training_labels import Counts, LabelledPhoto, Lesson

Vector = Callable[..., NDArray[np.float32]]
NewPhoto = Callable[..., Awaitable[int]]


async def add(
    database: Database, photo: int, *hashtags: str, user: int = 1, chat: int | None = None
) -> None:
    async with database.session() as session:
        await labels.add(
            session,
            person=user,
            chat_id=user if chat is None else chat,
            photo_id=photo,
            hashtags=dict(zip(hashtags, hashtags, strict=True)),
            blocklist=await moderation.in_force(session),
        )


async def by_two(database: Database, photo: int, *hashtags: str) -> None:
    """Two users add hashtags, which makes them everybody's."""
    for user in (1, 2):
        await add(database, photo, *hashtags, user=user)


async def labelled(database: Database, **options: Any) -> list[LabelledPhoto]:
    async with database.reading() as session:
        batches = training_labels.labelled(session, "net", **options)
        return [photo async for batch in batches for photo in batch]


async def lessons(database: Database, photos: list[int] | None = None) -> list[Lesson]:
    async with database.reading() as session:
        batches = training_labels.lessons(session, "net", photos)
        return [photo async for batch in batches for photo in batch]


async def remove(database: Database, user: int, hashtag: str) -> None:
    async with database.session() as session:
        mine = await labels.mine(session, user)
        number = next(one.label_id for one in mine.items if one.hashtag == hashtag)
        await labels.remove(session, user, number)


async def test_lessons_come_with_the_features_they_belong_to(
    database: Database, new_photo: NewPhoto, vector: Vector
) -> None:
    first, second = await new_photo(net=vector(8)), await new_photo(net=vector(9))
    await add(database, second, "cat")
    await add(database, first, "dog", "snow")
    photos = await lessons(database)
    assert [photo.photo_id for photo in photos] == [first, second]
    assert photos[0].hashtags == {1: ("dog", "snow")}
    np.testing.assert_allclose(photos[1].features, vector(9), atol=1e-2)


async def test_a_lesson_is_for_the_chat_and_its_persons_private_chat(
    database: Database, photo: int
) -> None:
    await add(database, photo, "dog", chat=-5)
    await add(database, photo, "cat", user=2, chat=-5)
    (lesson,) = await lessons(database)
    assert lesson.hashtags == {-5: ("dog", "cat"), 1: ("dog",), 2: ("cat",)}


async def test_what_two_people_agree_on_is_everybodys_lesson(
    database: Database, photo: int
) -> None:
    await add(database, photo, "dog", "sea")
    await add(database, photo, "dog", user=2)
    (lesson,) = await lessons(database)
    assert lesson.hashtags == {None: ("dog",), 1: ("sea",)}


async def test_only_lessons_that_are_asked_for_come(
    database: Database, new_photo: NewPhoto
) -> None:
    ids = [await new_photo() for _ in range(3)]
    for photo in ids[:2]:
        await add(database, photo, "dog")
    assert [one.photo_id for one in await lessons(database, ids[1:])] == [ids[1]]
    assert await lessons(database, []) == []


async def test_all_lessons_come_in_batches(database: Database, new_photo: NewPhoto) -> None:
    ids = [await new_photo() for _ in range(10)]
    for photo in ids:
        await add(database, photo, "dog")
    assert [photo.photo_id for photo in await lessons(database)] == ids
    assert [photo.photo_id for photo in await lessons(database, ids)] == ids


async def test_photos_come_with_the_numbers_of_their_labels(database: Database, photo: int) -> None:
    await by_two(database, photo, "dog", "snow")
    assert len(set((await labelled(database))[0].label_ids)) == 4


async def test_labels_taken_back_and_photos_without_labels_are_left_out(
    database: Database, new_photo: NewPhoto
) -> None:
    photo, gone = await new_photo(), await new_photo()
    await new_photo()
    await add(database, photo, "dog", "cat")
    await add(database, gone, "dog")
    await remove(database, 1, "dog")
    assert [one.hashtags for one in await lessons(database)] == [{1: ("cat",)}]


async def test_a_backbone_that_is_missing_is_told_and_left_out(
    database: Database, new_photo: NewPhoto, vector: Vector
) -> None:
    here, elsewhere = await new_photo(), await new_photo(other=vector(1))
    await add(database, here, "dog")
    await add(database, elsewhere, "cat", "dog")
    assert [photo.photo_id for photo in await lessons(database)] == [here]
    async with database.reading() as session:
        assert await training_labels.without_features(session, "net") == 1
        assert await training_labels.without_features(session, "none") == 2


async def counted(database: Database, *learnt_in: str) -> Counts:
    async with database.reading() as session:
        return await training_labels.count(session, "net", learnt_in)


@pytest.fixture
async def learnt_and_not(database: Database, new_photo: NewPhoto) -> tuple[int, int]:
    """A photo whose two labels ``starter-2`` has learnt, and one whose label it has not."""
    first, second = await new_photo(), await new_photo()
    await by_two(database, first, "dog")
    await by_two(database, second, "cat")
    ids = (await labelled(database))[0].label_ids
    async with database.session() as session:
        assert await training_labels.mark_learnt(session, ids, "starter-2") == 2
    return first, second


@pytest.mark.usefixtures("learnt_and_not")
async def test_what_was_learnt_is_not_learnt_twice(database: Database) -> None:
    ids = (await labelled(database))[0].label_ids
    async with database.session() as session:
        assert await training_labels.mark_learnt(session, ids, "starter-3", ["starter-2"]) == 0
    counts = await counted(database, "starter-2", "starter-3")
    assert (counts.learnt, counts.waiting) == (2, {"next": 2})


@pytest.mark.usefixtures("learnt_and_not")
async def test_what_a_version_learnt_that_is_not_in_use_is_not_known(database: Database) -> None:
    assert (await counted(database)).waiting == {"next": 4}
    assert len(await labelled(database, not_learnt_in=[])) == 2
    ids = (await labelled(database))[0].label_ids
    async with database.session() as session:
        assert await training_labels.mark_learnt(session, ids, "mine-2") == 2


async def test_photos_with_labels_to_learn_come_alone(
    database: Database, learnt_and_not: tuple[int, int]
) -> None:
    photos = await labelled(database, not_learnt_in=["starter-2"])
    assert [photo.photo_id for photo in photos] == [learnt_and_not[1]]


async def test_a_photo_with_one_label_to_learn_comes_with_all_of_its_labels(
    database: Database, learnt_and_not: tuple[int, int]
) -> None:
    await by_two(database, learnt_and_not[0], "snow")
    photos = await labelled(database, not_learnt_in=["starter-2"])
    assert photos[0].hashtags == {"dog": 2, "snow": 2}
    assert photos[0].unlearnt == {"snow"}


async def test_a_learnt_hashtag_that_another_person_gives_is_still_learnt(
    database: Database, learnt_and_not: tuple[int, int]
) -> None:
    await add(database, learnt_and_not[0], "dog", user=3)
    photos = await labelled(database, not_learnt_in=["starter-2"])
    assert [photo.unlearnt for photo in photos] == [frozenset(), {"cat"}]


async def test_a_label_to_learn_that_is_not_everybodys_brings_no_photo(
    database: Database, learnt_and_not: tuple[int, int]
) -> None:
    await add(database, learnt_and_not[0], "snow")
    photos = await labelled(database, not_learnt_in=["starter-2"])
    assert [photo.photo_id for photo in photos] == [learnt_and_not[1]]


@pytest.mark.usefixtures("learnt_and_not")
async def test_what_a_version_learnt_is_to_be_learnt_again_once_it_is_rolled_back(
    database: Database,
) -> None:
    async with database.session() as session:
        assert await training_labels.unmark_learnt(session, "starter-2") == 2
    counts = await counted(database, "starter-2")
    # Not by itself, or the same version would be made again at once.
    assert (counts.learnt, counts.waiting) == (0, {"next": 2, "tried": 2})


async def test_every_label_that_is_not_learnt_waits_for_something(
    database: Database, new_photo: NewPhoto, vector: Vector
) -> None:
    photo, elsewhere = await new_photo(), await new_photo(other=vector(1))
    await by_two(database, photo, "shared", "banned", "pig", "no")
    await add(database, photo, "alone")
    await by_two(database, elsewhere, "shared")
    async with database.session() as session:
        blocklist = await moderation.in_force(session)
        album = {"person": 1, "chat_id": 1, "photo_id": photo, "album": True}
        await labels.add(session, hashtags={"of": "of"}, blocklist=blocklist, **album)
        await moderation.block(session, "banned", 99)
        rejected = {"photo_id": photo, "key": "no", "status": "rejected", "decided_at": now()}
        session.add(LabelDecision(**rejected))
    counts = await counted(database)
    assert counts.waiting == {
        **{"next": 2, "blocked": 2, "approval": 2, "rejected": 2},
        **{"second_person": 1, "no_features": 2, "album": 1},
    }
    assert (counts.labels, counts.learnt, counts.photos) == (12, 0, 1)
    # Exactly those that wait for nothing are learnt.
    (learnable,) = await labelled(database, not_learnt_in=[])
    assert set(counts.next_ids) == set(learnable.label_ids)


async def test_a_label_that_was_learnt_in_vain_waits_until_it_is_given_anew(
    database: Database, photo: int
) -> None:
    await by_two(database, photo, "dog", "cat")
    ids = (await counted(database)).next_ids
    async with database.session() as session:
        assert await training_labels.mark_tried(session, ids) == 4
        assert await training_labels.untried(session, [], at_most=5) == 0
    assert (await counted(database)).waiting == {"tried": 4}
    await remove(database, 1, "dog")
    await add(database, photo, "dog")
    assert (await counted(database)).waiting == {"tried": 3, "next": 1}


async def test_models_learn_only_what_is_everybodys_and_not_blocked(
    database: Database, new_photo: NewPhoto
) -> None:
    photo, lonely = await new_photo(), await new_photo()
    await by_two(database, photo, "shared", "blocked")
    await add(database, photo, "mine")
    await add(database, lonely, "mine")
    async with database.session() as session:
        await moderation.block(session, "blocked", 99)
    assert [dict(each.hashtags) for each in await labelled(database)] == [{"shared": 2}]
    assert len(await lessons(database)) == 2
