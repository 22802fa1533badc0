"""The answers that were given: to repeat one for a known photo, and for the buttons below it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from storage.tables import Label, OutgoingMessage, Recommendation, Sighting, now
from storage.upserts import columns_of, insert

Scored = Sequence[tuple[str, float]]
"""Hashtags with their scores, best first."""


@dataclass(frozen=True)
class Asked:
    """The way an answer was asked for: one that is asked for in the same way may be repeated.

    Attributes: as of the columns of ``Recommendation``.
    """

    backend: str
    model: str
    style: str = "balanced"
    mix: str | None = None
    language: str = "en"
    words: Collection[str] = ()


_SETTING_MESSAGE = (
    update(columns_of(Recommendation))
    .where(columns_of(Recommendation).c.id == bindparam("answer_id"))
    .values(message_id=bindparam("shown_by"))
)
# By ids, not by times: a clock may be set back, and replicas' clocks differ.
_SHOWN_LAST = (
    func.coalesce(Recommendation.shown_again, Recommendation.id).desc(),
    Recommendation.shown_again.is_(None),
)
"""Orders answers: the newest message's first, and of a message's the one that it shows."""


async def record(
    session: AsyncSession,
    *,
    photo_id: int,
    chat_id: int,
    asked: Asked,
    hashtags: Scored,
    elapsed_ms: float,
    album: bool = False,
    only_here: bool = False,
    duplicate: bool = False,
    message_id: int | None = None,
    at: datetime | None = None,
) -> int:
    """Stores an answer and returns its id; arguments as its columns.

    Args:
        at: when computing it began, now by default: what was taught later is not in it.
    """
    row = {
        "photo_id": photo_id,
        "chat_id": chat_id,
        "message_id": message_id,
        **vars(asked) | {"words": _joined(asked.words)},
        "album": album,
        "only_here": only_here,
        "hashtags": _as_stored(hashtags),
        "length": len(hashtags),
        "elapsed_ms": float(elapsed_ms),
        "duplicate": duplicate,
        "at": at or now(),
    }
    return await insert(session, Recommendation, row, Recommendation.id)


async def previous(
    session: AsyncSession,
    *,
    photo_id: int,
    chat_id: int,
    asked: Asked,
    count: int = 1,
    since: datetime | None = None,
) -> list[tuple[str, float]] | None:
    """An earlier answer to this photo alone, asked for in the same way, or None.

    It is the newest of at least ``count`` hashtags, with those that a chat took out of it. Answers
    from before ``since`` or before the photo's labels last changed do not count, since something
    was learnt after them. Nor do other chats' answers where either chat was taught something.
    """
    taught = exists().where(or_(Label.chat_id == chat_id, Label.user_id == chat_id))
    theirs = or_(Label.chat_id == Recommendation.chat_id, Label.user_id == Recommendation.chat_id)
    changed = exists().where(
        Label.photo_id == photo_id,
        or_(Label.at >= Recommendation.at, Label.removed_at >= Recommendation.at),
    )
    mix, named = asked.mix, _joined(asked.words)
    query = select(Recommendation.hashtags).where(
        Recommendation.photo_id == photo_id,
        or_(Recommendation.chat_id == chat_id, and_(~taught, ~exists().where(theirs))),
        Recommendation.backend == asked.backend,
        Recommendation.model == asked.model,
        Recommendation.style == asked.style,
        Recommendation.mix.is_(None) if mix is None else Recommendation.mix == mix,
        func.coalesce(Recommendation.language, "en") == asked.language,
        Recommendation.words.is_(None) if named is None else Recommendation.words == named,
        ~Recommendation.album,
        ~Recommendation.only_here,
        Recommendation.length >= count,
        ~changed,
        # An answer from the future is from before the clock was set back, and of unknown age.
        Recommendation.at <= now(),
    )
    if since is not None:
        query = query.where(Recommendation.at > since)
    hashtags = await session.scalar(query.order_by(Recommendation.id.desc()).limit(1))
    return None if hashtags is None else [(tag, score) for tag, score in hashtags]


async def set_message(session: AsyncSession, answer_id: int, message_id: int) -> None:
    """Stores which of the bot's messages shows an answer, if that exists."""
    await session.execute(_SETTING_MESSAGE, {"answer_id": answer_id, "shown_by": message_id})


