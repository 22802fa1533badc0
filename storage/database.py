"""Opens and migrates the database, and gives sessions."""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
import warnings
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import unquote

from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InvalidRequestError,
    NoSuchModuleError,
    ProgrammingError,
    SAWarning,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from storage import changes, postgresql, sqlite
from storage.errors import StorageError, explain
from storage.migrations.apply import migrate
from storage.turns import Turns

_ASYNC_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
}
_FAILURES = (DBAPIError, PoolTimeoutError, OSError)
_REFUSED = (AttributeError, OverflowError, SAWarning, TypeError, ValueError)
"""What drivers raise at an option that cannot be; SQLAlchemy warns of one that does nothing."""
_INVALID = "DATABASE_URL has an invalid option or port."
GONE = (
    "The database's files were deleted or replaced while they were in use, so nothing more can be "
    "saved. Put back a backup, or start again with an empty database."
)
_TRIES, _PAUSE = 10, 0.3
_UNSUPPORTED = (
    "DATABASE_URL names a kind of database that tag4pic cannot use: it takes "
    "sqlite+aiosqlite:///FILE and postgresql://USER:PASSWORD@HOST/NAME."
)
WAIT_SECONDS = 30.0
"""How long a session waits for its turn while no other ends, before it raises ``StorageError``."""

WRITERS, READERS = 7, 5
"""Sessions at a time; listening and locks use the rest of SQLAlchemy's 15 connections."""


class Database:
    """A migrated database. ``open`` makes one; ``close`` it: each connection has a thread.

    Attributes:
        number: identifies this process among others on the same database.
        is_shared: whether there may be others; SQLite serves one process.
        file: SQLite's, if it is a plain file.
        not_saved: why the last session to write with failed; None if it did not.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.number = secrets.randbits(62)
        is_sqlite = engine.dialect.name == "sqlite"
        self.is_shared = not is_sqlite
        self.file = _plain_file(engine.url)
        # SQLite has one writer at a time. Within this process writers queue here, in order;
        # only another process is waited for by polling (the busy timeout).
        self._writers = Turns(1 if is_sqlite else WRITERS)
        self._readers = Turns(READERS)
        options = sqlite.UNCONFIRMED if is_sqlite else postgresql.UNCONFIRMED
        unconfirmed = engine.execution_options(**options)
        confirmed = engine.execution_options(**sqlite.CONFIRMED) if is_sqlite else engine
        self._unconfirmed = async_sessionmaker(unconfirmed, expire_on_commit=False)
        self._confirmed = async_sessionmaker(confirmed, expire_on_commit=False)
        self._reading = async_sessionmaker(engine, expire_on_commit=False)
        self._apart_engine = None if is_sqlite else postgresql.one_connection(engine.url)
        self._apart = None if is_sqlite else async_sessionmaker(self._apart_engine)
        self._files: sqlite.Files | None = None
        self.not_saved: StorageError | None = None

    @classmethod
    async def open(cls, url: str, *, must_exist: bool = False) -> Database:
        """Opens the database at ``url``, makes its folder where needed, and brings it up to date.

        Args:
            must_exist: refuse to create an SQLite file.

        Raises:
            StorageError: it cannot be reached or written to, or is from a newer version.
        """
        address = _address(url)
        engine = _engine(address)
        try:
            if _is_sqlite(address):
                await asyncio.to_thread(_check_file, address, must_exist)
        except (sqlite3.Error, PermissionError) as error:
            raise explain(error) from error
        except OSError as error:
            raise StorageError(
                "The folder for the database cannot be created: check the path in DATABASE_URL."
            ) from error
        if _is_sqlite(address):
            sqlite.prepare(engine.sync_engine)
        else:
            postgresql.prepare(engine.sync_engine)
        database = cls(engine)
        try:
            await database._migrate()
        except BaseException:
            await engine.dispose()
            raise
        if _is_sqlite(address):
            database._files = sqlite.Files.of(address.database)
        return database

    async def _migrate(self) -> None:
        connected = False
        try:
            async with self._confirmed() as session:
                connection = await session.connection()
                connected = True
                await connection.run_sync(migrate)
                await session.commit()
        except _FAILURES as error:
            raise explain(error) from error
        except _REFUSED as error:
            # The driver refuses options only when it first connects.
            if connected:
                raise
            raise StorageError(_INVALID) from error

    @asynccontextmanager
    async def session(
        self, *, confirmed: bool = True, urgent: bool = False, apart: bool = False
    ) -> AsyncIterator[AsyncSession]:
        """A session to write with: commits when the block ends, rolls back when it raises.

        Keep it short and never nest two: on SQLite others wait for it.

        Args:
            confirmed: a person is told that it is saved, so a power cut must not lose it. If False,
                a power cut may lose the last commits, and nothing waits for the disk.
            urgent: goes before other waiting sessions.
            apart: on a server, uses a connection of its own without queueing, and fails after some
                seconds.

        Raises:
            StorageError: the database cannot be reached, written to or waited for.
        """
        with self._noticed(), _explained():
            async with AsyncExitStack() as stack:
                sessions = self._confirmed if confirmed else self._unconfirmed
                if apart and self._apart is not None:
                    sessions = self._apart
                else:
                    turn = self._writers.turn(WAIT_SECONDS, urgent=urgent)
                    await stack.enter_async_context(turn)
                session = await stack.enter_async_context(sessions())
                # Start the transaction now, as a writer's: SQLite refuses writes in one that began
                # by reading if another has written in between.
                await session.connection()
                yield session
                if self.is_shared and session.info:
                    await changes.write(session, self.number)
                await session.commit()
                self._check_files()

    @contextmanager
    def _noticed(self) -> Iterator[None]:
        try:
            yield
        except StorageError as error:
            self.not_saved = error
            raise
        self.not_saved = None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session to read with: it never waits for a writer, and commits nothing.

        Raises:
            StorageError: the database cannot be reached or read.
        """
        with _explained():
            async with self._readers.turn(WAIT_SECONDS), self._reading() as session:
                yield session

    async def listen(self, handlers: Mapping[str, Callable[[], object]]) -> None:
        """Listens for notifications until the connection fails, which raises ``StorageError``.

        A notification only says "look": those sent while nobody listens are lost.

        Args:
            handlers: by channel; each is also called once at the start.
        """
        with _explained():
            await postgresql.listen(self.engine, handlers)

    @asynccontextmanager
    async def alone(self, what: str) -> AsyncIterator[bool]:
        """Yields whether only this process does ``what`` on this database, and keeps others out.

        Raises:
            StorageError: the database cannot be reached.
        """
        if not self.is_shared:
            yield True
            return
        async with AsyncExitStack() as stack:
            with _explained():
                locking = postgresql.locked(self.engine, what)
                is_locked = await stack.enter_async_context(locking)
            yield is_locked

    async def vanishes(self, check_every: float = 5.0) -> None:
        """Waits until the database's files are gone, which raises ``StorageError``."""
        while True:
            await asyncio.sleep(check_every)
            self._check_files()

    def _check_files(self) -> None:
        if self._files is not None and not self._files.are_there():
            raise StorageError(GONE)

    async def shrink_log(self) -> None:
        """Empties SQLite's WAL into the file, since deleted rows are still readable there.

        It tries a few times, since readers hold on to parts of it and others may write in between;
        ``bot.retention`` does so each hour, and the last connection when it closes. Other databases
        manage their own logs.
        """
        for _ in range(0 if self.is_shared else _TRIES):
            with _explained():
                async with self._writers.turn(WAIT_SECONDS), self.engine.connect() as connection:
                    if await connection.run_sync(sqlite.empty_log):
                        return
            await asyncio.sleep(_PAUSE)

    async def close(self) -> None:
        await self.engine.dispose()
        if self._apart_engine is not None:
            await self._apart_engine.dispose()


