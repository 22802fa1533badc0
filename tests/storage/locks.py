"""Sessions of PostgreSQL that wait for each other."""

import asyncio

from sqlalchemy import text

from storage import Database


async def somebody_waits(database: Database) -> None:
    """Returns once a session waits for another's lock."""
    locks = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    async with asyncio.timeout(20):
        while True:
            async with database.reading() as session:
                if await session.scalar(locks):
                    return
            await asyncio.sleep(0.01)
