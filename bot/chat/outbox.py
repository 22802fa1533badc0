"""The outbox: stores answers to updates before sending them, and sends them until they arrive.

``put`` stores a message in the transaction that stores the answer and marks its update as handled;
``send`` sends it. If the process dies in between, the message is sent after the next start, without
being computed again. A message is sent at most twice with unknown outcome; the row counts this
across restarts. A receipt (``storage.receipts``), written when Telegram's response is read, tells
the next start that a message has arrived. A database on a server has none, so the arrival is stored
with retries: whoever inherits the row of a message would send it again.

All answers go this way, except files and what is useless later, such as a tap's toast. If a message
cannot be stored, it is sent all the same, unless its update is put off for that.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from telegram.constants import ParseMode
from telegram.error import TelegramError

from bot.chat import updates_at_work
from bot.chat.delivery import UNSURE_AT_MOST, Attempts, Delivery, pauses
from bot.chat.replies import Reply
from bot.chat.stored_attempts import StoredAttempts, WithdrawnError, patience
from bot.chat.telegram_bot import TelegramBot
from bot.chat.texts import texts_for
from storage import Database, StorageError, outbox, users
from storage.receipts import Receipt, Receipts
from storage.tables import OutgoingMessage, now
from storage.together import Together

log = logging.getLogger(__name__)

Work = Callable[[AsyncSession], Awaitable[None]]

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0
"""Seconds until a failed attempt to store what became of a message is repeated, and at most."""

_FEW = 5
"""So many messages go out within a fifth of a second."""


class Outbox:
    """Stores messages, sends them, and remembers which arrived."""

    def __init__(self, database: Database, bot: TelegramBot, delivery: Delivery) -> None:
        self._database = database
        self._together = Together(database)
        self._receipts = Receipts(database.file)
        self._bot = bot
        self._delivery = delivery
        self._unsent: dict[int, int] = {}
        """The chats of the messages that are not known to have arrived, by row id."""
        self._being_put: set[int] = set()
        """The row ids of messages whose transaction has not ended."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._storing: dict[asyncio.Task[None], Collection[int]] = {}
        """What stores what became of messages, with their row ids."""
        self._stopping = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many messages are not known to have arrived yet."""
        return len(self._unsent)

    @property
    def rows(self) -> set[int]:
        """The row ids of messages that it stores or sends, or stores the outcome of."""
        storing = (row for rows in self._storing.values() for row in rows)
        return self._unsent.keys() | self._being_put.union(storing)

    async def put(
        self, session: AsyncSession, reply: Reply, *, last: bool = True
    ) -> OutgoingMessage:
        """Stores a message in the session's transaction; call ``send`` once that is committed.

        Args:
            session: a writing session.
            last: it is the last reply to its update, which is marked as handled with it.
        """
        message = OutgoingMessage(
            bot_id=self._bot.id,
            chat_id=reply.chat_id,
            thread_id=reply.thread_id,
            reply_to=reply.reply_to,
            user_id=reply.person,
            text=reply.text,
            keyboard=reply.keyboard.to_dict() if reply.keyboard else None,
            answer_id=reply.answer_id,
            photo_ids=list(reply.photo_ids),
            replica=_replica(self._database),
            unsure=1 if self._goes_out_at_once(reply.chat_id) else 0,
            at=now(),
        )
        await outbox.put(session, message)
        if last:
            await updates_at_work.done_with(session)

        def committed(_: object) -> None:
            self._unsent[message.id] = message.chat_id

        def ended(*_: object) -> None:
            self._being_put.discard(row_id)

        row_id = message.id
        self._being_put.add(row_id)
        event.listen(session.sync_session, "after_commit", committed)
        event.listen(session.sync_session, "after_transaction_end", ended)
        return message

    async def send(self, message: OutgoingMessage, *, counted: bool = True) -> int | None:
        """Sends a stored message until it arrives.

        Args:
            counted: whether its row counts the first request already, if it counts any.

        Returns:
            Its number; None if it was withdrawn, or Telegram did not say.

        Raises:
            TelegramError: if it cannot be sent, or may have arrived.
        """
        counted = counted and message.unsure > 0
        counts = StoredAttempts(self._together, message, _replica(self._database), counted=counted)
        try:
            arrived = await self._bot.post(_fields(message), counts)
        except WithdrawnError:
            return None
        except TelegramError:
            await self._drop([message])
            raise
        finally:
            self._unsent.pop(message.id, None)
        if arrived is None:
            await self._drop([message])
            return None
        receipt = Receipt(message.id, *arrived)
        self._receipts.add(receipt)
        arrival = self._arrival({receipt: message})
        await self._store(arrival, "That a message arrived", [message.id])
        return receipt.message_id

    def _arrival(self, arrived: Mapping[Receipt, OutgoingMessage]) -> Work:
        """What stores that messages have arrived."""

        async def stored(session: AsyncSession) -> None:
            for receipt, message in arrived.items():
                await outbox.arrived(session, message, receipt)

            def committed(_: object) -> None:
                for receipt in arrived:
                    self._receipts.remove(receipt)

            event.listen(session.sync_session, "after_commit", committed)

        return stored

    async def _store(self, work: Work, what: str, row_ids: Collection[int]) -> None:
        """Tries to store what became of messages.

        If that fails or the caller is cancelled, it goes on in the background until it is stored.
        """
        tried = asyncio.Event()
        task = asyncio.create_task(self._store_until_done(work, what, tried))
        self._storing[task] = row_ids
        task.add_done_callback(self._storing.pop)
        await tried.wait()

    async def _store_until_done(self, work: Work, what: str, tried: asyncio.Event) -> None:
        for pause in pauses(FIRST_PAUSE, LONGEST_PAUSE):
            try:
                await self._together.write(work)
            except StorageError as error:
                if not tried.is_set():
                    log.error("%s is not stored yet: %s", what, error)
            else:
                return
            finally:
                tried.set()
            if self._stopping.is_set():
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    async def reply(self, reply: Reply, *, last: bool = True, stored: bool = True) -> None:
        """Stores a message in a transaction of its own, and sends it.

        Args:
            last: as in ``put``.
            stored: False sends it without storing it, for what must not be in the database.

        Raises:
            TelegramError: as ``send``.
            StorageError: if its update is put off, to be handled again.
        """
        if stored:
            try:
                async with self._database.session(confirmed=False) as session:
                    message = await self.put(session, reply, last=last)
            except StorageError as error:
                if updates_at_work.put_off(error):
                    raise
                log.error("A message is sent though it cannot be stored: %s", error)
            else:
                await self.send(message)
                return
        await self._bot.post(_fields(reply), Attempts())

    async def read_receipts(self) -> None:
        """Stores which messages of the last run have arrived, with the numbers of its bot.

        Raises:
            StorageError
        """
        if receipts := self._receipts.read():
            async with self._database.reading() as session:
                # Of whichever bot: with an earlier token, too, they would be sent again.
                of_row = await outbox.stored(session, [one.row_id for one in receipts])
            arrived = {one: of_row[one.row_id] for one in receipts if one.row_id in of_row}
            await self._together.write(self._arrival(arrived))
            for receipt in set(receipts) - arrived.keys():  # their rows are gone already
                self._receipts.remove(receipt)

    async def resume(self) -> None:
        """Begins to send the messages that the last run left, in each chat oldest first.

        Raises:
            StorageError
        """
        async with self._database.reading() as session:
            waiting = await outbox.waiting(session, self._bot.id)
        if waiting:
            log.info("Messages from before this start are sent first: %d", len(waiting))
            await self.begin(waiting)

    async def begin(self, waiting: Sequence[OutgoingMessage]) -> None:
        """Begins to send messages that another process stored, in each chat oldest first."""
        unsure = [one for one in waiting if one.unsure >= UNSURE_AT_MOST]
        if unsure:
            log.warning("Messages that may have arrived are not sent again: %d", len(unsure))
            await self._drop(unsure)
        of_chat: dict[int, list[OutgoingMessage]] = defaultdict(list)
        for message in waiting:
            if message.unsure < UNSURE_AT_MOST:
                of_chat[message.chat_id].append(message)
                self._unsent[message.id] = message.chat_id
        for messages in of_chat.values():
            task = asyncio.create_task(self._send_all(messages))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Cancels messages that wait to be sent; those on their way still arrive."""
        self._delivery.close()

    async def stop(self) -> None:
        """Stops sending; what has not arrived is sent after the next start.

        It tries a last time to store what became of the others.
        """
        self.close()
        await self.let_go()
        self._stopping.set()
        if self._storing:
            await asyncio.wait(self._storing, timeout=1)
        for task in self._storing:
            task.cancel()

    async def let_go(self) -> None:
        """Stops sending what ``begin`` began; another process may begin it again.

        Call it once the handlers are cancelled: what they did not send counts no longer either.
        """
        self._unsent.clear()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1)

    async def _send_all(self, messages: Iterable[OutgoingMessage]) -> None:
        late = []
        for message in messages:
            if patience(message) <= 0:
                late.append(message)
                continue
            try:
                await self.send(message, counted=False)
            except TelegramError as error:
                log.info("An answer did not arrive: %s", error)
            except Exception as error:
                # Without its words, which may be private; the chat's next message goes out.
                log.error("An answer may not have arrived: %s", type(error).__name__)
        if late:
            await self._apologise(late)

    def _goes_out_at_once(self, chat_id: int) -> bool:
        """Whether a chat's message would go out at once: counting it in ``put`` saves a write."""
        return self.waiting < _FEW and chat_id not in self._unsent.values()

    async def _apologise(self, late: Sequence[OutgoingMessage]) -> None:
        """Sends a chat one apology instead of messages that are too old."""
        first = late[0]
        try:
            async with self._database.session(confirmed=False) as session:
                languages = await users.languages(session, [first.user_id or first.chat_id])
                for message in late:
                    await outbox.drop(session, message.id)
            text = texts_for(next(iter(languages.values()), None)).too_late
            apology = Reply(first.chat_id, text, thread_id=first.thread_id, reply_to=first.reply_to)
            await self._bot.post(_fields(apology), Attempts())
        except (StorageError, TelegramError) as error:
            log.info("An apology did not arrive: %s", error)
        finally:
            for message in late:
                self._unsent.pop(message.id, None)

    async def _drop(self, messages: Sequence[OutgoingMessage]) -> None:
        async def dropped(session: AsyncSession) -> None:
            for message in messages:
                await outbox.drop(session, message.id)

        row_ids = [message.id for message in messages]
        await self._store(dropped, "That a message is not to be sent", row_ids)


def _replica(database: Database) -> int | None:
    """This replica's number; None where there can be only one process."""
    return database.number if database.is_shared else None


def _fields(message: OutgoingMessage | Reply) -> dict[str, Any]:
    """The parameters of ``sendMessage``."""
    reply = {"message_id": message.reply_to, "allow_sending_without_reply": True}
    return {
        "chat_id": message.chat_id,
        "text": message.text,
        "parse_mode": ParseMode.HTML,
        "message_thread_id": message.thread_id,
        "reply_markup": message.keyboard,
        "reply_parameters": reply if message.reply_to is not None else None,
    }
