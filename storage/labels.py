"""Hashtags that people gave photos: /addtags, and the list of one's own in /mydata.

Hashtags are passed in as they are shown, by the key that their spellings share. What counts as a
hashtag is decided elsewhere; who may see it in ``storage.moderation``.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage import changes, moderation, pages
from storage.blocklist import Blocklist
from storage.pages import Page
from storage.tables import IN_USE, Label, now
from storage.upserts import insert_or_change


@dataclass(frozen=True)
class Added:
    """The outcome of adding hashtags, each list in the order in which they were given."""

    added: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    """Given to the photo by this person before."""
    blocked: tuple[str, ...] = ()
    over_limit: tuple[str, ...] = ()
    unshared: tuple[str, ...] = ()
    """Those of ``added`` and ``repeated`` that only this person's chats see."""


@dataclass(frozen=True)
class MyHashtag:
    """A hashtag that a person added, and the id of the newest of its labels."""

    label_id: int
    hashtag: str


async def add(
    session: AsyncSession,
    *,
    person: int,
    chat_id: int,
    photo_id: int,
    hashtags: Mapping[str, str],
    blocklist: Blocklist,
    likely: Container[str] = (),
    album: bool = False,
    daily_limit: int | None = None,
    at: datetime | None = None,
) -> Added:
    """Labels the photo; adding the same again changes nothing.

    But what was given to an album becomes this photo's once it is given to this photo alone.

    Args:
        hashtags: by key.
        blocklist: refuses hashtags.
        likely: those hashtags that the model finds likely by itself.
        album: the hashtags are given to several photos at once.
        daily_limit: how many labels a person may give per UTC day.
    """
    at = at or now()
    blocked = {key for key in hashtags if blocklist.blocks(key)}
    ours = (Label.user_id == person, Label.photo_id == photo_id, Label.key.in_(list(hashtags)))
    given = select(Label.key, Label.album, Label.chat_id).where(*ours, IN_USE)
    known = {row.key: row for row in await session.execute(given)}
    existing = {
        key
        for key, row in known.items()
        # What only the private chat sees is given to this one now.
        if (album or not row.album) and (chat_id == person or row.chat_id != person)
    }
    fresh = [key for key in hashtags if key not in existing | blocked]
    new = [key for key in fresh if key not in known]
    room = len(new)
    if daily_limit is not None:
        midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        # Labels taken back count too. Later days' are from before the clock was set back.
        today = select(func.count(Label.id)).where(
            Label.user_id == person, Label.at >= midnight, Label.at < midnight + timedelta(days=1)
        )
        room = max(0, daily_limit - (await session.scalar(today) or 0))
    over_limit = new[room:]
    added = [key for key in fresh if key not in over_limit]
    # A label that was taken back is still stored, and is revived.
    alive: dict[str, Any] = {"at": at}
    alive |= dict.fromkeys(("learnt_in", "tried_at", "removed_at"))

    def given_to(key: str) -> dict[str, Any]:
        row = known.get(key)
        # This photo's own stays so, and what a group was given stays there.
        return {
            "album": album and (row is None or row.album),
            "chat_id": chat_id if row is None or chat_id != person else row.chat_id,
        }

    await insert_or_change(
        session,
        Label,
        [
            {
                **{"user_id": person, "photo_id": photo_id, "key": key, "hashtag": hashtags[key]},
                **{"likely": hashtags[key] in likely, **given_to(key), **alive},
            }
            for key in added
        ],
        keys=["user_id", "photo_id", "key"],
        change=["hashtag", "likely", "album", "chat_id", *alive],
    )
    if added:
        changes.note(session, "photos", [photo_id])
    of_these = (Label.photo_id == photo_id, Label.key.in_(list(hashtags)))
    everybodys = {key for _, key in await moderation.shared(session, *of_these)}

    def spelt(keys: Container[str]) -> tuple[str, ...]:
        return tuple(hashtag for key, hashtag in hashtags.items() if key in keys)

    return Added(
        added=spelt(added),
        repeated=spelt(existing - blocked),
        blocked=spelt(blocked),
        over_limit=spelt(over_limit),
        unshared=spelt({*added, *existing} - blocked - everybodys),
    )


async def mine(
    session: AsyncSession, person: int, *, page: int = 0, size: int = 20
) -> Page[MyHashtag]:
    """The hashtags that a person has added and not taken back, newest first."""
    newest = func.max(Label.id)
    query = (
        select(newest, func.min(Label.hashtag))
        .where(Label.user_id == person, IN_USE)
        .group_by(Label.key)
        .order_by(newest.desc())
    )
    return await pages.read(session, query, MyHashtag, page, size)


async def remove(session: AsyncSession, person: int, label_id: int) -> tuple[str, list[int]] | None:
    """Removes a hashtag, named by one of the person's labels, from all photos they gave it.

    Returns:
        The hashtag and the photos that had it; None where the label is not this person's.
    """
    label = await session.get(Label, label_id)
    if label is None or label.user_id != person:
        return None
    photos = await session.scalars(
        update(Label)
        .where(Label.user_id == person, Label.key == label.key, IN_USE)
        .values(removed_at=now())
        .returning(Label.photo_id)
    )
    photo_ids = list(photos)
    changes.note(session, "photos", photo_ids)
    return label.hashtag, photo_ids


async def photos_in(session: AsyncSession, chat_id: int) -> list[int]:
    """The photos that were labelled in a chat."""
    labelled = select(Label.photo_id).where(Label.chat_id == chat_id).distinct()
    return list(await session.scalars(labelled))


async def photos_of(session: AsyncSession, person: int) -> list[int]:
    """The photos that a person has labelled."""
    labelled = select(Label.photo_id).where(Label.user_id == person).distinct()
    return list(await session.scalars(labelled))
