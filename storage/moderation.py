"""Against vandals: what one person teaches changes answers in that person's chats only.

A label (a hashtag that a person gave a photo) is seen in the chat where it was given and in that
person's private chat, and becomes everybody's once

- a second person gave the photo, or a copy of it, the same hashtag; not where the hashtag says a
  word that insults people (``review`` in ``blocked_words.csv``), or where it may hide one in
  letters of a third script: two accounts may agree on it;
- or an admin approved it;
- or the model found it likely by itself when it was given.

What was given to an album's photos at once is never everybody's: it may not be true of each. A
blocked word is nobody's.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    and_,
    case,
    delete,
    func,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from storage import blocklist, changes, pages
from storage.blocklist import Blocklist
from storage.lists import rows_of
from storage.pages import Page
from storage.tables import IN_USE, BlockedWord, Label, LabelDecision, now
from storage.upserts import insert_new, insert_or_change

Status = Literal["approved", "rejected"]
Standing = Literal["everybodys", "rejected", "second_person", "approval"]
"""The status of a photo's hashtag: everybody's, rejected, or what it waits for."""
ENOUGH_PEOPLE = 2
"""How many different people make a photo's hashtag everybody's."""

_STATUS = func.coalesce(func.max(LabelDecision.status), "")
_PEOPLE = func.count(Label.user_id.distinct())
_INSULTS = Blocklist(blocklist.shipped("review"))
"""Matches hashtags with a word that insults people, disguised or among other words."""


VERSION = (
    select(func.count()).select_from(BlockedWord).scalar_subquery(),
    select(func.max(BlockedWord.at)).scalar_subquery(),
)
"""SQL: the columns of a ``Version``."""


class Version(NamedTuple):
    """Of the admins' own words: how many there are, and when the last was added."""

    words: int
    last_at: datetime | None


@dataclass(frozen=True)
class Pending:
    """A photo's hashtag that waits for an admin.

    Attributes:
        label_id: of its first label; the pages of what waits are in this order.
        people: how many gave it.
    """

    label_id: int
    photo_id: int
    hashtag: str
    people: int


async def shared(session: AsyncSession, *where: ColumnElement[bool]) -> set[tuple[int, str]]:
    """(photo id, key) of hashtags that are everybody's, among the labels that fit ``where``."""
    is_shared = _is_shared(session, await _insults(session, *where))
    query = _grouped(select(Label.photo_id, Label.key), *where).having(is_shared)
    return {(row.photo_id, row.key) for row in await session.execute(query)}


async def standings(
    session: AsyncSession, *where: ColumnElement[bool]
) -> dict[tuple[int, str], Standing]:
    """The standing of photos' hashtags, by (photo id, key), among the labels that fit ``where``.

    Those that were given only to albums are left out.
    """
    insults = await _insults(session, *where)
    is_shared = _is_shared(session, insults)
    columns = select(Label.photo_id, Label.key, _STATUS.label("status"))
    query = _grouped(columns.add_columns(is_shared.label("is_shared")), *where)

    def standing(row: Any) -> Standing:
        if row.is_shared:
            return "everybodys"
        if row.status:
            return "rejected"
        return "approval" if row.key in insults else "second_person"

    return {(row.photo_id, row.key): standing(row) for row in await session.execute(query)}


async def pending(session: AsyncSession, *, page: int = 0, size: int = 20) -> Page[Pending]:
    """What waits for an admin: in use, not everybody's, not decided; oldest first."""
    first = func.min(Label.id)
    columns = select(first, Label.photo_id, func.min(Label.hashtag), _PEOPLE)
    waiting = (await _waiting(session, columns)).order_by(first)
    return await pages.read(session, waiting, Pending, page, size)


