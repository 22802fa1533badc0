"""What PostgreSQL alone does: servers that refuse, end, and come back, and many writers at once."""

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from recommenders.copies import Hashes
from storage import Database, StorageError, chats, known_photos, users
from storage.condition import condition_of
from storage.errors import explain
from tests.postgres import PASSWORD, Server, missing, server
from tests.storage.dialects import on_postgresql


@pytest.fixture
async def own_server() -> AsyncIterator[Server]:
    """A server that a test may end."""
    if reason := missing():
        pytest.skip(reason)
    with server() as running:
        yield running


async def test_a_database_that_serves_another_test_is_empty_and_counts_anew(
    postgres: Server, empty_postgres: str
) -> None:
    for _ in range(2):
        async with postgres.copy(empty_postgres) as url:
            database = await Database.open(url)
            async with database.session() as session:
                assert await session.scalar(text("SELECT count(*) FROM photos")) == 0
                assert await known_photos.remember(session, hashes=Hashes(1, 2), features={}) == 1
            # Left open, as by a test that fails.
    await database.close()


@pytest.mark.parametrize(
    "change",
    ["ALTER TABLE chats ADD COLUMN more int", "DROP INDEX ix_photos_average_hash", "ANALYZE"],
)
async def test_a_database_in_which_more_than_rows_has_changed_serves_no_other_test(
    postgres: Server, empty_postgres: str, change: str
) -> None:
    async with postgres.copy(empty_postgres) as changed:
        database = await Database.open(changed)
        async with database.session() as session:
            await chats.change(session, 1, count=5)
        async with database.session() as session:
            await session.execute(text(change))
        await database.close()
    async with postgres.copy(empty_postgres) as other:
        assert other != changed


@on_postgresql
async def test_only_what_is_confirmed_waits_for_the_disk(database: Database) -> None:
    for confirmed, expected in ((True, "on"), (False, "off"), (True, "on")):
        async with database.session(confirmed=confirmed) as session:
            assert await session.scalar(text("SHOW synchronous_commit")) == expected
    async with database.reading() as session:
        assert await session.scalar(text("SHOW synchronous_commit")) == "on"


@on_postgresql
async def test_forty_writers_of_one_row_are_all_served(database: Database) -> None:
    async def write(number: int) -> None:
        async with database.session() as session:
            await chats.change(session, 1, count=number)
            await users.seen(session, number % 7, "en")

    await asyncio.gather(*(write(number) for number in range(40)))
    async with database.reading() as session:
        assert (await chats.get(session, 1)).count in range(40)


async def test_two_that_start_at_once_bring_a_database_up_to_date_once(postgres: Server) -> None:
    async with postgres.database() as url:
        opened = await asyncio.gather(Database.open(url), Database.open(url))
        async with opened[1].reading() as session:
            versions = (
                await session.scalars(text("SELECT version_num FROM alembic_version"))
            ).all()
        assert len(versions) == 1
        for one in opened:
            await one.close()


async def test_a_server_that_ends_is_told_and_works_again_once_it_is_back(
    own_server: Server,
) -> None:
    database = await Database.open(own_server.url("postgres"))
    async with database.session() as session:
        await chats.change(session, 1, count=5)
    own_server.stop()
    for _ in range(2):
        with pytest.raises(StorageError, match="server cannot be reached"):
            async with database.session() as session:
                await chats.change(session, 1, count=6)
    own_server.start()
    async with database.reading() as session:
        assert (await chats.get(session, 1)).count == 5
    await database.close()


async def test_a_standby_that_cannot_be_listened_to_is_told(own_server: Server) -> None:
    database = await Database.open(own_server.url("postgres"))
    own_server.stop()
    (own_server.folder / "data" / "standby.signal").touch()
    own_server.start()
    with pytest.raises(StorageError, match="its server is read-only"):
        async with asyncio.timeout(20):
            await database.listen({"channel": lambda: None})
    await database.close()


@on_postgresql
async def test_a_connection_that_the_server_ends_half_way_is_told(database: Database) -> None:
    with pytest.raises(StorageError, match="server cannot be reached"):
        async with database.session() as session:
            await session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    async with database.reading() as session:
        assert (await chats.get(session, 1)).count is None


@on_postgresql
async def test_all_connections_in_use_is_not_told_as_a_server_that_cannot_be_reached(
    url: str,
) -> None:
    engine = create_async_engine(url, pool_size=1, max_overflow=0, pool_timeout=0.05)
    database = Database(engine)
    async with database.reading() as session:
        await session.execute(text("SELECT 1"))
        with pytest.raises(StorageError, match="busy with other work"):
            async with database.session():
                pass
    await database.close()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"password": "wrong"}, "refuses the user or the password"),
        ({"username": "nobody"}, "refuses the user or the password"),
        ({"database": "nosuch"}, "no database of that name"),
        ({"query": {"host": "/nowhere"}}, "cannot be reached"),
        ({"query": {"nosuch": "option"}}, "invalid option or port"),
        ({"query": {"loop": "1"}}, "invalid option or port"),
        ({"query": {"prepared_statement_cache_size": "many"}}, "invalid option or port"),
        ({"host": "127.0.0.1", "port": 99999, "query": {}}, "invalid option or port"),
        ({"host": "127.0.0.1", "port": 1, "query": {}}, "cannot be reached"),
    ],
    ids=str,
)
async def test_an_address_that_leads_nowhere_is_told_without_the_password(
    postgres: Server, changed: dict[str, object], sentence: str
) -> None:
    address = make_url(postgres.url("postgres")).set(**changed)  # type: ignore[arg-type]
    for use in (Database.open, condition_of):
        with pytest.raises(StorageError, match=sentence) as refused:
            await use(address.render_as_string(hide_password=False))
        assert PASSWORD not in str(refused.value)


async def test_a_database_of_another_encoding_is_told(postgres: Server) -> None:
    await postgres.execute(
        "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    with pytest.raises(StorageError, match="ENCODING 'UTF8'"):
        await Database.open(postgres.url("latin"))
    await postgres.execute("DROP DATABASE latin WITH (FORCE)")


async def test_how_libpq_writes_an_address_will_do(postgres: Server) -> None:
    async with postgres.database() as url:
        plain = url.replace("postgresql+asyncpg", "postgres") + "&sslmode=prefer"
        await (await Database.open(plain)).close()


async def test_a_driver_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    for use in (Database.open, condition_of):
        with pytest.raises(StorageError, match=r"pip install 'tag4pic\[postgres\]'"):
            await use("postgresql://me@host/bot")


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("53100", "is full"),
        ("40P01", "busy"),
        ("53300", "no connections left"),
        ("57014", "raise statement_timeout"),
        ("42P01", "refused"),
        ("26000", "use session pooling"),
        ("42P05", "use session pooling"),
    ],
)
def test_what_the_server_says_is_told_by_its_state(state: str, sentence: str) -> None:
    class ServersError(Exception):
        sqlstate = state

    assert sentence in str(explain(ServersError("in whatever language: connection, locked")))
