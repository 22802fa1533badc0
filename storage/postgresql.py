"""All that is said to PostgreSQL alone: how its transactions begin, and what its address says."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from zlib import crc32

from sqlalchemy import URL, Connection, Engine, NullPool, event, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

__all__ = ["NOTE", "address", "listen", "locked", "one_connection", "prepare"]

NOTE = {"synchronous_commit": "off"}
"""Execution options of an engine whose transactions a power cut may take the last of."""

APART_SECONDS = 5.0

_LOCKS = 0x74616734
"""The first half of the numbers of this program's locks, which no other is likely to use."""


def address(url: URL) -> URL:
    """The address with libpq's name of an option, as other programs write it, as the driver's."""
    if "sslmode" not in url.query:
        return url
    mode = url.query["sslmode"]
    return url.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})


def prepare(engine: Engine) -> None:
    """Set up every transaction of ``engine``; call once, before the first."""
    event.listen(engine, "begin", _begin)


def one_connection(url: URL) -> AsyncEngine:
    """An engine of one connection, whose every request is answered within seconds or fails."""
    limits = {"timeout": APART_SECONDS, "command_timeout": APART_SECONDS}
    return create_async_engine(
        url, pool_size=1, max_overflow=0, pool_pre_ping=True, connect_args=limits
    )


def _beside(engine: AsyncEngine) -> AsyncConnection:
    """A connection for long, which is none of those that the others share."""
    return create_async_engine(engine.url, poolclass=NullPool).connect()


def _begin(connection: Connection) -> None:
    if mode := connection.get_execution_options().get("synchronous_commit"):
        connection.exec_driver_sql(f"SET LOCAL synchronous_commit = {mode}")


async def listen(engine: AsyncEngine, heard: Mapping[str, Callable[[], object]]) -> None:
    """Calls what is there for a channel at each notice of it; raises once the connection ends."""
    ended = asyncio.Event()
    async with _beside(engine) as connection:
        try:
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None
            driver.add_termination_listener(lambda _: ended.set())
            for channel in heard:
                await driver.add_listener(channel, lambda *notice: heard[notice[2]]())
            for call in heard.values():
                call()
            await ended.wait()
            raise ConnectionError("the connection that listens was closed")
        finally:
            await connection.invalidate()  # with what listens


@asynccontextmanager
async def locked(engine: AsyncEngine, what: str) -> AsyncIterator[bool]:
    """Gives whether a lock of the whole database is ours; it ends with its connection."""
    number = crc32(what.encode()) - 2**31
    async with _beside(engine) as connection:
        try:
            locking = select(func.pg_try_advisory_lock(_LOCKS, number))
            is_locked = bool(await connection.scalar(locking))
            await connection.commit()
            yield is_locked
        finally:
            await connection.invalidate()