async def decide(
    session: AsyncSession, label_ids: Collection[int], status: Status, by: int
) -> list[Pending]:
    """Decides on what waits, as an admin saw it.

    Args:
        label_ids: as of ``Pending``. Not from one id to another: a label that was taken back and
            is given again has its old id, so it may now wait between two that the admin saw.

    Returns:
        What was decided, without what another admin decided before.
    """
    first = func.min(Label.id)
    columns = select(first, Label.photo_id, func.min(Label.hashtag), _PEOPLE, Label.key)
    waiting = await _waiting(session, columns)
    query = waiting.having(first.in_(label_ids)).order_by(first)
    rows = (await session.execute(query)).all()
    decision = {"status": status, "decided_by": by, "decided_at": now()}
    # Another replica may have decided since this was read: its decision stands.
    decided = await insert_new(
        session,
        LabelDecision,
        [{"photo_id": row[1], "key": row[4], **decision} for row in rows],
        LabelDecision.photo_id,
        LabelDecision.key,
    )
    rows = [row for row in rows if (row[1], row[4]) in decided]
    changes.note(session, "photos", [row[1] for row in rows])
    return [Pending(*row[:4]) for row in rows]


async def version(session: AsyncSession) -> Version:
    """The block list's version, to see whether it has changed without reading it."""
    return Version(*(await session.execute(select(*VERSION))).one())


async def in_force(session: AsyncSession) -> Blocklist:
    """The block list as it is now."""
    return blocklist.in_force(await own_words(session))


async def own_words(session: AsyncSession) -> dict[str, bool]:
    """The words that admins added, sorted; True for those of the shipped list that they allow."""
    query = select(BlockedWord.word, BlockedWord.allowed).order_by(BlockedWord.word)
    return {row.word: row.allowed for row in await session.execute(query)}


async def block(session: AsyncSession, word: str, by: int) -> None:
    """Blocks a word or pattern, folded as a key."""
    changes.note(session, "block_list")
    if word in blocklist.shipped("block"):
        await session.execute(delete(BlockedWord).where(BlockedWord.word == word))
    else:
        await _put(session, word, allowed=False, by=by)


async def unblock(session: AsyncSession, word: str, by: int) -> bool:
    """Allows a word, even a shipped one; returns whether it was blocked."""
    changes.note(session, "block_list")
    if word in blocklist.shipped("block"):
        existing = await session.get(BlockedWord, word)
        await _put(session, word, allowed=True, by=by)
        return existing is None
    result = await session.execute(delete(BlockedWord).where(BlockedWord.word == word))
    assert isinstance(result, CursorResult)
    return bool(result.rowcount)


async def _put(session: AsyncSession, word: str, *, allowed: bool, by: int) -> None:
    row = {"word": word, "allowed": allowed, "added_by": by, "at": now()}
    await insert_or_change(session, BlockedWord, [row], keys=["word"], change=["allowed", "at"])


async def _insults(session: AsyncSession, *where: ColumnElement[bool]) -> set[str]:
    """The keys that may insult people, among the labels that fit ``where``."""
    keys = await session.scalars(select(Label.key).where(IN_USE, *where).distinct())
    return set(filter(_may_insult, keys))


@lru_cache(maxsize=100_000)
def _may_insult(key: str) -> bool:
    return _INSULTS.blocks(key) or blocklist.mixes_scripts(key)


def _is_shared(session: AsyncSession, insults: Collection[str]) -> ColumnElement[bool]:
    """SQL: a photo's hashtag, its labels grouped, is everybody's."""
    likely = func.max(case((Label.likely, 1), else_=0)) == 1
    agreed = and_(_PEOPLE >= ENOUGH_PEOPLE, Label.key.not_in(rows_of(session, insults)))
    return or_(_STATUS == "approved", and_(_STATUS == "", or_(likely, agreed)))


async def _waiting(session: AsyncSession, columns: Any) -> Any:
    insults = await _insults(session)
    return _grouped(columns).having(_STATUS == "", ~_is_shared(session, insults))


def _grouped(columns: Any, *where: ColumnElement[bool]) -> Any:
    """Labels in use that are no album's, one row a hashtag of a photo, with its decision."""
    decided = and_(LabelDecision.photo_id == Label.photo_id, LabelDecision.key == Label.key)
    return (
        columns.select_from(Label)
        .outerjoin(LabelDecision, decided)
        .where(IN_USE, ~Label.album, *where)
        .group_by(Label.photo_id, Label.key)
    )
