"""The figures behind /stats."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import Label, NewHashtag, Photo, Recommendation, User, Vote


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
    new_hashtags: int
    answers: int
    duplicates: int
    backends: Mapping[str, BackendStatistics]


async def collect(session: AsyncSession, since: datetime | None = None) -> Statistics:
    """Count everything, or what came (users: who were last seen) at ``since`` or later."""

    def recent(column: ColumnElement[datetime]) -> ColumnElement[bool]:
        return column >= since if since is not None else column.is_not(None)

    async def count(key: ColumnElement[int], *where: ColumnElement[bool]) -> int:
        return await session.scalar(select(func.count(key)).where(*where)) or 0

    at = recent(Recommendation.at.expression)
    answers = {
        row.backend: row
        for row in await session.execute(
            select(
                Recommendation.backend,
                func.count().label("answers"),
                func.sum(case((Recommendation.duplicate, 1), else_=0)).label("duplicates"),
            )
            .where(at)
            .group_by(Recommendation.backend)
        )
    }
    thumbs = {
        row.backend: row
        for row in await session.execute(
            select(
                Recommendation.backend,
                func.sum(case((Vote.value > 0, 1), else_=0)).label("up"),
                func.sum(case((Vote.value < 0, 1), else_=0)).label("down"),
            )
            .join(Vote, Vote.recommendation_id == Recommendation.id)
            .where(recent(Vote.at.expression))
            .group_by(Recommendation.backend)
        )
    }
    backends = {}
    for backend in sorted(answers.keys() | thumbs.keys()):
        total = answers[backend].answers if backend in answers else 0
        new = total - (answers[backend].duplicates if backend in answers else 0)
        where = (at, Recommendation.backend == backend, ~Recommendation.duplicate)
        backends[backend] = BackendStatistics(
            answers=total,
            up=thumbs[backend].up if backend in thumbs else 0,
            down=thumbs[backend].down if backend in thumbs else 0,
            median_ms=await _percentile(session, 0.5, new, *where),
            p95_ms=await _percentile(session, 0.95, new, *where),
        )
    return Statistics(
        users=await count(User.id.expression, recent(User.last_seen.expression)),
        photos=await count(Photo.id.expression, recent(Photo.at.expression)),
        labels=await count(
            Label.id.expression, recent(Label.at.expression), Label.removed_at.is_(None)
        ),
        new_hashtags=await count(NewHashtag.id.expression, recent(NewHashtag.first_at.expression)),
        answers=sum(row.answers for row in answers.values()),
        duplicates=sum(row.duplicates for row in answers.values()),
        backends=backends,
    )


async def _percentile(
    session: AsyncSession, share: float, rows: int, *where: ColumnElement[bool]
) -> float | None:
    """The nearest-rank percentile of the times: the databases share no function for one."""
    if rows == 0:
        return None
    query = select(Recommendation.elapsed_ms).where(*where).order_by(Recommendation.elapsed_ms)
    return await session.scalar(query.offset(ceil(share * rows) - 1).limit(1))
