"""When the earlier answer to a photo is given again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from storage import Database, labels, recommendations
from storage.recommendations import Asked
from storage.tables import Recommendation
from tests.storage.answers import ASKED, TEN, NewPhoto, add_label, answer, extend, take_out


async def previous(
    database: Database, photo: int, asked: Asked = ASKED, **changes: Any
) -> list[tuple[str, float]] | None:
    fields: dict[str, Any] = {"chat_id": 1} | changes
    async with database.reading() as session:
        return await recommendations.previous(session, photo_id=photo, asked=asked, **fields)


async def test_a_known_photo_gets_its_earlier_answer(
    database: Database, new_photo: NewPhoto
) -> None:
    photo = await new_photo()
    await answer(database, photo)
    assert await previous(database, photo) == TEN
    assert await previous(database, photo, count=10) == TEN


async def test_an_answer_from_before_there_were_languages_is_english(
    database: Database, new_photo: NewPhoto
) -> None:
    photo = await new_photo()
    await answer(database, photo)
    async with database.session() as session:
        await session.execute(update(Recommendation).values(language=None))
    assert await previous(database, photo, replace(ASKED, language="en")) == TEN
    assert await previous(database, photo, replace(ASKED, language="both")) is None


async def test_an_answer_to_a_photo_with_a_caption_is_for_that_caption_alone(
    database: Database, new_photo: NewPhoto
) -> None:
    photo = await new_photo()
    await answer(database, photo, replace(ASKED, words=("bird", "snow")))
    assert await previous(database, photo) is None
    assert await previous(database, photo, replace(ASKED, words=("bird",))) is None
    assert await previous(database, photo, replace(ASKED, words=("bird", "snow"))) == TEN


async def test_a_photo_with_a_caption_does_not_get_the_answer_without_one(
    database: Database, new_photo: NewPhoto
) -> None:
    photo = await new_photo()
    await answer(database, photo)
    assert await previous(database, photo, replace(ASKED, words=("bird",))) is None
    assert await previous(database, photo) == TEN


async def test_of_two_answers_the_newer_counts(database: Database, new_photo: NewPhoto) -> None:
    photo = await new_photo()
    await answer(database, photo)
    newer = [("кошка", 0.9), ("猫", 0.8)]
    await answer(database, photo, hashtags=newer)
    assert await previous(database, photo) == newer


@pytest.mark.parametrize(
    "other",
    [
        replace(ASKED, backend="w2v"),
        replace(ASKED, model="m-2"),
        replace(ASKED, style="popular"),
        replace(ASKED, mix="even"),
        replace(ASKED, language="ru"),
    ],
)
async def test_an_answer_of_another_kind_is_no_answer(
    database: Database, new_photo: NewPhoto, other: Asked
) -> None:
    photo = await new_photo()
    await answer(database, photo)
    assert await previous(database, photo, other) is None


async def test_an_answer_that_is_too_short_is_no_answer(
    database: Database, new_photo: NewPhoto
) -> None:
    photo = await new_photo()
    await answer(database, photo)
    assert await previous(database, photo, count=11) is None


async def test_an_answer_of_another_photo_is_no_answer(
    database: Database, new_photo: NewPhoto
) -> None:
    await answer(database, await new_photo())
    assert await previous(database, await new_photo()) is None


async def test_a_short_answer_does_not_hide_a_long_one(
    database: Database, new_photo: NewPhoto
) -> None:
    photo = await new_photo()
    await answer(database, photo)
    await answer(database, photo, hashtags=TEN[:5])
    assert await previous(database, photo, count=10) == TEN


async def test_an_answer_from_before_something_was_learnt_no_longer_counts(
    database: Database, new_photo: NewPhoto
) -> None:
    photo = await new_photo()
    await answer(database, photo)
    assert await previous(database, photo, since=datetime.now(UTC) - timedelta(hours=1)) == TEN
    assert await previous(database, photo, since=datetime.now(UTC)) is None


async def test_another_chats_answer_is_repeated(database: Database, new_photo: NewPhoto) -> None:
    photo = await new_photo()
    await answer(database, photo)
    assert await previous(database, photo, chat_id=2) == TEN


@pytest.mark.parametrize(("person", "chat"), [(1, 1), (1, -5), (2, 2), (2, -5), (3, 2)])
async def test_not_where_one_of_the_two_chats_was_ever_taught_something(
    database: Database, new_photo: NewPhoto, person: int, chat: int
) -> None:
    photo, other = await new_photo(), await new_photo()
    await add_label(database, other, person, chat)
    await answer(database, photo)
    assert await previous(database, photo) == TEN
    assert await previous(database, photo, chat_id=2) is None


async def test_labels_make_the_answer_of_their_photo_out_of_date(
    database: Database, new_photo: NewPhoto
) -> None:
    photo, other = await new_photo(), await new_photo()
    await answer(database, photo)
    await answer(database, other)
    await add_label(database, photo)
    assert await previous(database, photo) is None
    assert await previous(database, other) == TEN


async def test_labels_taken_back_make_an_answer_out_of_date(
    database: Database, new_photo: NewPhoto
) -> None:
    photo = await new_photo()
    await add_label(database, photo)
    await answer(database, photo)
    assert await previous(database, photo) == TEN
    async with database.session() as session:
        await labels.remove(session, 1, (await labels.mine(session, 1)).items[0].label_id)
    assert await previous(database, photo) is None


async def test_more_hashtags_stand_below_those_of_an_answer(
    database: Database, new_photo: NewPhoto
) -> None:
    photo = await new_photo()
    first = await answer(database, photo)
    await extend(database, first, "猫", "tag3", shown=11)
    assert await previous(database, photo, count=11) == [*TEN, ("猫", 0.5)]


async def test_an_answer_without_what_its_chat_does_not_want_is_not_given_to_others(
    database: Database, new_photo: NewPhoto
) -> None:
    photo = await new_photo()
    await answer(database, photo)
    await answer(database, photo, hashtags=TEN[1:], only_here=True)
    assert await previous(database, photo) == TEN


async def test_an_answer_of_which_something_was_taken_out_is_given_to_others_whole(
    database: Database, new_photo: NewPhoto
) -> None:
    photo = await new_photo()
    await take_out(database, await answer(database, photo), "tag0")
    assert await previous(database, photo) == TEN


async def test_an_answer_to_an_album_is_not_repeated_for_its_first_photo(
    database: Database, new_photo: NewPhoto
) -> None:
    photo = await new_photo()
    await answer(database, photo, album=True)
    assert await previous(database, photo) is None
