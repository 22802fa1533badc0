"""What is stored of one person: how much, and an export of all of it.

A private chat has its person's number, so its rows are the person's too. Someone who writes as a
group or channel has that chat's number; what others did there is not theirs.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage import channels, recommendations
from storage.tables import (
    IN_USE,
    Base,
    CaptionedChannel,
    Chat,
    CroppedPhoto,
    Label,
    Photo,
    PhotoFeatures,
    PhotoFile,
    Recommendation,
    Sighting,
    User,
    Vote,
)

Rows = list[dict[str, Any]]

_PERSON = ("user_id", "decided_by", "added_by")
"""Columns that may hold a person's id, in any table."""

_OF_PHOTOS = (Photo, CroppedPhoto, PhotoFile, PhotoFeatures)
_PHOTOS_AT_ONCE = 500


@dataclass(frozen=True)
class Stored:
    """How many photos a person sent, hashtags they taught, and votes they gave."""

    photos: int
    hashtags: int
    votes: int


async def stored(session: AsyncSession, user_id: int) -> Stored:
    """How much is stored of a person."""
    mine = Sighting.user_id == user_id
    photos = select(func.count(Sighting.photo_id.distinct())).where(mine)
    alive = (Label.user_id == user_id, IN_USE)
    hashtags = select(func.count(Label.key.distinct())).where(*alive)
    votes = select(func.count()).select_from(Vote).where(Vote.user_id == user_id)
    numbers = [await session.scalar(query) or 0 for query in (photos, hashtags, votes)]
    return Stored(*numbers)


async def export(session: AsyncSession, user_id: int) -> dict[str, Rows]:
    """Every row with a person's number, by table, and the photos that they sent.

    It includes the answers to these where they sent them, and a channel's choices for its captions.

    Values are those of JSON: times in ISO 8601, bytes in hexadecimal. Of a photo's features only
    the number is given; they are of no use without the network. Of a photo that others sent too it
    is not told when it first came, nor which files show it.
    """
    tables: dict[str, Rows] = {}
    whole_chat = user_id > 0 or await channels.adds_captions(session, user_id)
    for table in Base.metadata.sorted_tables:
        own_chat = user_id > 0 or table is CaptionedChannel.__table__
        names = (*_PERSON, "chat_id") if own_chat else _PERSON
        columns = [table.c[name] for name in names if name in table.c]
        if table is User.__table__ or (table is Chat.__table__ and whole_chat):
            columns = [table.c.id]
        theirs = [column == user_id for column in columns]
        if table is Recommendation.__table__:
            theirs.append(recommendations.to_photos_of(user_id))
        if theirs:
            # One by one: two conditions at once may make the database read the whole table.
            rows: dict[tuple[Any, ...], dict[str, Any]] = {}
            for condition in theirs:
                for row in await _rows(session, select(table).where(condition)):
                    rows[tuple(row[key.name] for key in table.primary_key)] = row
            tables[table.name] = list(rows.values())
    sent = select(Sighting.photo_id).where(Sighting.user_id == user_id).distinct()
    photo_ids = (await session.scalars(sent)).all()
    tables |= {model.__tablename__: [] for model in _OF_PHOTOS}
    for start in range(0, len(photo_ids), _PHOTOS_AT_ONCE):
        some = photo_ids[start : start + _PHOTOS_AT_ONCE]
        others = Sighting.photo_id.in_(some), Sighting.user_id != user_id
        shared = set(await session.scalars(select(Sighting.photo_id).where(*others).distinct()))
        for model in _OF_PHOTOS:
            table = Base.metadata.tables[model.__tablename__]
            key = table.c["id" if model is Photo else "photo_id"]
            shown = [column for column in table.c if column.name != "vector"]
            which = set(some) - shared if model is PhotoFile else some
            of_photos = await _rows(session, select(*shown).where(key.in_(which)))
            if model is Photo:
                of_photos = [_undated(row) if row["id"] in shared else row for row in of_photos]
            tables[table.name] += of_photos
    return tables


def _undated(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "at"}


async def _rows(session: AsyncSession, query: Any) -> Rows:
    rows = (await session.execute(query)).mappings().all()
    return [{str(name): _as_json(value) for name, value in row.items()} for row in rows]


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else value
