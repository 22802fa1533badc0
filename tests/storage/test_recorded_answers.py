"""Answers as they are recorded, and the messages that show them."""

from dataclasses import replace
from datetime import UTC

from storage import Database, recommendations
from tests.storage.answers import ASKED, TEN, NewPhoto, answer, extend, stored


async def test_the_message_that_shows_answers_leads_to_them(
    database: Database, new_photo: NewPhoto
) -> None:
    photo = await new_photo()
    first = await answer(database, photo)
    second = await answer(database, photo, replace(ASKED, backend="w2v"), duplicate=True)
    async with database.session() as session:
        await recommendations.set_message(session, first, 77)
        await recommendations.set_message(session, second, 77)
    async with database.reading() as session:
        newer, older = await recommendations.of_message(session, 1, 77)
        assert (newer.id, newer.backend, newer.duplicate) == (second, "w2v", True)
        assert (older.id, older.backend, older.duplicate) == (first, "als", False)
        assert await recommendations.of_message(session, 2, 77) == []


async def test_an_answer_comes_back_as_it_was_recorded(
    database: Database, new_photo: NewPhoto
) -> None:
    number = await answer(database, await new_photo())
    recorded = await stored(database, number)
    assert recorded.hashtags == [list(scored) for scored in TEN] and recorded.at.tzinfo is UTC


async def test_an_answer_that_is_gone_has_no_message(database: Database) -> None:
    async with database.session() as session:
        await recommendations.set_message(session, 404, 78)
        assert await recommendations.get(session, 404) is None
        assert await recommendations.of_message(session, 1, 78) == []


async def test_an_answer_that_is_gone_takes_no_more_hashtags(database: Database) -> None:
    await extend(database, 404, "猫", shown=1)
    async with database.reading() as session:
        assert await recommendations.get(session, 404) is None
