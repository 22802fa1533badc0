"""The figures behind /stats."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.feedback import DOWN, UP
from storage.tables import IN_USE, Base, Label, Photo, Recommendation, User, Vote


@dataclass(frozen=True)
class BackendStatistics:
    """One backend's answers and thumbs, and how long new photos took, in milliseconds.

    The times leave known photos out, whose answers are only read back; None: no new photo yet.
    """

    answers: int
    up: int
    down: int
    median_ms: float | None
    p95_ms: float | None


@dataclass(frozen=True)
class Statistics:
    """``labels``: hashtags people added and kept; ``duplicates``: answers to a known photo."""

    users: int
    photos: int
    labels: int
    duplicates: int
    backends: Mapping[str, BackendStatistics]


async def collect(session: AsyncSession) -> Statistics:
    """Computes all figures."""

    async def count(table: type[Base], *where: ColumnElement[bool]) -> int:
        return await session.scalar(select(func.count()).select_from(table).where(*where)) or 0

    answers = (
        await session.execute(
            select(
                Recommendation.backend,
                func.count(),
                func.sum(case((Recommendation.duplicate, 1), else_=0)).label("duplicates"),
            )
            .group_by(Recommendation.backend)
            .order_by(Recommendation.backend)
        )
    ).all()
    rows = await session.execute(
        select(Recommendation.backend, UP, DOWN).join(Vote).group_by(Recommendation.backend)
    )
    thumbs = {backend: (up, down) for backend, up, down in rows}
    backends = {}
    for backend, total, duplicates in answers:
        up, down = thumbs.get(backend, (0, 0))
        new = total - duplicates
        backends[backend] = BackendStatistics(
            answers=total,
            up=up,
            down=down,
            median_ms=await _percentile(session, 0.5, new, backend),
            p95_ms=await _percentile(session, 0.95, new, backend),
        )
    return Statistics(
        users=await count(User),
        photos=await count(Photo),
        labels=await count(Label, IN_USE),
        duplicates=sum(row.duplicates for row in answers),
        backends=backends,
    )


async def _percentile(session: AsyncSession, share: float, rows: int, backend: str) -> float | None:
    """The nearest-rank percentile of the times; the databases share no function for it."""
    if rows == 0:
        return None
    return await session.scalar(
        select(Recommendation.elapsed_ms)
        .where(Recommendation.backend == backend, ~Recommendation.duplicate)
        .order_by(Recommendation.elapsed_ms)
        .offset(ceil(share * rows) - 1)
        .limit(1)
    )
