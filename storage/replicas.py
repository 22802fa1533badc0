"""Which replica handles which chat: leases in PostgreSQL, by the database's clock.

A replica renews its own lease. A chat's updates are handled by the replica that got the first of
them, and stay with it for a while: it has albums that are still arriving, and what it asked, in
memory. When a replica's lease ends, it counts as dead, and its chats are free.
"""

from collections.abc import Collection, Container, Iterable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from storage.inbox import NewUpdate
from storage.replica_tables import ChatAtWork, Replica
from storage.tables import HandledUpdate, OutgoingMessage, WaitingUpdate, now
from storage.upserts import insert_new

LEASE = 20.0
"""Seconds that a replica may be silent before its chats go to others."""

STAYS = timedelta(minutes=10)
"""A chat stays with its replica for so long after its last update."""

UNKNOWN_FOR = timedelta(seconds=5)
"""After so long a replica knows of a message that it has stored, if it ever does."""

CHATS_AT_ONCE = 500
"""Chats that are taken in one transaction."""

AT_ONCE = 10_000
"""Messages that are taken over in one transaction."""

CHANNEL = "tag4pic_inbox"

_NOW = func.clock_timestamp()
_CHAT = func.coalesce(WaitingUpdate.chat_id, 0)


async def renew(session: AsyncSession, replica: int, bot_id: int, chats: Collection[int]) -> None:
    """Renews the replica's lease, and those of the bot's chats that it is at work for."""
    until = _NOW + timedelta(seconds=LEASE)
    lease = insert(Replica).values(number=replica, until=until)
    await session.execute(
        lease.on_conflict_do_update(index_elements=["number"], set_={"until": until})
    )
    # Locked in the order in which others claim chats: each would wait for the other otherwise.
    ending = select(ChatAtWork.chat).where(
        ChatAtWork.bot_id == bot_id,
        ChatAtWork.chat.in_(chats),
        ChatAtWork.replica == replica,
        ChatAtWork.until < _NOW + STAYS / 2,
    )
    ending = ending.order_by(ChatAtWork.chat).with_for_update()
    at_work = update(ChatAtWork).where(ChatAtWork.bot_id == bot_id, ChatAtWork.chat.in_(ending))
    await session.execute(at_work.values(until=_NOW + STAYS))


async def leave(session: AsyncSession, replica: int) -> None:
    """Releases the replica's chats and unsent messages to the others at once."""
    await let_go(session, replica)
    await session.execute(delete(ChatAtWork).where(ChatAtWork.replica == replica))
    await session.execute(delete(Replica).where(Replica.number == replica))
    await tell(session)


async def let_go(session: AsyncSession, replica: int, besides: Collection[int] = ()) -> None:
    """Releases the replica's unsent messages to whichever replica takes them first.

    Args:
        besides: the rows of messages that it keeps.
    """
    unsent = update(OutgoingMessage).where(
        OutgoingMessage.replica == replica, OutgoingMessage.id.not_in(besides)
    )
    await session.execute(unsent.values(replica=None))


async def let_all_go(session: AsyncSession, bot_id: int) -> None:
    """Releases the chats and the unsent messages of a bot that runs nowhere else.

    Without it, those of a process that was killed would wait for the end of its lease.
    """
    await session.execute(delete(ChatAtWork).where(ChatAtWork.bot_id == bot_id))
    unsent = update(OutgoingMessage).where(OutgoingMessage.bot_id == bot_id)
    await session.execute(unsent.values(replica=None))


async def tell(session: AsyncSession) -> None:
    """Notifies the others of waiting updates that this replica does not handle."""
    await session.execute(select(func.pg_notify(CHANNEL, "")))


async def store(session: AsyncSession, bot_id: int, updates: Mapping[int, NewUpdate]) -> None:
    """Stores those updates, by their ids, that are neither waiting nor handled."""
    at = now()
    rows = [
        {"bot_id": bot_id, "update_id": update_id, "received_at": at, **vars(updates[update_id])}
        for update_id in sorted(updates)
    ]
    new = await insert_new(session, WaitingUpdate, rows, WaitingUpdate.update_id)
    if not new:
        return
    stored = [update_id for (update_id,) in new]
    # Checked after the insert: whoever handles an update marks it as it deletes the row.
    handled = exists().where(
        HandledUpdate.bot_id == bot_id, HandledUpdate.update_id == WaitingUpdate.update_id
    )
    await session.execute(
        delete(WaitingUpdate).where(
            WaitingUpdate.bot_id == bot_id, WaitingUpdate.update_id.in_(stored), handled
        )
    )


