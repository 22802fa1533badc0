"""Against vandals: which hashtags may be said in which chat.

A hashtag that no model knew is said only in chats where someone used it, until two different
users have used it or an admin has approved it. A blocked word is said nowhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from sqlalchemy import ColumnElement, CursorResult, and_, delete, exists, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage import pages
from storage.pages import Page
from storage.tables import BlockedWord, Label, NewHashtag, now
from storage.upserts import insert_missing

Status = Literal["approved", "rejected"]
ENOUGH_USERS = 2
"""How many different users make a new hashtag common property."""


@dataclass(frozen=True)
class PendingHashtag:
    """A new hashtag nobody has decided on, and how many use it on how many photos."""

    id: int
    hashtag: str
    users: int
    photos: int


class Blocklist:
    """Words no hashtag may be: a word blocks the equal hashtag and one that has it between
    underscores; with * it is a pattern, as in ``bad*`` and ``*bad*``."""

    def __init__(self, words: Iterable[str]) -> None:
        words = list(words)
        self._words = frozenset(word for word in words if "*" not in word)
        # [ and ? are no part of our patterns, nor of any hashtag.
        self._patterns = tuple(word for word in words if "*" in word)

    def blocks(self, hashtag: str) -> bool:
        """Whether the hashtag must not be said."""
        pieces = {hashtag, *hashtag.split("_")}
        return not pieces.isdisjoint(self._words) or any(
            fnmatchcase(piece, pattern) for pattern in self._patterns for piece in pieces
        )


async def pending(session: AsyncSession, *, page: int = 0, size: int = 20) -> Page[PendingHashtag]:
    """New hashtags that wait for an admin and are in use, oldest first."""
    users, photos = func.count(Label.user_id.distinct()), func.count(Label.photo_id.distinct())
    query = (
        select(NewHashtag.id, NewHashtag.hashtag, users, photos)
        .join(Label, and_(*_in_use()))
        .where(NewHashtag.status == "pending")
        .group_by(NewHashtag.id, NewHashtag.hashtag)
        .order_by(NewHashtag.id)
    )
    return await pages.read(session, query, PendingHashtag, page, size)


async def decide(session: AsyncSession, hashtag_id: int, status: Status, by: int) -> str | None:
    """An admin's word on a new hashtag; returns the hashtag, or None for an unknown id."""
    row = await session.get(NewHashtag, hashtag_id)
    if row is None:
        return None
    row.status, row.decided_by, row.decided_at = status, by, now()
    await session.flush()
    return row.hashtag


async def blocked_hashtags(session: AsyncSession, chat_id: int | None) -> set[str]:
    """Of the hashtags that people taught, those that must not be recommended in a chat.

    Rejected ones, blocked ones, and new ones of too few users that were not used in this very
    chat; with None for the chat, those that no chat sees which did not use them.
    """
    in_this_chat = (
        false() if chat_id is None else exists().where(*_in_use(), Label.chat_id == chat_id)
    )
    rows = await session.execute(
        select(
            NewHashtag.hashtag,
            or_(NewHashtag.status == "rejected", and_(~is_shared(), ~in_this_chat)).label("hidden"),
        )
    )
    blocklist = Blocklist(await blocked_words(session))
    return {row.hashtag for row in rows if row.hidden or blocklist.blocks(row.hashtag)}


async def block(session: AsyncSession, word: str, by: int) -> bool:
    """Block a word or pattern (canonical form); False: it was blocked already."""
    if word in await blocked_words(session):
        return False
    row = {"word": word, "added_by": by, "at": now()}
    await insert_missing(session, BlockedWord, [row])
    return True


async def unblock(session: AsyncSession, word: str) -> bool:
    """Allow a word again; False: it was not blocked."""
    result = await session.execute(delete(BlockedWord).where(BlockedWord.word == word))
    assert isinstance(result, CursorResult)
    return bool(result.rowcount)


async def blocked_words(session: AsyncSession) -> list[str]:
    """The block list, sorted."""
    return list(await session.scalars(select(BlockedWord.word).order_by(BlockedWord.word)))


def is_shared() -> ColumnElement[bool]:
    """SQL: the row of ``NewHashtag`` may be said everywhere."""
    users = (
        select(func.count(Label.user_id.distinct()))
        .where(*_in_use())
        .correlate(NewHashtag)
        .scalar_subquery()
    )
    return or_(
        NewHashtag.status == "approved", and_(NewHashtag.status == "pending", users >= ENOUGH_USERS)
    )


def _in_use() -> tuple[ColumnElement[bool], ...]:
    return Label.hashtag == NewHashtag.hashtag, Label.removed_at.is_(None)
