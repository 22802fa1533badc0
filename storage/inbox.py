"""Updates from Telegram, stored from before they are confirmed there until they are handled here.

Telegram drops an update once the next one is requested, so it is stored before that. Telegram may
send one twice, so the ids of handled ones are stored for as long as it may.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.another_bot import LOCAL
from storage.tables import HandledUpdate, WaitingUpdate, now
from storage.upserts import columns_of, insert_missing, insert_new

SENT_AGAIN_FOR = timedelta(days=2)
"""Telegram keeps updates for a day."""


@dataclass(frozen=True)
class NewUpdate:
    """An update as received: its JSON, and its chat and sender if it names them."""

    content: str
    chat_id: int | None = None
    user_id: int | None = None


def _among(table: type[WaitingUpdate] | type[HandledUpdate]) -> ColumnElement[bool]:
    bot_id, update_id = columns_of(table).c.bot_id, columns_of(table).c.update_id
    return and_(bot_id == bindparam("bot"), update_id.in_(bindparam("updates")))


# Built once: building them takes longer than running them.
_KNOWN = tuple(
    select(columns_of(table).c.update_id).where(_among(table))
    for table in (WaitingUpdate, HandledUpdate)
)
_WAITING_NO_LONGER = delete(columns_of(WaitingUpdate)).where(_among(WaitingUpdate))
_OTHERS = columns_of(HandledUpdate).alias()
_NEWEST = (
    select(func.max(_OTHERS.c.at))
    .where(_OTHERS.c.bot_id < LOCAL, _OTHERS.c.at <= bindparam("now"))
    .scalar_subquery()
)
_HANDLED_BEFORE = delete(columns_of(HandledUpdate)).where(
    columns_of(HandledUpdate).c.at < bindparam("before"),
    or_(columns_of(HandledUpdate).c.bot_id >= LOCAL, columns_of(HandledUpdate).c.at < _NEWEST),
)


async def store(session: AsyncSession, bot_id: int, updates: Mapping[int, NewUpdate]) -> set[int]:
    """Stores updates, and returns the ids of those that are new: neither waiting nor handled.

    Args:
        updates: by their ids, oldest first.
    """
    values = {"bot": bot_id, "updates": list(updates)}
    known: set[int] = set()
    for query in _KNOWN:
        known.update(await session.scalars(query, values))
    rows = [
        {"bot_id": bot_id, "update_id": update_id, "received_at": now(), **vars(update)}
        for update_id, update in updates.items()
        if update_id not in known
    ]
    await insert_missing(session, WaitingUpdate, rows)
    return updates.keys() - known


async def waiting(session: AsyncSession, bot_id: int) -> list[WaitingUpdate]:
    """The updates that are not handled yet, oldest first."""
    query = select(WaitingUpdate).where(WaitingUpdate.bot_id == bot_id)
    return list(await session.scalars(query.order_by(WaitingUpdate.id)))


async def handled(session: AsyncSession, bot_id: int, update_ids: Collection[int]) -> set[int]:
    """Marks updates as handled, so that they neither wait nor are taken again.

    Returns:
        Those that no process had marked before.
    """
    values = {"bot": bot_id, "updates": list(update_ids)}
    await session.execute(_WAITING_NO_LONGER, values)
    at = now()
    rows = [{"bot_id": bot_id, "update_id": update_id, "at": at} for update_id in update_ids]
    new = await insert_new(session, HandledUpdate, rows, HandledUpdate.update_id)
    return {update_id for (update_id,) in new}


async def purge(session: AsyncSession) -> None:
    """Forgets handled updates that are too old to be sent again, all but Telegram's newest.

    That one tells ``storage.another_bot`` which bot handled it.
    """
    at = now()
    await session.execute(_HANDLED_BEFORE, {"before": at - SENT_AGAIN_FOR, "now": at})
