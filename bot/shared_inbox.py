"""The inbox in PostgreSQL, which several replicas behind a load balancer share.

The replica that Telegram's call reaches stores the update. If no replica owns the update's chat
(``storage.replicas``), this one claims it; otherwise the owner is notified. So each chat's updates
are handled in one process and in order. What failed since the database was away or busy is begun
again from the inbox, for an hour. When a dead replica's lease expires, others take over its
chats and its unhandled updates; a replica that could not renew its lease in time drops its work,
since others may have taken it over. A bot that polls is the only replica.
"""

import asyncio
import logging
from collections.abc import Collection, Coroutine, Iterable, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

from bot.chat.services import BotApplication
from bot.chat.updates_at_work import UpdatesAtWork
from bot.inbox import Inbox
from bot.latest import Latest
from storage import StorageError, replicas
from storage.tables import WaitingUpdate

log = logging.getLogger(__name__)

RENEW_EVERY = 4.0
"""Seconds between renewals of the lease."""

LOOK_EVERY = 1.0
"""Seconds between reads of the inbox when no notification comes."""

AGAIN_AFTER = 2.0
"""Seconds until an update that is put off is begun again, if the database can be read then."""

REMEMBERED = 10_000
"""Updates begun lately to remember, so that none is begun again from an earlier read."""


