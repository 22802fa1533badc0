"""Deletes what is old: history after ``KEEP_DAYS``, and what only the next hour or days need."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count

from bot.meanwhile import meanwhile
from storage import (
    Database,
    StorageError,
    changes,
    inbox,
    rate_buckets,
    replicas,
    retention,
)

log = logging.getLogger(__name__)

FIRST_AFTER = 60.0
"""Seconds after a start: what the last run left is answered by then."""
EVERY = 3600.0
HISTORY_EVERY = 24
"""History is deleted every so many times: looking for it takes longer."""


@asynccontextmanager
async def purged(database: Database, keep_days: int) -> AsyncIterator[None]:
    """While the block runs, deletes history older than ``keep_days``; 0 keeps it for ever.

    In any case it deletes ids of handled updates that Telegram no longer resends, what waits for a
    bot that no longer runs, what other replicas have read, which of them had a chat, and who sent
    too much an hour ago.
    """
    async with meanwhile(_purge_hourly(database, keep_days)):
        yield


async def _purge_hourly(database: Database, keep_days: int) -> None:
    await asyncio.sleep(FIRST_AFTER)
    for hour in count():
        try:
            async with database.alone("retention") as is_alone:
                if is_alone:  # no other replica does it now
                    await _purge_short_lived(database)
                    if keep_days and hour % HISTORY_EVERY == 0:
                        await _purge_history(database, keep_days)
        except StorageError as error:
            log.warning("What is old was not deleted; it will be tried again. %s", error)
        await asyncio.sleep(EVERY)


async def _purge_short_lived(database: Database) -> None:
    async with database.session(confirmed=False) as session:
        await inbox.purge(session)
        await changes.purge(session)
        await rate_buckets.purge(session)
        await replicas.purge(session)
        await retention.purge_queues(session)


async def _purge_history(database: Database, keep_days: int) -> None:
    before = datetime.now(UTC) - timedelta(days=keep_days)
    gone = await retention.purge(database, before)
    if gone:
        log.info("%d rows of history older than %d days were deleted.", gone, keep_days)
