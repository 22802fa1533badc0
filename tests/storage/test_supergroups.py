"""A group that becomes a supergroup keeps what is stored of it."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import BigInteger, select

from storage import (
    Database,
    blocklist,
    chats,
    labels,
    recommendations,
    sightings,
    supergroups,
    users,
)
from storage.recommendations import Asked
from storage.tables import Base

NewPhoto = Callable[..., Awaitable[int]]
GROUP, SUPERGROUP = -500, -1_000_000_000_500


@pytest.fixture
async def photo(database: Database, new_photo: NewPhoto) -> int:
    """One that was sent to the group, answered and labelled by its anonymous admins."""
    photo = await new_photo()
    async with database.session() as session:
        await chats.change(session, GROUP, backend="w2v")
        await users.seen(session, GROUP)
        await sightings.seen(session, chat_id=GROUP, message_id=1, photo_id=photo, user_id=GROUP)
        await recommendations.record(
            session,
            photo_id=photo,
            chat_id=GROUP,
            message_id=2,
            asked=Asked("als", "m"),
            hashtags=[("dog", 1.0)],
            elapsed_ms=1.0,
        )
        await labels.add(
            session,
            person=GROUP,
            chat_id=GROUP,
            photo_id=photo,
            hashtags={"cat": "cat"},
            blocklist=blocklist.in_force({}),
        )
    return photo


async def move(database: Database) -> None:
    async with database.session() as session:
        await supergroups.move(session, GROUP, SUPERGROUP)


async def numbers(database: Database) -> set[int]:
    """Every number of a group or a supergroup in the database."""
    async with database.reading() as session:
        return {
            number
            for table in Base.metadata.sorted_tables
            for column in table.columns
            if isinstance(column.type, BigInteger)
            for number in await session.scalars(select(column))
            if number in (GROUP, SUPERGROUP)
        }


@pytest.mark.usefixtures("photo")
async def test_the_number_of_the_group_stands_nowhere_afterwards(database: Database) -> None:
    assert await numbers(database) == {GROUP}
    await move(database)
    assert await numbers(database) == {SUPERGROUP}


async def test_settings_and_answers_are_the_supergroups(database: Database, photo: int) -> None:
    await move(database)
    async with database.reading() as session:
        assert (await chats.get(session, SUPERGROUP)).backend == "w2v"
        last = await recommendations.last_in_chat(session, SUPERGROUP, photo)
        assert last is not None and last.tags == ["dog"]


@pytest.mark.usefixtures("photo")
async def test_no_message_of_the_supergroup_is_taken_for_one_of_the_group(
    database: Database,
) -> None:
    await move(database)
    async with database.reading() as session:
        assert await sightings.of_message(session, SUPERGROUP, 1) == []
        assert await recommendations.of_message(session, SUPERGROUP, 2) == []


@pytest.mark.usefixtures("photo")
async def test_what_the_supergroup_chose_in_the_meantime_holds(database: Database) -> None:
    async with database.session() as session:
        await chats.change(session, SUPERGROUP, backend="als")
    await move(database)
    await move(database)
    async with database.reading() as session:
        assert (await chats.get(session, SUPERGROUP)).backend == "als"
    assert await numbers(database) == {SUPERGROUP}
