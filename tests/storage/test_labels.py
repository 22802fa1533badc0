import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage import Database, StorageError, labels, training_labels
from storage.blocklist import Blocklist
from storage.labels import Added
from storage.tables import Label

NewPhoto = Callable[..., Awaitable[int]]
NOTHING_BLOCKED = Blocklist(())


async def add(
    database: Database, photo: int, *hashtags: str, user: int = 1, chat: int = 1, **more: Any
) -> Added:
    async with database.session() as session:
        return await labels.add(
            session,
            person=user,
            chat_id=chat,
            photo_id=photo,
            hashtags={hashtag.casefold(): hashtag for hashtag in hashtags},
            blocklist=NOTHING_BLOCKED,
            **more,
        )


async def hashtags_of(session: AsyncSession, photo: int) -> list[str]:
    """As the private chat of user 1 sees them."""
    lessons = [
        lesson
        async for batch in training_labels.lessons(session, "net", [photo])
        for lesson in batch
    ]
    return list(lessons[0].hashtags[1]) if lessons else []


async def remove(session: AsyncSession, hashtag: str) -> list[int] | None:
    """Takes back what user 1 added; the photos that had it."""
    mine = await labels.mine(session, 1, size=100)
    number = next((one.label_id for one in mine.items if one.hashtag == hashtag), None)
    removed = None if number is None else await labels.remove(session, 1, number)
    return None if removed is None else removed[1]


async def test_hashtags_are_stored_in_order_and_are_ones_own_at_first(
    database: Database, photo: int
) -> None:
    outcome = await add(database, photo, "dog", "своятачка", "dog", "猫")
    assert outcome == Added(added=("dog", "своятачка", "猫"), unshared=("dog", "своятачка", "猫"))
    async with database.reading() as session:
        assert await hashtags_of(session, photo) == ["dog", "своятачка", "猫"]


async def test_adding_a_hashtag_again_changes_nothing(database: Database, photo: int) -> None:
    await add(database, photo, "dog", "cat")
    outcome = await add(database, photo, "dog", "sea")
    assert outcome == Added(added=("sea",), repeated=("dog",), unshared=("dog", "sea"))
    async with database.reading() as session:
        assert await hashtags_of(session, photo) == ["dog", "cat", "sea"]


async def test_what_was_taught_in_private_is_given_to_the_group_that_hears_it_later(
    database: Database, new_photo: NewPhoto
) -> None:
    photo = await new_photo(net=np.ones(4, np.float32))
    await add(database, photo, "rex")
    assert (await add(database, photo, "rex", chat=-5)).added == ("rex",)
    assert (await add(database, photo, "rex", chat=-5)).repeated == ("rex",)
    async with database.reading() as session:
        [[lesson]] = [one async for one in training_labels.lessons(session, "net", [photo])]
    assert lesson.hashtags == {-5: ("rex",), 1: ("rex",)}


@pytest.mark.parametrize(("first", "second"), [({}, {"chat": -5}), ({"album": True}, {})])
async def test_what_is_only_given_on_needs_no_room_of_the_day(
    database: Database, photo: int, first: dict[str, Any], second: dict[str, Any]
) -> None:
    await add(database, photo, "rex", daily_limit=1, **first)
    assert (await add(database, photo, "rex", daily_limit=1, **second)).added == ("rex",)


@pytest.mark.parametrize("album_first", [True, False])
async def test_a_photo_alone_in_private_and_an_album_in_a_group_take_nothing_from_each_other(
    database: Database, new_photo: NewPhoto, album_first: bool
) -> None:
    photo = await new_photo(net=np.ones(4, np.float32))
    both: list[dict[str, Any]] = [{"chat": -5, "album": True}, {}]
    for about in both if album_first else reversed(both):
        assert (await add(database, photo, "rex", **about)).added == ("rex",)
    async with database.reading() as session:
        [[lesson]] = [one async for one in training_labels.lessons(session, "net", [photo])]
        rows = list(await session.scalars(select(Label.album)))
    assert lesson.hashtags == {-5: ("rex",), 1: ("rex",)}
    assert rows == [False]


async def test_labels_of_users_who_tag_one_photo_at_once_are_all_stored(
    database: Database, photo: int
) -> None:
    await asyncio.gather(*(add(database, photo, "new", "dog", user=u % 3) for u in range(30)))
    async with database.reading() as session:
        for user in range(3):
            assert (await labels.mine(session, user)).total == 2
        lessons = [one async for one in training_labels.lessons(session, "net", [photo])]
        assert lessons[0][0].hashtags == {None: ("new", "dog")}


NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


async def test_a_daily_limit_takes_the_first_and_names_the_rest(
    database: Database, new_photo: NewPhoto
) -> None:
    photo, other = await new_photo(), await new_photo()
    first = await add(database, photo, "a", "b", daily_limit=3, at=NOON)
    second = await add(database, other, "a", "b", "c", daily_limit=3, at=NOON)
    assert first.added == ("a", "b")
    assert (second.added, second.over_limit) == (("a",), ("b", "c"))


async def test_a_repeated_label_does_not_count_towards_the_limit(
    database: Database, photo: int
) -> None:
    await add(database, photo, "a", daily_limit=1, at=NOON)
    repeated = await add(database, photo, "a", daily_limit=1, at=NOON)
    assert (repeated.repeated, repeated.over_limit) == (("a",), ())


