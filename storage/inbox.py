"""Updates from Telegram, from before they are confirmed there until they are handled here.

Telegram forgets an update once the next one is asked for, so it is stored before that. Telegram may
send one twice; which ones were handled is known for as long as it may.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import HandledUpdate, WaitingUpdate, now
from storage.upserts import columns_of, insert_missing

SENT_AGAIN_FOR = timedelta(days=2)
"""Telegram keeps updates for a day."""


def _among(table: type[WaitingUpdate] | type[HandledUpdate]) -> ColumnElement[bool]:
    bot_id, update_id = columns_of(table).c.bot_id, columns_of(table).c.update_id
    return and_(bot_id == bindparam("bot"), update_id.in_(bindparam("updates", expanding=True)))


# Each time anew, they would take longer to be built than to be run.
_KNOWN = tuple(
    select(columns_of(table).c.update_id).where(_among(table))
    for table in (WaitingUpdate, HandledUpdate)
)
_WAITING_NO_LONGER = delete(columns_of(WaitingUpdate)).where(_among(WaitingUpdate))
_HANDLED_BEFORE = delete(columns_of(HandledUpdate)).where(
    columns_of(HandledUpdate).c.at < bindparam("before")
)


async def store(session: AsyncSession, bot_id: int, contents: Mapping[int, str]) -> set[int]:
    """Stores updates, and returns the ids of those that are new: neither waiting nor handled.

    Args:
        contents: their JSON by their ids, oldest first.
    """
    values = {"bot": bot_id, "updates": list(contents)}
    known: set[int] = set()
    for query in _KNOWN:
        known.update(await session.scalars(query, values))
    rows = [
        {"bot_id": bot_id, "update_id": update_id, "content": content, "received_at": now()}
        for update_id, content in contents.items()
        if update_id not in known
    ]
    await insert_missing(session, WaitingUpdate, rows)
    return contents.keys() - known


async def waiting(session: AsyncSession, bot_id: int) -> list[WaitingUpdate]:
    """The updates that are not handled yet, oldest first."""
    query = select(WaitingUpdate).where(WaitingUpdate.bot_id == bot_id)
    return list(await session.scalars(query.order_by(WaitingUpdate.id)))


async def handled(session: AsyncSession, bot_id: int, update_ids: Collection[int]) -> None:
    """Updates are handled: they wait no longer, and are not taken again."""
    values = {"bot": bot_id, "updates": list(update_ids)}
    await session.execute(_WAITING_NO_LONGER, values)
    at = now()
    rows = [{"bot_id": bot_id, "update_id": update_id, "at": at} for update_id in update_ids]
    await insert_missing(session, HandledUpdate, rows)
    await session.execute(_HANDLED_BEFORE, {"before": at - SENT_AGAIN_FOR})


async def forget(session: AsyncSession, bot_id: int) -> None:
    """Forgets all that waits: what it is about is gone."""
    await session.execute(delete(WaitingUpdate).where(WaitingUpdate.bot_id == bot_id))
