"""Deletes history older than ``KEEP_DAYS``, once a day."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from bot.meanwhile import meanwhile
from storage import Database, StorageError, inbox, retention

log = logging.getLogger(__name__)

FIRST_AFTER = 60.0
"""Seconds after a start: what the last run left is answered by then."""
EVERY = 24 * 3600.0


@asynccontextmanager
async def purged_daily(database: Database, keep_days: int) -> AsyncIterator[None]:
    """While the block runs, deletes history older than ``keep_days``; 0 keeps it for ever.

    Ids of handled updates are deleted in any case, once Telegram no longer resends those updates.
    """
    async with meanwhile(_purge_daily(database, keep_days)):
        yield


async def _purge_daily(database: Database, keep_days: int) -> None:
    await asyncio.sleep(FIRST_AFTER)
    while True:
        try:
            async with database.alone("retention") as is_alone:
                if is_alone:  # no other replica does it now
                    await _purge(database, keep_days)
        except StorageError as error:
            log.warning("Old history was not deleted; the next try is tomorrow. %s", error)
        await asyncio.sleep(EVERY)


async def _purge(database: Database, keep_days: int) -> None:
    async with database.session(confirmed=False) as session:
        await inbox.purge(session)
    before = datetime.now(UTC) - timedelta(days=keep_days)
    gone = await retention.purge(database, before) if keep_days else 0
    if gone:
        log.info("%d rows of history older than %d days were deleted.", gone, keep_days)
