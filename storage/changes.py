"""Changes to what other replicas hold in memory.

A change is stored in the transaction that makes it, so reading on from the last known one misses
none. Notifications only say that there is something to read. SQLite serves one process, so it
stores none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.replica_tables import Change
from storage.tables import now

Kind = Literal["photos", "block_list", "forgotten"]
"""Photos were taught something; the block list changed; a person was deleted."""

CHANNEL = "tag4pic_changes"
KEPT_FOR = timedelta(hours=1)
"""A replica that is further behind reads everything that is stored."""

_LOCK = 0x7461673470696301
_NOTED = "changes"


@dataclass(frozen=True)
class Changed:
    """One change; ``numbers`` are ids of photos, or of the person."""

    id: int
    kind: Kind
    numbers: Sequence[int]


def note(session: AsyncSession, kind: Kind, numbers: Sequence[int] = ()) -> None:
    """Notes a change that this session makes; ``Database.session`` stores it at the end."""
    if numbers or kind == "block_list":
        session.info.setdefault(_NOTED, []).append((kind, list(numbers)))


async def write(session: AsyncSession, replica: int) -> None:
    """Stores what was noted, as the last thing in the session.

    A lock makes changes visible in the order of their ids: readers would otherwise miss one with a
    lower id that is committed later.
    """
    noted = session.info.pop(_NOTED, [])
    if not noted:
        return
    await session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    at = now()
    rows = [
        {"replica": replica, "kind": kind, "numbers": numbers, "at": at} for kind, numbers in noted
    ]
    await session.execute(insert(Change), rows)
    await session.execute(select(func.pg_notify(CHANNEL, "")))


async def newest(session: AsyncSession) -> int:
    """The id of the last change that is stored; 0 without any."""
    return await session.scalar(select(func.max(Change.id))) or 0


async def after(session: AsyncSession, last: int, replica: int) -> tuple[int, list[Changed]]:
    """The newest change's id, and those after ``last`` to take in, oldest first.

    These are the others', and the replica's own of photos: what it learnt at once may have failed.
    """
    query = select(Change.id, Change.replica, Change.kind, Change.numbers)
    rows = (await session.execute(query.where(Change.id > last).order_by(Change.id))).all()
    news = [
        Changed(row.id, row.kind, row.numbers)
        for row in rows
        if row.replica != replica or row.kind == "photos"
    ]
    return max((row.id for row in rows), default=last), news


async def purge(session: AsyncSession) -> None:
    """Deletes changes older than ``KEPT_FOR``."""
    await session.execute(delete(Change).where(Change.at < now() - KEPT_FOR))
