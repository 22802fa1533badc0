"""Thumbs under answers: one a person and answer, which may be changed or taken back."""

from dataclasses import dataclass

from sqlalchemy import case, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import Recommendation, Vote, now
from storage.upserts import insert_or_change

UP = func.coalesce(func.sum(case((Vote.value > 0, 1), else_=0)), 0)
DOWN = func.coalesce(func.sum(case((Vote.value < 0, 1), else_=0)), 0)
"""SQL: how many of the votes are thumbs up, and how many down."""


@dataclass(frozen=True)
class Thumbs:
    """How many found an answer good and how many did not."""

    up: int
    down: int


async def vote(
    session: AsyncSession, *, recommendation_id: int, user_id: int, value: int
) -> Thumbs:
    """Set the user's thumb (1 up, -1 down, 0 takes it back) and return the answer's thumbs.

    Raises KeyError for an answer that is not (or no longer) stored.
    """
    if value not in (1, 0, -1):
        raise ValueError("a thumb is 1, 0 or -1")
    if await session.get(Recommendation, recommendation_id) is None:
        raise KeyError(recommendation_id)
    if value == 0:
        await session.execute(
            delete(Vote).where(Vote.recommendation_id == recommendation_id, Vote.user_id == user_id)
        )
    else:
        key = {"recommendation_id": recommendation_id, "user_id": user_id}
        row = key | {"value": value, "at": now()}
        await insert_or_change(session, Vote, [row], keys=list(key), change=["value", "at"])
    return await thumbs(session, recommendation_id)


async def thumbs(session: AsyncSession, recommendation_id: int) -> Thumbs:
    """The thumbs of one answer."""
    row = await session.execute(select(UP, DOWN).where(Vote.recommendation_id == recommendation_id))
    return Thumbs(*row.one())