async def show_again(session: AsyncSession, answer: Recommendation) -> None:
    """Makes an answer the one that its message shows, until that gets a new one."""
    answers = columns_of(Recommendation)
    its_message = answers.alias()
    newest = select(func.max(its_message.c.id)).where(
        its_message.c.chat_id == answer.chat_id, its_message.c.message_id == answer.message_id
    )
    await session.execute(
        update(answers)
        .where(answers.c.chat_id == answer.chat_id, answers.c.message_id == answer.message_id)
        .values(shown_again=case((answers.c.id == answer.id, newest.scalar_subquery())))
    )


async def extend(
    session: AsyncSession,
    answer_id: int,
    hashtags: Scored,
    *,
    shown: int,
    only_here: bool = False,
) -> None:
    """Appends hashtags to an answer, if that exists, and sets how many are shown.

    What the answer has already stays in its place.

    Args:
        only_here: whether the appended ones may lack something, as the answer's column.
    """
    answer = await session.get(Recommendation, answer_id, with_for_update=True)
    if answer is not None:
        existing = {tag for tag, _ in answer.hashtags}
        new = [(tag, score) for tag, score in hashtags if tag not in existing]
        answer.hashtags = [*answer.hashtags, *_as_stored(new)]
        answer.length = shown
        answer.only_here = answer.only_here or only_here
        await session.flush()


async def get(session: AsyncSession, answer_id: int) -> Recommendation | None:
    return await session.get(Recommendation, answer_id)


async def last_in_chat(
    session: AsyncSession, chat_id: int, photo_id: int | None = None
) -> Recommendation | None:
    """The answer that a chat was shown last, about that photo if one is given."""
    query = select(Recommendation).where(
        Recommendation.chat_id == chat_id, Recommendation.message_id.is_not(None)
    )
    if photo_id is not None:
        query = query.where(Recommendation.photo_id == photo_id)
    return await session.scalar(query.order_by(*_SHOWN_LAST).limit(1))


async def last_of(
    session: AsyncSession, *, chat_id: int, topic_id: int | None, user_id: int
) -> Recommendation | None:
    """The answer shown last about a photo that the user sent to a chat, to that topic if any."""
    theirs = exists().where(
        Sighting.photo_id == Recommendation.photo_id,
        Sighting.chat_id == chat_id,
        Sighting.topic_id == topic_id,
        Sighting.user_id == user_id,
        ~Sighting.by_bot,
    )
    query = select(Recommendation).where(
        Recommendation.chat_id == chat_id, Recommendation.message_id.is_not(None), theirs
    )
    return await session.scalar(query.order_by(*_SHOWN_LAST).limit(1))


def to_photos_of(user_id: int) -> ColumnElement[bool]:
    """SQL: whether an answer is to a photo that the user sent in its chat."""
    # Joined from the person's photos: an EXISTS would be evaluated for every answer.
    answers = aliased(Recommendation)
    same = and_(Sighting.photo_id == answers.photo_id, Sighting.chat_id == answers.chat_id)
    theirs = select(answers.id).join(Sighting, same)
    return Recommendation.id.in_(theirs.where(Sighting.user_id == user_id, ~Sighting.by_bot))


async def of_message(session: AsyncSession, chat_id: int, message_id: int) -> list[Recommendation]:
    """The answers that the bot's message shows or showed; the one that it shows first."""
    query = select(Recommendation).where(
        Recommendation.chat_id == chat_id, Recommendation.message_id == message_id
    )
    return list(await session.scalars(query.order_by(*_SHOWN_LAST)))


def _joined(words: Collection[str]) -> str | None:
    return " ".join(words) or None


async def answered_alone_since(
    session: AsyncSession, answer: Recommendation, photo_ids: Collection[int]
) -> set[int]:
    """The photos that got an answer of their own in the chat after ``answer``.

    Also those whose answer is still to be sent.
    """
    on_its_way = exists().where(OutgoingMessage.answer_id == Recommendation.id)
    query = select(Recommendation.photo_id).where(
        Recommendation.chat_id == answer.chat_id,
        Recommendation.photo_id.in_(photo_ids),
        Recommendation.id > answer.id,
        or_(Recommendation.message_id.is_not(None), on_its_way),
        ~Recommendation.album,
    )
    return set(await session.scalars(query))


def _as_stored(hashtags: Scored) -> list[list[Any]]:
    return [[tag, float(score)] for tag, score in hashtags]
