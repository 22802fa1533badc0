"""Who has used the bot, for /stats. A number, a language and two times."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import User, now
from storage.upserts import insert_or_change


async def seen(
    session: AsyncSession, user_id: int, language: str | None = None, *, at: datetime | None = None
) -> None:
    """Stores that the user wrote; ``language`` (IETF tag: "en", "pt-br") replaces the old one."""
    at = at or now()
    language = fitting(language)
    row = {"id": user_id, "language": language, "first_seen": at, "last_seen": at}
    change = ["last_seen"] if language is None else ["last_seen", "language"]
    await insert_or_change(session, User, [row], keys=["id"], change=change)


def fitting(language: str | None) -> str | None:
    """A language as it is stored.

    Clients may send long ones, such as en-us-u-fw-mon; PostgreSQL refuses what does not fit.
    """
    return language and language[:16]


async def languages(session: AsyncSession, user_ids: Iterable[int]) -> dict[int, str | None]:
    """The languages of users; those who never wrote to the bot are left out."""
    query = select(User.id, User.language).where(User.id.in_(list(user_ids)))
    return {row.id: row.language for row in await session.execute(query)}
