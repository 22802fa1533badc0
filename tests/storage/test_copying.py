"""A database moves to another kind and back, and is the same."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, text, update

from storage import (
    Database,
    StorageError,
    chats,
    copying,
    known_photos,
    outbox,
    recommendations,
    users,
)
from storage.receipts import Receipt, Receipts
from storage.recommendations import Asked
from storage.tables import Base, OutgoingMessage, User, now
from tests.postgres import Server
from tests.storage.dialects import on_sqlite
from tests.storage.test_upgrade_with_rows_everywhere import fill

NewPhoto = Callable[..., Awaitable[int]]


def unwatched(table: str, rows: int, total: int) -> None:
    assert rows <= total


async def everything(database: Database) -> dict[str, list[tuple[object, ...]]]:
    async with database.reading() as session:
        return {
            table.name: sorted(map(tuple, await session.execute(table.select())), key=repr)
            for table in Base.metadata.sorted_tables
        }


async def record(database: Database, photo: int) -> int:
    async with database.session() as session:
        return await recommendations.record(
            session,
            photo_id=photo,
            chat_id=1,
            asked=Asked("als", "m"),
            hashtags=[("été", 0.1), ("закат", 1 / 3)],
            elapsed_ms=0.1,
        )


@on_sqlite
async def test_a_database_moves_to_postgresql_and_back(
    database: Database, new_photo: NewPhoto, postgres: Server, empty_postgres: str, tmp_path: Path
) -> None:
    async with database.engine.begin() as connection:
        await connection.run_sync(fill)
    photo = await new_photo()
    await record(database, photo)
    number = await record(database, photo)
    async with database.session() as session:
        await session.execute(text("DELETE FROM recommendations WHERE id = :id"), {"id": number})
    before = await everything(database)
    assert all(before.values())
    back = await Database.open(f"sqlite:///{tmp_path}/back.db")
    async with postgres.copy(empty_postgres) as url:
        moved = await Database.open(url)
        there = await copying.copy(database, moved, unwatched)
        assert await everything(moved) == before
        again = await copying.copy(moved, back, unwatched)
        assert again == there
        assert {one.table: one.rows for one in there} == {k: len(v) for k, v in before.items()}
        # What was deleted lends its number to nobody.
        assert await record(moved, photo) == number + 1
        await moved.close()
    assert await everything(back) == before
    assert await record(back, photo) == number + 1
    await back.close()


@on_sqlite
async def test_what_an_earlier_version_stored_of_any_length_is_shortened(
    database: Database, postgres: Server, empty_postgres: str
) -> None:
    async with database.session() as session:
        await users.seen(session, 1)
        await session.execute(update(User).values(language="en-us-u-fw-mon-mu-celsius"))
    async with postgres.copy(empty_postgres) as url:
        moved = await Database.open(url)
        await copying.copy(database, moved, unwatched)
        async with moved.reading() as session:
            assert await users.languages(session, [1]) == {1: "en-us-u-fw-mon-m"}
        await moved.close()


@on_sqlite
async def test_the_table_whose_rows_cannot_be_copied_is_named(
    database: Database, postgres: Server, empty_postgres: str
) -> None:
    async with database.session() as session:
        await users.seen(session, 1, "e\0n")
    async with postgres.copy(empty_postgres) as url:
        moved = await Database.open(url)
        with pytest.raises(StorageError, match=r"does not fit .*table users: nothing was copied"):
            await copying.copy(database, moved, unwatched)
        assert not any((await everything(moved)).values())
        await moved.close()


@on_sqlite
async def test_a_message_that_has_arrived_by_its_receipt_is_not_sent_from_the_copy(
    database: Database, new_photo: NewPhoto, tmp_path: Path
) -> None:
    number = await record(database, await new_photo())
    async with database.session() as session:
        message = OutgoingMessage(bot_id=7, chat_id=1, answer_id=number, text="a", photo_ids=[])
        message.unsure, message.at = 1, now()
        await outbox.put(session, message)
    Receipts(database.file).add(Receipt(message.id, 1, 55))
    other = await Database.open(f"sqlite:///{tmp_path}/other.db")
    await copying.copy(database, other, unwatched)
    async with other.reading() as session:
        assert await outbox.waiting(session, 7) == []
        (answer,) = await recommendations.of_message(session, 1, 55)
        assert answer.id == number
    await other.close()


async def test_a_database_with_something_in_it_is_not_copied_over(
    database: Database, tmp_path: Path
) -> None:
    other = await Database.open(f"sqlite:///{tmp_path}/other.db")
    async with database.session() as session:
        await chats.change(session, 1, count=5)
    before = await everything(database)
    with pytest.raises(StorageError, match="not empty"):
        await copying.copy(other, database, unwatched)
    assert await everything(database) == before
    await other.close()


@on_sqlite
async def test_a_copy_that_fails_leaves_nothing_behind(
    database: Database, new_photo: NewPhoto, tmp_path: Path
) -> None:
    await new_photo()
    other = await Database.open(f"sqlite:///{tmp_path}/other.db")

    def sabotage(connection: Connection) -> None:
        changing = "UPDATE photos SET band_0 = -1"
        connection.exec_driver_sql(f"CREATE TRIGGER x AFTER INSERT ON photos BEGIN {changing}; END")

    async with other.engine.begin() as connection:
        await connection.run_sync(sabotage)
    with pytest.raises(StorageError, match="copy of photos is not the same"):
        await copying.copy(database, other, unwatched)
    assert not any((await everything(other)).values())
    async with other.session() as session:
        assert await known_photos.find_by_file(session, "any") is None
    await other.close()