async def test_the_limit_is_each_users_and_each_days(database: Database, photo: int) -> None:
    await add(database, photo, "a", daily_limit=1, at=NOON)
    assert (await add(database, photo, "c", user=2, daily_limit=1, at=NOON)).added == ("c",)
    next_day = NOON + timedelta(hours=12)
    assert (await add(database, photo, "b", daily_limit=1, at=next_day)).added == ("b",)


async def test_a_clock_that_is_set_back_locks_nobody_out(database: Database, photo: int) -> None:
    await add(database, photo, "a", daily_limit=1, at=NOON)
    three_days_before = NOON - timedelta(days=3)
    assert (await add(database, photo, "b", daily_limit=1, at=three_days_before)).added == ("b",)


async def test_taking_labels_back_does_not_make_room_for_more_that_day(
    database: Database, photo: int
) -> None:
    await add(database, photo, "a", "b", daily_limit=2)
    async with database.session() as session:
        assert await remove(session, "a") == [photo]
    assert (await add(database, photo, "c", daily_limit=2)).over_limit == ("c",)


async def test_a_label_is_taken_back_once(database: Database, photo: int) -> None:
    await add(database, photo, "dog")
    async with database.session() as session:
        assert await remove(session, "dog") == [photo]
        assert await remove(session, "dog") is None
        assert await hashtags_of(session, photo) == []


async def test_a_label_taken_back_can_be_added_again(database: Database, photo: int) -> None:
    await add(database, photo, "dog")
    async with database.session() as session:
        await remove(session, "dog")
    assert (await add(database, photo, "dog")).added == ("dog",)
    async with database.reading() as session:
        assert await hashtags_of(session, photo) == ["dog"]


async def test_ones_own_hashtags_are_listed_once_each(
    database: Database, new_photo: NewPhoto
) -> None:
    photo, other = await new_photo(), await new_photo()
    await add(database, photo, "dog", "новое")
    await add(database, other, "dog")
    await add(database, photo, "dog", "cat", user=2)
    async with database.reading() as session:
        mine = await labels.mine(session, 1)
    assert [item.hashtag for item in mine.items] == ["dog", "новое"]


async def test_nobody_elses_label_is_removed_by_its_number(database: Database, photo: int) -> None:
    await add(database, photo, "dog")
    async with database.session() as session:
        number = (await labels.mine(session, 1)).items[0].label_id
        assert await labels.remove(session, 2, number) is None


async def test_only_ones_own_labels_are_removed(database: Database, new_photo: NewPhoto) -> None:
    photo, other = await new_photo(), await new_photo()
    for labelled in (photo, other):
        await add(database, labelled, "dog")
    await add(database, photo, "dog", user=2)
    async with database.session() as session:
        assert await remove(session, "dog") == [photo, other]
        assert (await labels.mine(session, 1)).total == 0
        assert (await labels.mine(session, 2)).total == 1


async def test_a_long_list_comes_in_pages(database: Database, photo: int) -> None:
    await add(database, photo, *(f"tag{number}" for number in range(45)))
    async with database.reading() as session:
        first = await labels.mine(session, 1, size=20)
    assert (first.total, first.pages, len(first.items)) == (45, 3, 20)
    assert first.items[0].hashtag == "tag44"


async def test_a_page_too_far_is_the_last(database: Database, photo: int) -> None:
    await add(database, photo, *(f"tag{number}" for number in range(45)))
    async with database.reading() as session:
        last = await labels.mine(session, 1, page=99, size=20)
    assert (last.page, last.items[-1].hashtag) == (2, "tag0")


async def test_an_empty_list_has_one_page(database: Database) -> None:
    async with database.reading() as session:
        page = await labels.mine(session, 2, page=3)
    assert (page.page, page.pages, page.items) == (0, 1, ())


async def test_a_photo_that_is_gone_cannot_be_labelled(database: Database) -> None:
    with pytest.raises(StorageError, match="deleted"):
        await add(database, 404, "dog")


async def test_nothing_to_add_adds_nothing(database: Database, photo: int) -> None:
    assert await add(database, photo) == Added()


async def test_hashtags_are_only_ever_text(database: Database, photo: int) -> None:
    odd = ["'); drop table labels; --", "%", "_", "a" * 100, "<b>", "\u202e"]
    await add(database, photo, *odd)
    async with database.reading() as session:
        assert await hashtags_of(session, photo) == odd


async def test_spellings_of_a_hashtag_are_one_label_that_shows_the_first(
    database: Database, photo: int
) -> None:
    await add(database, photo, "straße")
    async with database.session() as session:
        outcome = await labels.add(
            session,
            person=1,
            chat_id=1,
            photo_id=photo,
            hashtags={"strasse": "strasse", "straße".casefold(): "STRASSE"},
            blocklist=NOTHING_BLOCKED,
        )
        assert outcome.repeated == ("STRASSE",)
        assert await hashtags_of(session, photo) == ["straße"]


async def test_the_photos_of_a_person_are_those_they_labelled(
    database: Database, new_photo: NewPhoto
) -> None:
    photo, other = await new_photo(), await new_photo()
    await add(database, photo, "dog", "cat")
    await add(database, other, "dog", user=2)
    async with database.reading() as session:
        assert await labels.photos_of(session, 1) == [photo]
