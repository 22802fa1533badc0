"""What is specific to PostgreSQL: addresses, connections, notifications and locks."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from zlib import crc32

from sqlalchemy import URL, Connection, Engine, NullPool, event, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage.errors import explain

UNCONFIRMED = {"synchronous_commit": "off"}
"""Execution options of an engine whose last transactions may be lost in a power cut."""

_APART_SECONDS = 5.0

_LOCKS = 0x74616734
"""The first half of this program's lock numbers, which no other program is likely to use."""


def address(url: URL) -> URL:
    """The address with libpq's option ``sslmode``, which other programs use, as the driver's."""
    if "sslmode" not in url.query:
        return url
    mode = url.query["sslmode"]
    return url.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})


def prepare(engine: Engine) -> None:
    """Sets up every transaction of ``engine``; call once, before the first."""
    event.listen(engine, "begin", _begin)


def one_connection(url: URL) -> AsyncEngine:
    """An engine of one connection, on which requests fail after some seconds."""
    limits = {"timeout": _APART_SECONDS, "command_timeout": _APART_SECONDS}
    return create_async_engine(
        url,
        pool_size=1,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args=limits,
        hide_parameters=True,
    )


def _unpooled(engine: AsyncEngine) -> AsyncConnection:
    """A connection for long use, outside the engine's pool."""
    return create_async_engine(engine.url, poolclass=NullPool).connect()


def _begin(connection: Connection) -> None:
    if mode := connection.get_execution_options().get("synchronous_commit"):
        connection.exec_driver_sql(f"SET LOCAL synchronous_commit = {mode}")


async def listen(engine: AsyncEngine, handlers: Mapping[str, Callable[[], object]]) -> None:
    """Calls a channel's handler at each of its notifications; raises once the connection ends."""
    from asyncpg import InterfaceError, PostgresError

    ended = asyncio.Event()
    async with _unpooled(engine) as connection:
        try:
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None
            driver.add_termination_listener(lambda _: ended.set())
            for channel in handlers:
                try:
                    await driver.add_listener(channel, lambda *notice: handlers[notice[2]]())
                except (PostgresError, InterfaceError) as error:  # past SQLAlchemy, so not its own
                    raise explain(error) from error
            for handler in handlers.values():
                handler()
            await ended.wait()
            raise ConnectionError("the connection that listens was closed")
        finally:
            await connection.invalidate()  # closes it, and with it the listeners


@asynccontextmanager
async def locked(engine: AsyncEngine, what: str) -> AsyncIterator[bool]:
    """Yields whether it got an advisory lock, which ends with the block or its connection."""
    number = crc32(what.encode()) - 2**31
    async with _unpooled(engine) as connection:
        try:
            locking = select(func.pg_try_advisory_lock(_LOCKS, number))
            is_locked = bool(await connection.scalar(locking))
            await connection.commit()
            yield is_locked
        finally:
            await connection.invalidate()
