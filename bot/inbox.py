"""The inbox: stores every update before it is handled, and removes it afterwards.

Telegram forgets an update once later ones are requested. What is in the inbox when the process dies
is handled at the next start.
"""

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from time import monotonic
from typing import Any

from telegram import Message, Update
from telegram.constants import ChatType
from telegram.error import TelegramError

from bot.chat import updates_at_work
from bot.chat.identity import language_of, person_of, sender_of
from bot.chat.replies import reply_to
from bot.chat.services import BotApplication, Services
from bot.chat.texts import texts_for
from bot.chat.updates_at_work import HandledElsewhere, UpdatesAtWork
from storage import StorageError, inbox
from storage.tables import LARGEST_INTEGER, WaitingUpdate, now

log = logging.getLogger(__name__)

MOST = 10_000
"""Updates in the inbox at a time; further ones stay at Telegram."""

TOO_LATE = timedelta(hours=1)
"""An update that came longer ago gets an apology instead of an answer."""

FINISHING = 4.0
"""Seconds that running handlers get to finish when the bot stops."""

STORE_AGAIN_AFTER = 5.0
"""Seconds until a failed attempt to store what was handled is repeated."""


class Inbox:
    """Stores updates, passes them to the application, and records which are handled.

    Attributes:
        is_open: whether updates are handled; False after ``close``.
    """

    def __init__(self, application: BotApplication) -> None:
        services = application.bot_data["services"]
        assert isinstance(services, Services)
        self._application = application
        self._services = services
        self._database = services.database
        self._bot_id = application.bot.id
        self._tasks: dict[asyncio.Task[None], UpdatesAtWork] = {}
        self._handled: list[int] = []
        self._some_handled = asyncio.Event()
        self._batch_lock = asyncio.Lock()
        self._room = asyncio.Event()
        self._room.set()
        self.is_open = True
        self._finish_until = 0.0
        self._storing = asyncio.create_task(self._store_handled())

    @property
    def waiting(self) -> int:
        """How many updates are not handled yet."""
        return len(self._tasks)

    @property
    def is_full(self) -> bool:
        """Whether it takes no more updates; Telegram keeps those that are not requested."""
        return not self._room.is_set()

    async def has_room(self) -> None:
        """Waits until more updates can be taken."""
        await self._room.wait()

    async def resume(self) -> None:
        """Sends the messages and handles the updates that the last run left, oldest first.

        Raises:
            StorageError
        """
        await self._services.outbox.resume()
        async with self._database.reading() as session:
            waiting = await inbox.waiting(session, self._bot_id)
        if waiting:
            log.info("Updates from before this start are handled first: %d", len(waiting))
        self._begin_stored(waiting)

    async def take(self, updates: Sequence[Any]) -> None:
        """Stores raw updates, oldest first, and begins to handle those that are new.

        If they cannot be stored, they are handled all the same.
        """
        read, rows = self._rows(updates)
        new = set(read)
        try:
            async with self._database.session() as session:
                new = await inbox.store(session, self._bot_id, rows)
        except StorageError as error:
            log.error("Updates are handled though they cannot be stored: %s", error)
        for update_id, update in read.items():
            if update_id not in new:
                continue
            if update is None:
                self._mark_handled([update_id])
            else:
                work = self._application.process_update(update)
                self._begin([update_id], rows[update_id].chat_id, work)

    def _rows(
        self, updates: Sequence[Any]
    ) -> tuple[dict[int, Update | None], dict[int, inbox.NewUpdate]]:
        """By update id: the parsed updates (None if unreadable), and the rows to store."""
        raw = {number_of(update): json.dumps(update) for update in updates}
        read = {update_id: self._read(update_id, content) for update_id, content in raw.items()}
        rows = {update_id: _row(content, read[update_id]) for update_id, content in raw.items()}
        return read, rows

    def close(self) -> None:
        """Begins to stop: from now on running handlers get their time to finish."""
        if self.is_open:
            self.is_open = False
            self._finish_until = monotonic() + FINISHING
            for places in self._services.all_places:
                places.close()
            self._services.outbox.close()

    async def stop(self) -> None:
        """Lets running handlers finish; the rest stays for the next start."""
        self.close()
        if self._tasks:
            left = max(0.0, self._finish_until - monotonic())
            await asyncio.wait(self._tasks, timeout=left)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            log.info("Updates that stay for the next start: %d", len(self._tasks))
            await asyncio.wait(self._tasks, timeout=1)
        self._storing.cancel()
        await asyncio.wait({self._storing})
        try:
            await self._store_batch()
        except StorageError as error:
            log.error("What was handled last is not stored: %s", error)
        await self._services.outbox.stop()

    def _begin_stored(self, waiting: Sequence[WaitingUpdate]) -> None:
        """Handles stored updates; a chat gets one apology for all that are too old."""
        late: dict[int, list[Update]] = defaultdict(list)
        for stored in waiting:
            update = self._read(stored.update_id, stored.content)
            if update is None:
                self._mark_handled([stored.update_id])
            elif now() - stored.received_at <= TOO_LATE:
                work = self._application.process_update(update)
                self._begin([update.update_id], stored.chat_id, work)
            else:
                late[update.effective_chat.id if update.effective_chat else 0].append(update)
        for chat_id, updates in late.items():
            self._begin([one.update_id for one in updates], chat_id, self._apologise(updates))

    def _read(self, update_id: int, content: str) -> Update | None:
        try:
            return Update.de_json(json.loads(content), self._application.bot)
        except Exception as error:
            # Without its content, which is private.
            kind = type(error).__name__
            log.warning("Update %d cannot be read (%s) and is set aside", update_id, kind)
            return None

    def _begin(
        self, update_ids: list[int], chat_id: int | None, work: Coroutine[Any, Any, None]
    ) -> None:
        at_work = UpdatesAtWork(self._bot_id, update_ids, chat_id)
        task = asyncio.create_task(self._handle(at_work, work))
        self._tasks[task] = at_work
        if len(self._tasks) >= MOST:
            self._room.clear()
        task.add_done_callback(self._task_done)

    async def _handle(self, at_work: UpdatesAtWork, work: Coroutine[Any, Any, None]) -> None:
        """Runs a handler; ``at_work`` keeps the updates that were put off or handled elsewhere."""
        updates_at_work.begin(at_work)
        try:
            await work
        except HandledElsewhere:
            log.info("An update was handled by another process meanwhile")
            return
        except Exception as error:
            if not updates_at_work.put_off(error):
                log.exception("An update failed")
        if not at_work.are_put_off:
            self._mark_handled(at_work.update_ids)
            at_work.update_ids = []

    def _task_done(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        if len(self._tasks) < MOST:
            self._room.set()

    def _mark_handled(self, update_ids: list[int]) -> None:
        if update_ids:
            self._handled += update_ids
            self._some_handled.set()

    async def _store_handled(self) -> None:
        while True:
            await self._some_handled.wait()
            self._some_handled.clear()
            try:
                await self._store_batch()
            except StorageError as error:
                log.error("What was handled is not stored yet: %s", error)
                await asyncio.sleep(STORE_AGAIN_AFTER)
                self._some_handled.set()

    async def _store_batch(self) -> None:
        async with self._batch_lock:  # of two at once, the second would delete what nobody stored
            # One transaction for many updates.
            some = self._handled[:]
            if some:
                async with self._database.session() as session:
                    await inbox.handled(session, self._bot_id, some)
                del self._handled[: len(some)]

    async def _apologise(self, updates: Sequence[Update]) -> None:
        """Tells a chat that its messages are too old to answer."""
        message = next((m for m in map(_addressed, updates) if m), None)
        if message is None:
            return
        text = texts_for(language_of(message.from_user)).too_late
        try:
            await self._services.outbox.reply(reply_to(message, text, person=sender_of(message)))
        except TelegramError as error:
            log.info("An apology did not arrive: %s", error)


def number_of(update: Any) -> int:
    """The update's id.

    Raises:
        ValueError: if it is not an update.
    """
    update_id = update.get("update_id") if isinstance(update, dict) else None
    if not isinstance(update_id, int) or not 0 <= update_id <= LARGEST_INTEGER:
        raise ValueError("no update")
    return update_id


def _row(content: str, update: Update | None) -> inbox.NewUpdate:
    """The row to store; ``update`` is None where ``content`` could not be parsed."""
    chat = update.effective_chat if update else None
    known = update is not None and (update.callback_query or update.effective_message)
    person = person_of(update) if update is not None and known else None
    return inbox.NewUpdate(content, _storable(chat.id if chat else None), _storable(person))


def _storable(number: int | None) -> int | None:
    """None for an id beyond 64 bits, which ``bot.chat.gate`` sets aside."""
    return number if number is not None and abs(number) <= LARGEST_INTEGER else None


def _addressed(update: Update) -> Message | None:
    """The update's message if it is meant for the bot: any in a private chat, else a command."""
    message = update.message
    if message is None:
        return None
    command = (message.text or message.caption or "").startswith("/")
    return message if command or message.chat.type == ChatType.PRIVATE else None
