"""The answers that were given, to repeat one for a known photo and to hang thumbs on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage import sightings
from storage.tables import Label, Recommendation, now


@dataclass(frozen=True)
class Given:
    """An answer as it was given: `hashtags` are (hashtag, score), best first."""

    id: int
    photo_id: int
    chat_id: int
    message_id: int | None
    backend: str
    model: str
    style: str
    hashtags: tuple[tuple[str, float], ...]
    elapsed_ms: float
    duplicate: bool
    at: datetime


async def record(
    session: AsyncSession,
    *,
    photo_id: int,
    chat_id: int,
    backend: str,
    model: str,
    style: str,
    hashtags: Sequence[tuple[str, float]],
    elapsed_ms: float,
    duplicate: bool = False,
) -> int:
    """Store an answer and return its id. `duplicate`: the photo was known already."""
    answer = Recommendation(
        photo_id=photo_id,
        chat_id=chat_id,
        backend=backend,
        model=model,
        style=style,
        hashtags=[[hashtag, float(score)] for hashtag, score in hashtags],
        length=len(hashtags),
        elapsed_ms=float(elapsed_ms),
        duplicate=duplicate,
        at=now(),
    )
    session.add(answer)
    await session.flush()
    return answer.id


async def earlier(
    session: AsyncSession,
    *,
    photo_id: int,
    backend: str,
    model: str,
    style: str,
    count: int = 1,
    since: datetime | None = None,
) -> list[tuple[str, float]] | None:
    """What was answered for this photo by the same model version, backend and style, or None.

    The newest answer of at least `count` hashtags, all of them. One from before the photo's
    labels last changed, or from before `since`, no longer counts: something was learnt then.
    """
    changes = select(func.max(Label.at), func.max(Label.removed_at)).where(
        Label.photo_id == photo_id
    )
    moments = [*(await session.execute(changes)).one(), since]
    query = select(Recommendation.hashtags).where(
        Recommendation.photo_id == photo_id,
        Recommendation.backend == backend,
        Recommendation.model == model,
        Recommendation.style == style,
        Recommendation.length >= count,
    )
    if any(moments):
        query = query.where(Recommendation.at > max(filter(None, moments)))
    hashtags = await session.scalar(query.order_by(Recommendation.id.desc()).limit(1))
    return None if hashtags is None else [(tag, score) for tag, score in hashtags]


async def attach_message(session: AsyncSession, recommendation_id: int, message_id: int) -> None:
    """The bot's message `message_id` shows this answer. Does nothing for an unknown one."""
    answer = await session.get(Recommendation, recommendation_id)
    if answer is None:
        return
    answer.message_id = message_id
    await session.flush()
    await sightings.answered(
        session, chat_id=answer.chat_id, message_id=message_id, photo_ids=[answer.photo_id]
    )


async def get(session: AsyncSession, recommendation_id: int) -> Given | None:
    """An answer by its id."""
    answer = await session.get(Recommendation, recommendation_id)
    return None if answer is None else _given(answer)


async def last_in_chat(
    session: AsyncSession, chat_id: int, photo_id: int | None = None
) -> Given | None:
    """The newest answer in a chat, about that photo if one is given."""
    query = select(Recommendation).where(
        Recommendation.chat_id == chat_id, Recommendation.message_id.is_not(None)
    )
    if photo_id is not None:
        query = query.where(Recommendation.photo_id == photo_id)
    answer = await session.scalar(query.order_by(Recommendation.id.desc()).limit(1))
    return None if answer is None else _given(answer)


async def of_message(session: AsyncSession, chat_id: int, message_id: int) -> list[Given]:
    """The answers that the bot's message shows or showed, newest first."""
    query = select(Recommendation).where(
        Recommendation.chat_id == chat_id, Recommendation.message_id == message_id
    )
    answers = await session.scalars(query.order_by(Recommendation.id.desc()))
    return [_given(answer) for answer in answers]


def _given(answer: Recommendation) -> Given:
    return Given(
        id=answer.id,
        photo_id=answer.photo_id,
        chat_id=answer.chat_id,
        message_id=answer.message_id,
        backend=answer.backend,
        model=answer.model,
        style=answer.style,
        hashtags=tuple((tag, score) for tag, score in answer.hashtags),
        elapsed_ms=answer.elapsed_ms,
        duplicate=answer.duplicate,
        at=answer.at,
    )
