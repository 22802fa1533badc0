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
    sightings,
)

log = logging.getLogger(__name__)

FIRST_AFTER = 60.0
"""Seconds after a start: what the last run left is answered by then."""
EVERY = 3600.0
HISTORY_EVERY = 24
"""History is deleted every so many times: looking for it takes longer."""
DAY, SILENCE = timedelta(days=1), timedelta(days=30)
"""After so long without a photo, those of the last day aside, the clock gets a day to be set
right."""
_DOUBT = (
    "No photo came between %s and yesterday. In case this machine's clock is wrong, nothing old is "
    "deleted before tomorrow."
)


@asynccontextmanager
async def purged(database: Database, keep_days: int, bot_id: int) -> AsyncIterator[None]:
    """While the block runs, deletes history older than ``keep_days``; 0 keeps it for ever.

    If the clock may be ahead, history is not deleted before the next day.

    In any case it deletes ids of handled updates that Telegram no longer resends, what waits for
    other bots that no longer run, what other replicas have read, which of them had a chat, and who
    sent too much an hour ago. What was deleted is overwritten in SQLite's WAL too.
    """
    async with meanwhile(_purge_hourly(database, keep_days, bot_id)):
        yield


async def _purge_hourly(database: Database, keep_days: int, bot_id: int) -> None:
    await asyncio.sleep(FIRST_AFTER)
    doubted: datetime | None = None
    for hour in count():
        try:
            async with database.alone("retention") as is_alone:
                if is_alone:  # no other replica does it now
                    await _purge_short_lived(database, bot_id)
                    if keep_days and hour % HISTORY_EVERY == 0:
                        last = await _last_before_a_silence(database)
                        if last in (None, doubted):
                            await _purge_history(database, keep_days)
                        else:
                            log.warning(_DOUBT, f"{last:%Y-%m-%d}")
                        doubted = last
                    await database.shrink_log()
        except StorageError as error:
            log.warning("What is old was not deleted; it will be tried again. %s", error)
        await asyncio.sleep(EVERY)


async def _last_before_a_silence(database: Database) -> datetime | None:
    """When the last photo came, if that is so long ago by this clock that it may be wrong.

    Photos of the last day do not count: they may have come by the same clock.
    """
    now = datetime.now(UTC)
    async with database.reading() as session:
        last = await sightings.last_before(session, now - DAY)
    if last is None or now - last < SILENCE:
        return None
    return last


async def _purge_short_lived(database: Database, bot_id: int) -> None:
    async with database.session(confirmed=False) as session:
        await inbox.purge(session)
        await changes.purge(session)
        await rate_buckets.purge(session)
        await replicas.purge(session)
        await retention.purge_queues(session, bot_id)


async def _purge_history(database: Database, keep_days: int) -> None:
    before = datetime.now(UTC) - timedelta(days=keep_days)
    gone = await retention.purge(database, before)
    if gone:
        log.info("Rows of history deleted for their age (KEEP_DAYS=%d): %d", keep_days, gone)