@contextmanager
def _explained() -> Iterator[None]:
    """Turns the drivers' failures into a ``StorageError``."""
    try:
        yield
    except _FAILURES as error:
        raise explain(error) from error


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite database; None if ``url`` names another kind, or no plain file.

    Raises:
        StorageError: the address is invalid.
    """
    address = _address(url)
    if _is_sqlite(address):
        _engine(address)  # refuses options that cannot be
    return _plain_file(address)


def is_there(url: str) -> bool:
    """Whether opening a database would create none; a server's counts as there.

    Raises:
        StorageError: the address is invalid.
    """
    file = sqlite_file(url)
    try:
        return file is None or file.exists()
    except PermissionError:  # opening it says what is wrong
        return True


def _plain_file(address: URL) -> Path | None:
    file = address.database
    if not _is_sqlite(address) or not file or file.startswith("file:"):
        return None
    return Path(file)


async def revision_at(url: str) -> str | None:
    """The revision of the tables on a database server, without migrating; None without tables.

    Raises:
        StorageError: the address is invalid, or the server cannot be reached.
    """
    try:
        engine = _engine(_address(url))
        try:
            async with engine.connect() as connection:
                revision = await connection.scalar(text("SELECT version_num FROM alembic_version"))
                return None if revision is None else str(revision)
        finally:
            await engine.dispose()
    except ProgrammingError:  # no such table
        return None
    except _REFUSED as error:
        raise StorageError(_INVALID) from error
    except _FAILURES as error:
        raise explain(error) from error


def _engine(address: URL) -> AsyncEngine:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", SAWarning)
            # Errors are logged, and must not show the texts that a statement was given.
            engine = create_async_engine(
                address, pool_pre_ping=not _is_sqlite(address), hide_parameters=True
            )
        if _is_sqlite(address):  # which refuses some options only as it connects
            _, options = engine.dialect.create_connect_args(address)
            sqlite3.connect(":memory:", **options).close()
        return engine
    except ModuleNotFoundError as error:
        driver = "'tag4pic[postgres]'" if error.name == "asyncpg" else error.name
        raise StorageError(
            f"The driver for this database is not installed: run .venv/bin/pip install {driver}."
        ) from error
    except (ArgumentError, InvalidRequestError, NoSuchModuleError) as error:
        raise StorageError(_UNSUPPORTED) from error
    except _REFUSED as error:
        raise StorageError(_INVALID) from error


def _address(url: str) -> URL:
    try:
        if "\0" in unquote(url):
            raise ValueError("a zero byte")
        address = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise StorageError(
            "DATABASE_URL is not an address such as sqlite+aiosqlite:///data/tag4pic.db."
        ) from error
    address = address.set(drivername=_ASYNC_DRIVERS.get(address.drivername, address.drivername))
    if not _is_sqlite(address):
        if address.get_backend_name() != "postgresql":
            raise StorageError(_UNSUPPORTED)
        return postgresql.address(address)
    if not address.database or address.database == ":memory:":
        raise StorageError("DATABASE_URL names no file: a database in memory would be lost.")
    return address


def _is_sqlite(address: URL) -> bool:
    return address.get_backend_name() == "sqlite"


def _check_file(address: URL, must_exist: bool) -> None:
    file = address.database or ""
    if must_exist and not Path(file).exists():
        raise StorageError("The file that DATABASE_URL names does not exist.")
    if not file.startswith("file:"):
        sqlite.check(Path(file))
