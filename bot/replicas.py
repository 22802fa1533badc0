"""Keeps replicas in sync: what one of them changes, the others apply within a second.

Changes are stored (``storage.changes``), and each replica reads new ones every second.
PostgreSQL's NOTIFY only makes it quicker.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import NoReturn

from bot.chat.delivery import pauses
from bot.chat.services import Services
from bot.inbox import Inbox
from bot.meanwhile import meanwhile
from bot.shared_inbox import SharedInbox
from storage import StorageError, changes, replicas
from storage.changes import Changed
from storage.tables import now

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Seconds between reads of the changes when no notification comes."""

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
"""Seconds before the first reconnect, and at most."""


@asynccontextmanager
async def in_step(services: Services, inbox: Inbox) -> AsyncIterator[None]:
    """While the block runs, applies what other replicas change; SQLite has none."""
    if not services.database.is_shared:
        yield
        return
    changed = asyncio.Event()
    callbacks: dict[str, Callable[[], object]] = {changes.CHANNEL: changed.set}
    if isinstance(inbox, SharedInbox):
        callbacks[replicas.CHANNEL] = inbox.look
    async with meanwhile(_listen(services, callbacks), _follow(services, changed)):
        yield


async def _listen(services: Services, callbacks: dict[str, Callable[[], object]]) -> NoReturn:
    waits = pauses(FIRST_PAUSE, LONGEST_PAUSE)
    while True:
        began = asyncio.get_running_loop().time()
        try:
            await services.database.listen(callbacks)
        except StorageError as error:
            log.warning("Other replicas are not heard for now: %s", error)
        if asyncio.get_running_loop().time() - began > LONGEST_PAUSE:
            waits = pauses(FIRST_PAUSE, LONGEST_PAUSE)
        await asyncio.sleep(next(waits))


async def _follow(services: Services, changed: asyncio.Event) -> NoReturn:
    last, database = services.learner.knows_until, services.database
    newest, read_at = last, now()
    while True:
        with suppress(TimeoutError):
            await asyncio.wait_for(changed.wait(), LOOK_EVERY)
        changed.clear()
        try:
            began = now()
            if began - read_at > changes.KEPT_FOR / 2:  # changes may have been purged unread
                services.moderation_changed()
                await services.learner.start()
                last = services.learner.knows_until
            async with database.reading() as session:
                newest, news = await changes.after(session, last, database.number)
            await _apply(services, news)
            last, read_at = newest, began
        except StorageError as error:
            log.debug("What others changed is not known yet: %s", error)
        except Exception:
            log.exception("What others changed is not taken in")
            last = newest


async def _apply(services: Services, news: Sequence[Changed]) -> None:
    for change in news:
        if change.kind == "block_list":
            services.moderation_changed()
        elif change.kind == "forgotten":
            for person in change.numbers:
                with services.forgotten.deleting(person):
                    services.forget(person)
    photo_ids = {number for one in news if one.kind == "photos" for number in one.numbers}
    if photo_ids:
        await services.learner.learn(photo_ids)
