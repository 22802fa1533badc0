"""Hashtags that people take out of answers, and thumbs."""

import asyncio

import pytest

from storage import Database, feedback, sightings
from storage.feedback import Thumbs
from tests.storage.answers import TEN, NewPhoto, add_label, answer, extend, stored, take_out


async def test_what_is_taken_out_is_not_shown_and_what_follows_moves_up(
    database: Database, new_photo: NewPhoto
) -> None:
    number = await answer(database, await new_photo(), hashtags=TEN[:3])
    await take_out(database, number, "tag1")
    assert (await stored(database, number)).tags == ["tag0", "tag2"]
    await extend(database, number, "猫", "犬", shown=3)
    assert (await stored(database, number)).tags == ["tag0", "tag2", "猫"]


async def test_what_is_put_back_stands_where_it_stood(
    database: Database, new_photo: NewPhoto
) -> None:
    number = await answer(database, await new_photo(), hashtags=TEN[:3])
    await take_out(database, number, "tag1")
    await extend(database, number, "猫", shown=3)
    async with database.session() as session:
        await feedback.put_back(session, recommendation_id=number, hashtag="tag1")
    assert (await stored(database, number)).tags == ["tag0", "tag1", "tag2"]


async def test_what_two_take_out_is_noted_of_the_first(
    database: Database, new_photo: NewPhoto
) -> None:
    number = await answer(database, await new_photo())
    await take_out(database, number, "tag1", user=1)
    await take_out(database, number, "tag1", "tag2", user=2)
    noted = (await stored(database, number)).taken_out
    assert [(one.hashtag, one.user_id) for one in noted] == [("tag1", 1), ("tag2", 2)]


async def unwanted(database: Database, *photos: int, chat: int = 1) -> set[str]:
    async with database.reading() as session:
        return await feedback.unwanted(session, chat_id=chat, photo_ids=photos, first=2)


async def test_what_was_taken_out_is_unwanted_for_that_photo_in_that_chat(
    database: Database, new_photo: NewPhoto
) -> None:
    photo, other = await new_photo(), await new_photo()
    number = await answer(database, photo)
    await answer(database, photo, chat_id=2)
    await take_out(database, number, "tag7")
    assert await unwanted(database, photo) == {"tag7"}
    assert await unwanted(database, photo, chat=2) == set()
    assert await unwanted(database, other) == set()


async def test_the_first_ones_of_an_answer_with_a_thumb_down_are_unwanted(
    database: Database, new_photo: NewPhoto
) -> None:
    photo = await new_photo()
    number = await answer(database, photo)
    await vote(database, number, 1, -1)
    await vote(database, number, 2, 1)
    assert await unwanted(database, photo) == {"tag0", "tag1"}
    await vote(database, number, 1, 0)
    assert await unwanted(database, photo) == set()


async def test_what_was_given_to_the_photo_since_is_wanted_again(
    database: Database, new_photo: NewPhoto
) -> None:
    photo = await new_photo()
    await add_label(database, photo, tag="tag1")
    await take_out(database, await answer(database, photo), "tag1", "dog")
    assert await unwanted(database, photo) == {"tag1", "dog"}
    await add_label(database, photo, tag="dog")
    assert await unwanted(database, photo) == {"tag1"}


async def test_a_thousand_hashtags_can_be_unwanted(database: Database, new_photo: NewPhoto) -> None:
    photo = await new_photo()
    tags = {f"tag{number}" for number in range(1100)}
    await take_out(database, await answer(database, photo), *tags)
    assert await unwanted(database, photo) == tags


async def test_what_is_unwanted_for_an_album_is_so_for_these_photos_together(
    database: Database, new_photo: NewPhoto
) -> None:
    photos = [await new_photo() for _ in range(3)]
    number = await answer(database, photos[0], album=True, message_id=77)
    async with database.session() as session:
        await sightings.answered(session, chat_id=1, message_id=77, photo_ids=photos[:2])
    await take_out(database, number, "tag1")
    assert await unwanted(database, photos[1], photos[0]) == {"tag1"}
    assert await unwanted(database, *photos) == set()
    assert await unwanted(database, photos[0]) == set()


async def vote(database: Database, recommendation: int, user: int, value: int) -> Thumbs:
    async with database.session() as session:
        await feedback.vote(session, recommendation_id=recommendation, user_id=user, value=value)
    async with database.reading() as session:
        return await feedback.thumbs(session, recommendation)


async def test_one_user_has_one_thumb(database: Database, new_photo: NewPhoto) -> None:
    number = await answer(database, await new_photo())
    for _ in range(2):
        assert await vote(database, number, 1, 1) == Thumbs(up=1, down=0)
    assert await vote(database, number, 2, 1) == Thumbs(up=2, down=0)


async def test_a_thumb_may_be_changed_and_taken_back(
    database: Database, new_photo: NewPhoto
) -> None:
    number = await answer(database, await new_photo())
    await vote(database, number, 2, 1)
    assert await vote(database, number, 1, -1) == Thumbs(up=1, down=1)
    assert await vote(database, number, 1, 0) == Thumbs(up=1, down=0)


async def test_of_one_users_thumbs_at_once_one_stays(
    database: Database, new_photo: NewPhoto
) -> None:
    number = await answer(database, await new_photo())
    await asyncio.gather(*(vote(database, number, 3, value) for value in (1, -1, 1, -1)))
    async with database.reading() as session:
        thumbs = await feedback.thumbs(session, number)
    assert thumbs.up + thumbs.down == 1


async def test_a_thumb_for_nothing_is_refused(database: Database) -> None:
    with pytest.raises(KeyError):
        await vote(database, 404, 1, 1)


async def test_what_is_no_thumb_is_refused(database: Database, new_photo: NewPhoto) -> None:
    number = await answer(database, await new_photo())
    with pytest.raises(ValueError, match="thumb"):
        await vote(database, number, 1, 5)
