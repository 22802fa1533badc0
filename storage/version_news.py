"""Events of the bundle's versions, each announced to admins once, by whichever bot is first."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import VersionNews, now

Event = Literal["promoted", "rejected", "rolled_back", "failed"]


@dataclass(frozen=True)
class News:
    """One event.

    Attributes:
        model: the version; for ``failed``, the one that stays in use.
        details: for ``promoted`` and ``rejected``, the ``outcome``, ``photos``, ``before`` and
            ``after`` of the version's manifest; for ``rolled_back``, ``to`` which version; for
            ``failed``, the process's last ``lines``.
    """

    model: str
    event: str
    details: Mapping[str, Any]


async def add(
    session: AsyncSession, model: str, event: Event, details: Mapping[str, Any] | None = None
) -> None:
    """Stores an event, to be announced."""
    session.add(VersionNews(model=model, event=event, details=dict(details or {}), at=now()))
    await session.flush()


async def waits(session: AsyncSession) -> bool:
    """Whether there is anything to announce."""
    query = select(exists().where(VersionNews.announced_at.is_(None)))
    return bool(await session.scalar(query))


async def take(session: AsyncSession) -> list[News]:
    """Takes the news to announce, oldest first; each is taken once."""
    query = (
        update(VersionNews)
        .where(VersionNews.announced_at.is_(None))
        .values(announced_at=now())
        .returning(VersionNews)
    )
    rows = sorted(await session.scalars(query), key=lambda row: row.id)
    return [News(row.model, row.event, row.details) for row in rows]


async def rolled_back(session: AsyncSession, models: Collection[str]) -> set[str]:
    """The versions among ``models`` that were rolled back."""
    query = select(VersionNews.model).where(
        VersionNews.event == "rolled_back", VersionNews.model.in_(list(models))
    )
    return set(await session.scalars(query))
