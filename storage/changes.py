"""What replicas tell one another of: what one has changed and the others have in memory.

A change is stored with what it is about, in one transaction, so none is ever missed: who reads on
from the last one it knows has all of them. Notices only say that there is something to read.
On SQLite, which is one process's, nothing is stored.
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
"""What people taught of photos; which words may be shown; all that a person had."""

CHANNEL = "tag4pic_changes"
KEPT_FOR = timedelta(hours=1)
"""Who knows less begins anew, and then reads everything."""

_LOCK = 0x7461673470696301
_NOTED = "changes"


@dataclass(frozen=True)
class Changed:
    """One change; ``numbers`` are of the photos, or of the person."""

    id: int
    kind: Kind
    numbers: Sequence[int]


def note(session: AsyncSession, kind: Kind, numbers: Sequence[int] = ()) -> None:
    """The session changes this; ``Database.session`` stores it at its end."""
    if numbers or kind == "block_list":
        session.info.setdefault(_NOTED, []).append((kind, list(numbers)))


async def write(session: AsyncSession, replica: int) -> None:
    """Stores what was noted, as the last that the session does.

    Changes are numbered one after the other, so that who has read one has read all before it: one
    that was numbered earlier and stored later would be passed over.
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
    """The number of the last change that is stored; 0 without any."""
    return await session.scalar(select(func.max(Change.id))) or 0


async def after(session: AsyncSession, last: int, replica: int) -> tuple[int, list[Changed]]:
    """The newest change's number, and those after ``last`` that others made, oldest first."""
    query = select(Change.id, Change.replica, Change.kind, Change.numbers)
    rows = (await session.execute(query.where(Change.id > last).order_by(Change.id))).all()
    others = [Changed(row.id, row.kind, row.numbers) for row in rows if row.replica != replica]
    return max((row.id for row in rows), default=last), others


async def purge(session: AsyncSession) -> None:
    """Deletes what everybody has read long ago."""
    await session.execute(delete(Change).where(Change.at < now() - KEPT_FOR))
