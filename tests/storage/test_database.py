import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from recommenders.copies import Hashes
from storage import Database, StorageError, chats, known_photos, users
from storage.condition import condition_of
from tests.storage.dialects import on_sqlite


async def test_what_is_stored_is_there_after_a_restart(url: str) -> None:
    first = await Database.open(url)
    async with first.session() as session:
        await chats.change(session, 5, backend="w2v", count=30)
    await first.close()
    second = await Database.open(url)
    async with second.reading() as session:
        assert (await chats.get(session, 5)).backend == "w2v"
    await second.close()


async def test_a_plain_sqlite_url_will_do(tmp_path: Path) -> None:
    database = await Database.open(f"sqlite:///{tmp_path}/plain.db")
    await database.close()
    assert (tmp_path / "plain.db").exists()


@on_sqlite
async def test_sqlite_writes_ahead_and_holds_to_foreign_keys(database: Database) -> None:
    async with database.reading() as session:
        assert await session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert await session.scalar(text("PRAGMA foreign_keys")) == 1
        assert int(await session.scalar(text("PRAGMA busy_timeout")) or 0) > 0


@on_sqlite
async def test_sqlite_waits_for_the_disk_only_where_something_is_confirmed(
    database: Database,
) -> None:
    normal, full = 1, 2
    for confirmed, expected in ((True, full), (False, normal), (True, full)):
        async with database.session(confirmed=confirmed):
            pass  # nothing is asked, and the next session on this connection is as safe
        async with database.session(confirmed=confirmed) as session:
            assert await session.scalar(text("PRAGMA synchronous")) == expected
        async with database.reading() as session:
            assert await session.scalar(text("PRAGMA synchronous")) == normal
    async with database.session() as session:
        assert await session.scalar(text("PRAGMA synchronous")) == full


async def test_a_session_that_is_cancelled_amid_a_statement_stores_nothing_and_lets_others_write(
    database: Database,
) -> None:
    begun = asyncio.Event()

    async def changing(chat_id: int) -> None:
        async with database.session() as session:
            await chats.change(session, chat_id, count=5)
            begun.set()
            while True:
                await chats.change(session, chat_id, count=6)

    for chat_id in range(1, 4):
        begun.clear()
        task = asyncio.create_task(changing(chat_id))
        await begun.wait()
        task.cancel()
        await asyncio.wait({task})
        async with database.session() as session:
            await chats.change(session, 9, count=chat_id)
    async with database.reading() as session:
        assert [(await chats.get(session, one)).count for one in (1, 2, 3, 9)] == [*3 * [None], 3]


async def test_a_session_that_raises_stores_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError, match="half way"):
        async with database.session() as session:
            await chats.change(session, 1, count=5)
            raise RuntimeError("half way")
    async with database.reading() as session:
        assert (await chats.get(session, 1)).count is None


async def test_what_fails_while_others_are_kept_out_is_not_taken_for_the_database(
    database: Database,
) -> None:
    with pytest.raises(FileNotFoundError):
        async with database.alone("fine-tuning"):
            raise FileNotFoundError("python")


async def test_a_session_for_reading_stores_nothing(database: Database) -> None:
    async with database.reading() as session:
        await chats.change(session, 1, count=5)
    async with database.reading() as session:
        assert (await chats.get(session, 1)).count is None


@on_sqlite
async def test_a_hundred_writers_at_once_are_all_served(database: Database) -> None:
    async def use(number: int) -> None:
        async with database.session() as session:
            settings = await chats.get(session, 1)
            await chats.change(session, 1, count=(settings.count or 0) + 1)
            await users.seen(session, number % 7, "en")

    await asyncio.gather(*(use(number) for number in range(100)))
    async with database.reading() as session:
        assert (await chats.get(session, 1)).count == 100


@on_sqlite
async def test_two_processes_may_write_to_one_file(url: str, database: Database) -> None:
    other = await Database.open(url)

    async def count_up(which: Database) -> None:
        for _ in range(20):
            async with which.session() as session:
                settings = await chats.get(session, 1)
                await chats.change(session, 1, count=(settings.count or 0) + 1)

    await asyncio.gather(count_up(database), count_up(other))
    await other.close()
    async with database.reading() as session:
        assert (await chats.get(session, 1)).count == 40


async def test_reading_does_not_wait_for_a_writer(database: Database) -> None:
    async with database.session() as writing:
        await chats.change(writing, 1, count=30)
        async with asyncio.timeout(120), database.reading() as session:
            assert (await chats.get(session, 1)).count is None