async def claim(
    session: AsyncSession, bot_id: int, replica: int, chats: Iterable[int], *, of_the_dead: bool
) -> set[int]:
    """Takes the chats that are free, and returns which of ``chats`` are this replica's now.

    Args:
        of_the_dead: also those of replicas whose lease is over.
    """
    row = {"bot_id": bot_id, "replica": replica, "until": _NOW + STAYS}
    taking = insert(ChatAtWork).values([{**row, "chat": chat} for chat in sorted(set(chats))])
    taking = taking.on_conflict_do_update(
        index_elements=["bot_id", "chat"],
        set_={"replica": taking.excluded.replica, "until": taking.excluded.until},
        where=_is_free(replica, of_the_dead=of_the_dead),
    )
    return set(await session.scalars(taking.returning(ChatAtWork.chat)))


async def to_claim(
    session: AsyncSession,
    bot_id: int,
    replica: int,
    besides: Container[int],
    *,
    of_the_dead: bool,
) -> list[int]:
    """The chats that are free or this replica's and have waiting updates, longest-waiting first.

    Not more than ``CHATS_AT_ONCE``, so that other replicas get a share.

    Args:
        besides: ids of updates that do not count.
    """
    same_chat = (ChatAtWork.bot_id == WaitingUpdate.bot_id) & (ChatAtWork.chat == _CHAT)
    query = (
        select(WaitingUpdate.update_id, _CHAT.label("chat"))
        .outerjoin(ChatAtWork, same_chat)
        .where(
            WaitingUpdate.bot_id == bot_id,
            or_(ChatAtWork.chat.is_(None), _is_free(replica, of_the_dead=of_the_dead)),
        )
    )
    rows = await session.execute(query.order_by(WaitingUpdate.id))
    chats = dict.fromkeys(row.chat for row in rows if row.update_id not in besides)
    return list(chats)[:CHATS_AT_ONCE]


async def waiting(
    session: AsyncSession, bot_id: int, chats: Collection[int], besides: Container[int]
) -> list[WaitingUpdate]:
    """The waiting updates of chats, in the order in which Telegram numbered them.

    Args:
        besides: ids of updates that are left out.
    """
    query = select(WaitingUpdate).where(WaitingUpdate.bot_id == bot_id, _CHAT.in_(chats))
    rows = await session.scalars(query.order_by(WaitingUpdate.update_id))
    return [row for row in rows if row.update_id not in besides]


async def to_inherit(
    session: AsyncSession,
    bot_id: int,
    replica: int,
    besides: Container[int] = (),
    *,
    of_the_dead: bool,
) -> list[int]:
    """The rows of unsent messages that nobody sends, oldest first, and not more than ``AT_ONCE``.

    They are of replicas that left or died, or of this one, which does not know of them: they were
    stored, and the connection was lost before the database had said so.

    Args:
        besides: the rows that this replica knows of.
        of_the_dead: as in ``claim``.
    """
    unsent = [
        (OutgoingMessage.replica == replica) & (OutgoingMessage.at < now() - UNKNOWN_FOR),
        OutgoingMessage.replica.is_(None),
        *([_is_dead(OutgoingMessage.replica)] if of_the_dead else []),
    ]
    query = select(OutgoingMessage.id).where(OutgoingMessage.bot_id == bot_id, or_(*unsent))
    row_ids = await session.scalars(query.order_by(OutgoingMessage.id))
    return [row_id for row_id in row_ids if row_id not in besides][:AT_ONCE]


async def inherit(
    session: AsyncSession, replica: int, row_ids: Collection[int]
) -> list[OutgoingMessage]:
    """Takes over what ``to_inherit`` found and no other replica took meanwhile, oldest first."""
    unsent = update(OutgoingMessage).where(
        OutgoingMessage.id.in_(row_ids),
        or_(
            OutgoingMessage.replica == replica,
            OutgoingMessage.replica.is_(None),
            _is_dead(OutgoingMessage.replica),
        ),
    )
    rows = await session.scalars(unsent.values(replica=replica).returning(OutgoingMessage))
    return sorted(rows, key=lambda row: row.id)


async def purge(session: AsyncSession) -> None:
    """Deletes leases that ended long ago; in SQLite, which serves one process, all of them."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    for table in (ChatAtWork, Replica):
        ended = [] if is_sqlite else [table.until < _NOW - STAYS]
        await session.execute(delete(table).where(*ended))


def _is_free(replica: int, *, of_the_dead: bool) -> ColumnElement[bool]:
    """SQL: whether the replica may take a chat that has a row."""
    free = [ChatAtWork.replica == replica, ChatAtWork.until < _NOW]
    return or_(*free, _is_dead(ChatAtWork.replica)) if of_the_dead else or_(*free)


def _is_dead(replica: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    return replica.not_in(select(Replica.number).where(Replica.until > _NOW))
