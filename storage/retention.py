"""Deletes what is old: sightings, answers with all that depends on them, photos no longer needed.

What people taught stays, with its photos, and so do settings: they are of use however old they are,
and people delete them themselves.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Database
from storage.tables import (
    Label,
    LabelDecision,
    OutgoingMessage,
    Photo,
    Recommendation,
    Sighting,
    User,
    VersionNews,
    WaitingUpdate,
    now,
)

BATCH = 200
"""Rows that one writing session deletes; others write between them."""
FOUND_AT_ONCE = 10_000
"""Rows that are looked for at a time, since that may read the whole table: nothing tells the old
photos that somebody tagged from those that can go."""

WAITS_AT_MOST = timedelta(days=2)
"""An update or a message that has waited for longer is taken for one of a bot that runs no longer,
unless it is of the one that asks."""


async def purge_queues(session: AsyncSession, bot_id: int) -> None:
    """Deletes what has waited for bots other than this one for ``WAITS_AT_MOST``."""
    before = now() - WAITS_AT_MOST
    for queue, since in (
        (WaitingUpdate, WaitingUpdate.received_at),
        (OutgoingMessage, OutgoingMessage.at),
    ):
        await session.execute(delete(queue).where(queue.bot_id != bot_id, since < before))


async def purge(database: Database, before: datetime, *, batch: int = BATCH) -> int:
    """Deletes what is older than a moment, a few rows at a time; returns how many rows.

    Deleted are sightings, answers with their thumbs and what was taken out of them, labels that
    were taken back, decisions on such, people who have not written since and have no labels,
    announced news of versions, and the photos that no sighting, answer or label needs any more.

    Raises:
        StorageError: as ``Database.session``; what was deleted until then is deleted.
    """
    unused = (
        ~exists().where(Sighting.photo_id == Photo.id),
        ~exists().where(Recommendation.photo_id == Photo.id),
        ~exists().where(Label.photo_id == Photo.id),
    )
    labelled = exists().where(
        Label.photo_id == LabelDecision.photo_id, Label.key == LabelDecision.key
    )
    gone = 0
    for table, where, at_once in (
        (Sighting, (Sighting.at < before,), batch),
        (Recommendation, (Recommendation.at < before,), batch),
        (Label, (Label.removed_at < before,), batch),
        (LabelDecision, (LabelDecision.decided_at < before, ~labelled), batch),
        (User, (User.last_seen < before, ~exists().where(Label.user_id == User.id)), batch),
        (VersionNews, (VersionNews.at < before, VersionNews.announced_at.is_not(None)), batch),
        (Photo, (Photo.at < before, *unused), max(1, batch // 10)),
    ):
        gone += await delete_in_batches(database, table, where, at_once)
    return gone


async def delete_in_batches(
    database: Database,
    table: Any,
    where: Sequence[ColumnElement[bool]],
    batch: int,
    *,
    again: Sequence[ColumnElement[bool]] | None = None,
) -> int:
    """Deletes the rows of a table that fit all of ``where``, a short session each ``batch``.

    Args:
        again: the same for a single row, where ``where`` has a list, which SQLite would make anew
            for each.
    """
    key = tuple(table.__table__.primary_key)
    names = [f"key_{column.name}" for column in key]
    # One by one: SQLite would read the whole table for pairs in a list. And by ``where`` again: one
    # of them may be needed meanwhile.
    deletion = delete(table).where(
        *(column == bindparam(name) for column, name in zip(key, names, strict=True)),
        *(where if again is None else again),
    )
    gone = 0
    while True:
        async with database.reading() as session:  # finding them may take longer
            found = await session.execute(select(*key).where(*where).limit(FOUND_AT_ONCE))
            rows = [tuple(row) for row in found]
        for start in range(0, len(rows), batch):
            some = [dict(zip(names, row, strict=True)) for row in rows[start : start + batch]]
            async with database.session(confirmed=False) as session:
                connection = await session.connection()
                await connection.execute(deletion, some)
        gone += len(rows)
        if len(rows) < FOUND_AT_ONCE:
            return gone