@on_sqlite
async def test_a_full_disk_is_told_in_a_sentence_and_what_was_confirmed_stays(
    database: Database,
) -> None:
    async with database.session() as session:
        await chats.change(session, 1, count=30)
        pages = await session.scalar(text("PRAGMA page_count"))
        await session.execute(text(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(StorageError, match="full: free some space"):
        async with database.session() as session:
            for number in range(200):
                await users.seen(session, number, "en")
                await known_photos.remember(session, hashes=Hashes(number, 0), features={})
    async with database.reading() as session:
        assert (await chats.get(session, 1)).count == 30


async def test_a_database_that_may_not_be_written_is_told_in_a_sentence(
    tmp_path: Path,
) -> None:
    file = tmp_path / "readonly.db"
    await (await Database.open(f"sqlite:///{file}")).close()
    database = await Database.open(f"sqlite+aiosqlite:///file:{file}?mode=ro&uri=true")
    with pytest.raises(StorageError, match="cannot be written to"):
        async with database.session() as session:
            await chats.change(session, 1, count=5)
    await database.close()


@pytest.mark.parametrize("zero", ["\0", "%00"])
async def test_a_path_with_a_zero_byte_is_told_in_a_sentence(tmp_path: Path, zero: str) -> None:
    for use in (Database.open, condition_of):
        with pytest.raises(StorageError, match="is not an address such as"):
            await use(f"sqlite:///{tmp_path}/a{zero}b.db")


@on_sqlite
async def test_a_database_that_stays_locked_is_told_in_a_sentence(
    url: str, database: Database
) -> None:
    async with database.reading() as session:
        await session.execute(text("PRAGMA busy_timeout = 10"))
    holder = sqlite3.connect(url.removeprefix("sqlite+aiosqlite:///"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="busy with another program"):
        async with database.session() as session:
            await chats.change(session, 1, count=5)
    holder.close()


@on_sqlite
async def test_a_nested_session_is_refused_rather_than_waited_for_for_ever(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.database.WAIT_SECONDS", 0.05)
    async with database.session():
        with pytest.raises(StorageError, match="busy"):
            async with database.session():
                pass


async def test_a_crowd_that_gets_on_is_waited_for(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.database.WAIT_SECONDS", 1.0)

    async def write(chat_id: int) -> None:
        async with database.session() as session:
            await chats.change(session, chat_id, count=5)
            await asyncio.sleep(0.05)

    await asyncio.gather(*map(write, range(1, 31)))
    async with database.reading() as session:
        assert (await chats.get(session, 30)).count == 5


@on_sqlite
async def test_what_is_urgent_is_written_before_what_waited_for_longer(database: Database) -> None:
    written: list[str] = []

    async def write(name: str, urgent: bool) -> None:
        async with database.session(urgent=urgent):
            written.append(name)

    async with database.session():
        waiting = []
        for name, urgent in (("a", False), ("b", False), ("c", True), ("d", True), ("e", True)):
            waiting.append(asyncio.create_task(write(name, urgent)))
            await asyncio.sleep(0)
        waiting[-1].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert written == ["c", "d", "a", "b"]


async def test_something_that_hangs_on_a_deleted_photo_is_refused(database: Database) -> None:
    with pytest.raises(StorageError, match="has been deleted"):
        async with database.session() as session:
            await known_photos.add_file(session, 404, "file")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "not an address"),
        ("not a url", "not an address"),
        ("nosuch://host/name", "kind of database that tag4pic cannot use"),
        ("sqlite+pysqlite:///bot.db", "kind of database that tag4pic cannot use"),
        ("mysql://host/name", "it takes sqlite.* and postgresql"),
        ("sqlite+aiosqlite://", "no file"),
        ("sqlite:///:memory:", "no file"),
        ("sqlite:////proc/nowhere/bot.db", "folder .* cannot be created"),
    ],
)
async def test_an_address_that_leads_nowhere_is_told(url: str, sentence: str) -> None:
    with pytest.raises(StorageError, match=sentence):
        await Database.open(url)


async def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "photo.db").write_bytes(b"\xff\xd8\xff" * 5000)
    with pytest.raises(StorageError, match="not a tag4pic database"):
        await Database.open(f"sqlite:///{tmp_path}/photo.db")


def test_a_folder_in_the_place_of_the_file_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with pytest.raises(StorageError, match="cannot be opened"):
        asyncio.run(Database.open(f"sqlite:///{tmp_path}"))
    assert tmp_path.stat().st_mode & 0o777 == 0o755


async def test_a_database_of_a_newer_version_is_refused(url: str, database: Database) -> None:
    async with database.session() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = 'f999'"))
    with pytest.raises(StorageError, match="newer version"):
        await Database.open(url)


async def test_nobody_else_on_the_machine_can_read_what_is_stored(tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    old.touch(mode=0o666)
    old.chmod(0o666)
    for file in (tmp_path / "new" / "bot.db", old):
        database = await Database.open(f"sqlite+aiosqlite:///{file}")
        for one in file.parent.glob(f"{file.name}*"):
            assert one.stat().st_mode & 0o777 == 0o600, one
        await database.close()
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