class SharedInbox(Inbox):
    """The inbox of one replica of several, or of the only one."""

    def __init__(self, application: BotApplication) -> None:
        super().__init__(application)
        self._replica = self._database.number
        self._begun: Latest[int, None] = Latest(REMEMBERED)
        self._put_off: Latest[int, None] = Latest(REMEMBERED)
        self._look_now = asyncio.Event()
        self._lease_until = self._leased_since = 0.0
        self._loops: list[asyncio.Task[None]] = []

    @property
    def has_lease(self) -> bool:
        """Whether this replica's lease holds, so that the others count it as alive."""
        return monotonic() < self._lease_until

    @property
    def is_full(self) -> bool:
        """Whether it takes no updates now: it is full, or has no lease."""
        return super().is_full or not self.has_lease

    def look(self) -> None:
        """Makes it read the inbox soon: another replica may have stored something for it."""
        self._look_now.set()

    async def resume(self) -> None:
        """Begins with the messages and updates that no replica owns.

        Raises:
            StorageError
        """
        await self._renew()
        self._loops.append(asyncio.create_task(self._keep_lease()))
        await self._look()
        self._loops.append(asyncio.create_task(self._watch()))

    async def take(self, updates: Sequence[Any]) -> None:
        """Stores raw updates, and begins to handle those of chats that this replica owns.

        Raises:
            StorageError: if they cannot be stored; then they are not handled here.
        """
        _, rows = self._rows(updates)
        async with self._database.session() as session:
            await replicas.store(session, self._bot_id, rows)
            waiting = await self._claimed(session, {row.chat_id or 0 for row in rows.values()})
            others = rows.keys() - {row.update_id for row in waiting}
            if any(one not in self._begun for one in others):
                await replicas.tell(session)
        self._begin_stored(waiting)

    async def stop(self) -> None:
        """Stops, and releases what is left to the other replicas."""
        for loop in self._loops:
            loop.cancel()
        await super().stop()
        try:
            async with self._database.session(apart=True) as session:
                await replicas.leave(session, self._replica)
        except StorageError as error:
            log.warning("The others wait until this replica's lease is over: %s", error)

    async def _claimed(self, session: Any, chats: Collection[int]) -> list[WaitingUpdate]:
        """Claims chats; returns the waiting updates of those that this replica now owns."""
        mine = await replicas.claim(
            session, self._bot_id, self._replica, chats, of_the_dead=self._can_take_over
        )
        return await replicas.waiting(session, self._bot_id, mine, self._begun) if mine else []

    @property
    def _begun_or_at_work(self) -> set[int]:
        """The updates not to be begun again."""
        at_work = (one.update_ids for one in self._tasks.values())
        return {*self._begun, *self._handled}.union(*at_work)

    @property
    def _can_take_over(self) -> bool:
        # After a database outage every replica gets one lease's time to renew.
        return monotonic() - self._leased_since > replicas.LEASE

    def _begin_stored(self, waiting: Sequence[WaitingUpdate]) -> None:
        """Like ``Inbox``, without updates that have been begun already."""
        if not (self.is_open and self.has_lease):
            return
        begun = self._begun_or_at_work
        new = [row for row in waiting if row.update_id not in begun]
        self._begun.update({row.update_id: None for row in new})
        super()._begin_stored(new)

    async def _handle(self, at_work: UpdatesAtWork, work: Coroutine[Any, Any, None]) -> None:
        """Like ``Inbox``; what is left is begun again in a moment, as far as it still waits."""
        at_work.can_wait = True
        at_work.again = any(one in self._put_off for one in at_work.update_ids)
        await super()._handle(at_work, work)
        if again := at_work.update_ids:
            self._put_off.update(dict.fromkeys(again))
            await asyncio.sleep(AGAIN_AFTER)
            at_work.update_ids = []
            self._forget(again)
            self.look()

    def _forget(self, update_ids: Iterable[int]) -> None:
        """Lets updates be begun again."""
        for update_id in update_ids:
            self._begun.pop(update_id, None)

    async def _watch(self) -> None:
        """Regularly reads unclaimed updates, and those that another replica stored for this one."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._look_now.wait(), LOOK_EVERY)
            self._look_now.clear()
            if self.is_open and not self.is_full:
                try:
                    await self._look()
                except StorageError as error:
                    log.debug("What waits is not known: %s", error)

    async def _look(self) -> None:
        async with self._database.reading() as session:
            chats = await replicas.to_claim(
                session,
                self._bot_id,
                self._replica,
                self._begun_or_at_work,
                of_the_dead=self._can_take_over,
            )
            to_inherit = await replicas.to_inherit(
                session,
                self._bot_id,
                self._replica,
                self._services.outbox.rows,
                of_the_dead=self._can_take_over,
            )
        if to_inherit:  # before the updates, which came later
            async with self._database.session(confirmed=False) as session:
                unsent = await replicas.inherit(session, self._replica, to_inherit)
            log.info("Messages that nobody sends are sent by this replica: %d", len(unsent))
            await self._services.outbox.begin(unsent)
        if chats:
            async with self._database.session(confirmed=False) as session:
                waiting = await self._claimed(session, chats)
            self._begin_stored(waiting)
        if len(chats) == replicas.CHATS_AT_ONCE:
            self.look()  # there may be more

    async def _keep_lease(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY)
            if self._leased_since and not self.has_lease:
                await self._drop_work()
            try:
                if not self._leased_since:
                    await self._store_batch()  # before others would handle it again
                    async with self._database.session(confirmed=False) as session:
                        # Of those that it has sent, it only stores that they arrived.
                        await replicas.let_go(session, self._replica, self._services.outbox.rows)
                await self._renew()
            except StorageError as error:
                log.warning("The lease of this replica is not renewed: %s", error)

    async def _renew(self) -> None:
        asked_at = monotonic()
        at_work = {one.chat_id or 0 for one in self._tasks.values()}
        async with self._database.session(apart=True) as session:
            await replicas.renew(session, self._replica, self._bot_id, at_work)
        self._leased_since = self._leased_since or asked_at
        # A second early, so that it never expires in the database before it does here.
        self._lease_until = asked_at + replicas.LEASE - 1

    async def _drop_work(self) -> None:
        """Drops all work when the lease has expired: others may have taken over the chats."""
        log.error(
            "This replica's lease was not renewed for %d seconds: what it was at is left to "
            "whoever takes it first.",
            replicas.LEASE,
        )
        self._leased_since = 0.0
        tasks = dict(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=1)
        for at_work in tasks.values():
            self._forget(at_work.update_ids)
        await self._services.outbox.let_go()
