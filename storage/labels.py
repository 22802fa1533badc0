"""Hashtags that people gave photos: /addtags and /mydata, and what the models learn from.

Hashtags come here in their canonical form (no #, case-folded); this package does not judge
what a hashtag is, only whether it may be recommended (``storage.moderation``).
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage import pages
from storage.moderation import Blocklist, blocked_words
from storage.pages import Page
from storage.tables import Label, NewHashtag, now
from storage.upserts import insert_missing, insert_or_change


@dataclass(frozen=True)
class Added:
    """What became of each hashtag, in their order."""

    added: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    """The user had given the photo these before; they stay."""
    blocked: tuple[str, ...] = ()
    over_limit: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    """Those of ``added`` and ``repeated`` that the model's vocabulary lacks."""


@dataclass(frozen=True)
class MyHashtag:
    """A hashtag that a user added, and the id of the newest of its labels."""

    label_id: int
    hashtag: str


async def add(
    session: AsyncSession,
    *,
    user_id: int,
    chat_id: int,
    photo_id: int,
    hashtags: Sequence[str],
    vocabulary: Container[str],
    daily_limit: int | None = None,
    at: datetime | None = None,
) -> Added:
    """Label the photo; adding the same again changes nothing.

    A hashtag that ``vocabulary`` (the model's) lacks is noted for review, see
    ``storage.moderation``. ``daily_limit``: how many labels a user may give a UTC day.
    """
    at = at or now()
    unique = list(dict.fromkeys(hashtags))
    blocklist = Blocklist(await blocked_words(session))
    blocked = [hashtag for hashtag in unique if blocklist.blocks(hashtag)]
    had = set(
        await session.scalars(
            select(Label.hashtag).where(
                Label.user_id == user_id,
                Label.photo_id == photo_id,
                Label.hashtag.in_(unique),
                Label.removed_at.is_(None),
            )
        )
    )
    repeated = [tag for tag in unique if tag in had and tag not in blocked]
    fresh = [tag for tag in unique if tag not in had and tag not in blocked]
    room = len(fresh)
    if daily_limit is not None:
        midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        # Those taken back count too.
        today = select(func.count(Label.id)).where(Label.user_id == user_id, Label.at >= midnight)
        room = max(0, daily_limit - (await session.scalar(today) or 0))
    added = fresh[:room]
    # A label that was taken back is there still, and comes to life again.
    alive = {"chat_id": chat_id, "at": at, "learnt_in": None, "removed_at": None}
    keys = [{"user_id": user_id, "photo_id": photo_id, "hashtag": hashtag} for hashtag in added]
    await insert_or_change(
        session,
        Label,
        [key | alive for key in keys],
        keys=["user_id", "photo_id", "hashtag"],
        change=list(alive),
    )
    new = [tag for tag in unique if tag in (*added, *repeated) and tag not in vocabulary]
    await insert_missing(
        session,
        NewHashtag,
        [{"hashtag": hashtag, "status": "pending", "first_at": at} for hashtag in new],
    )
    return Added(
        added=tuple(added),
        repeated=tuple(repeated),
        blocked=tuple(blocked),
        over_limit=tuple(fresh[room:]),
        new=tuple(new),
    )


async def mine(
    session: AsyncSession, user_id: int, *, page: int = 0, size: int = 20
) -> Page[MyHashtag]:
    """The hashtags that the user has added and not taken back, newest first."""
    newest = func.max(Label.id)
    query = (
        select(newest, Label.hashtag)
        .where(Label.user_id == user_id, Label.removed_at.is_(None))
        .group_by(Label.hashtag)
        .order_by(newest.desc())
    )
    return await pages.read(session, query, MyHashtag, page, size)


async def hashtag_of(session: AsyncSession, user_id: int, label_id: int) -> str | None:
    """The hashtag of one of the user's own labels: a button holds the id, for want of room."""
    return await session.scalar(
        select(Label.hashtag).where(Label.id == label_id, Label.user_id == user_id)
    )


async def remove(session: AsyncSession, user_id: int, hashtag: str) -> int:
    """Takes the user's hashtag back from all photos; returns from how many."""
    result = await session.execute(
        update(Label)
        .where(Label.user_id == user_id, Label.hashtag == hashtag, Label.removed_at.is_(None))
        .values(removed_at=now())
    )
    assert isinstance(result, CursorResult)
    return int(result.rowcount)
