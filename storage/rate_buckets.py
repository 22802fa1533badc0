"""The buckets of ``bot.chat.rate_limits`` where replicas share them, in PostgreSQL."""

from time import time

from sqlalchemy import and_, case, delete, func, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.replica_tables import RateBucket

FULL_AFTER = 60.0
"""Seconds in which an empty bucket fills up."""

KEPT_FOR = 3600.0


async def take(session: AsyncSession, clock: str, who: int, at: float, size: float) -> str:
    """Takes one token from a bucket, as ``RateLimits.verdict`` does, and returns the verdict."""
    filled = func.least(
        size, RateBucket.room + func.greatest(0.0, at - RateBucket.at) * size / FULL_AFTER
    )
    passes = filled >= 1
    taking = insert(RateBucket).values(
        clock=clock, who=who, room=size - 1, at=at, warned=False, verdict="passes"
    )
    taking = taking.on_conflict_do_update(
        index_elements=["clock", "who"],
        set_={
            "room": case((passes, filled - 1), else_=filled),
            "at": at,
            "warned": case((passes, and_(RateBucket.warned, filled - 1 < size / 4)), else_=true()),
            "verdict": case((passes, "passes"), (RateBucket.warned, "silent"), else_="too_fast"),
        },
    )
    return str(await session.scalar(taking.returning(RateBucket.verdict)))


async def purge(session: AsyncSession) -> None:
    """Deletes buckets that are full again."""
    await session.execute(delete(RateBucket).where(RateBucket.at < time() - KEPT_FOR))
