"""The answers that were given, to repeat one for a known photo and to hang buttons on."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import Label, Recommendation, now

Scored = Sequence[tuple[str, float]]
"""Hashtags with their scores, best first."""


async def record(
    session: AsyncSession,
    *,
    photo_id: int,
    chat_id: int,
    backend: str,
    model: str,
    style: str,
    hashtags: Scored,
    elapsed_ms: float,
    mix: str | None = None,
    language: str = "en",
    album: bool = False,
    duplicate: bool = False,
    message_id: int | None = None,
) -> int:
    """Stores an answer and returns its id; arguments as of its columns."""
    answer = Recommendation(
        photo_id=photo_id,
        chat_id=chat_id,
        message_id=message_id,
        backend=backend,
        model=model,
        style=style,
        mix=mix,
        language=language,
        album=album,
        elapsed_ms=float(elapsed_ms),
        duplicate=duplicate,
        at=now(),
    )
    _set_hashtags(answer, hashtags)
    session.add(answer)
    await session.flush()
    return answer.id


async def previous(
    session: AsyncSession,
    *,
    photo_id: int,
    chat_id: int,
    backend: str,
    model: str,
    style: str,
    mix: str | None = None,
    language: str = "en",
    count: int = 1,
    since: datetime | None = None,
) -> list[tuple[str, float]] | None:
    """What this photo alone got before, in the same way, or None.

    The newest answer of at least ``count`` hashtags, all of them. One from before the photo's
    labels last changed, or from before ``since``, no longer counts: something was learnt then.
    Nor does another chat's where one of the two was ever taught something: it may be that chat's
    alone.
    """
    taught = exists().where(or_(Label.chat_id == chat_id, Label.user_id == chat_id))
    theirs = or_(Label.chat_id == Recommendation.chat_id, Label.user_id == Recommendation.chat_id)
    changes = select(func.max(Label.at), func.max(Label.removed_at)).where(
        Label.photo_id == photo_id
    )
    moments = [*(await session.execute(changes)).one(), since]
    query = select(Recommendation.hashtags).where(
        Recommendation.photo_id == photo_id,
        or_(Recommendation.chat_id == chat_id, and_(~taught, ~exists().where(theirs))),
        Recommendation.backend == backend,
        Recommendation.model == model,
        Recommendation.style == style,
        Recommendation.mix.is_(None) if mix is None else Recommendation.mix == mix,
        func.coalesce(Recommendation.language, "en") == language,
        ~Recommendation.album,
        Recommendation.length >= count,
    )
    if any(moments):
        query = query.where(Recommendation.at > max(filter(None, moments)))
    hashtags = await session.scalar(query.order_by(Recommendation.id.desc()).limit(1))
    return None if hashtags is None else [(tag, score) for tag, score in hashtags]


async def set_message(session: AsyncSession, answer_id: int, message_id: int) -> None:
    """The bot's message shows this answer. Does nothing for an unknown one."""
    answer = await session.get(Recommendation, answer_id)
    if answer is not None:
        answer.message_id = message_id
        await session.flush()


async def extend(session: AsyncSession, answer_id: int, hashtags: Scored) -> None:
    """More hashtags stand below those of an answer. Does nothing for an unknown one."""
    answer = await session.get(Recommendation, answer_id)
    if answer is not None:
        _set_hashtags(answer, [*((tag, score) for tag, score in answer.hashtags), *hashtags])
        await session.flush()


async def get(session: AsyncSession, answer_id: int) -> Recommendation | None:
    return await session.get(Recommendation, answer_id)


async def last_in_chat(
    session: AsyncSession, chat_id: int, photo_id: int | None = None
) -> Recommendation | None:
    """The newest answer in a chat, about that photo if one is given."""
    query = select(Recommendation).where(
        Recommendation.chat_id == chat_id, Recommendation.message_id.is_not(None)
    )
    if photo_id is not None:
        query = query.where(Recommendation.photo_id == photo_id)
    return await session.scalar(query.order_by(Recommendation.id.desc()).limit(1))


async def of_message(session: AsyncSession, chat_id: int, message_id: int) -> list[Recommendation]:
    """The answers that the bot's message shows or showed, newest first."""
    query = select(Recommendation).where(
        Recommendation.chat_id == chat_id, Recommendation.message_id == message_id
    )
    return list(await session.scalars(query.order_by(Recommendation.id.desc())))


def _set_hashtags(answer: Recommendation, hashtags: Scored) -> None:
    answer.hashtags = [[tag, float(score)] for tag, score in hashtags]
    answer.length = len(hashtags)
