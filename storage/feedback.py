"""People's feedback on answers: thumbs, and single hashtags that they take out.

A person has one thumb for each answer. Thumbs can be changed and taken back; hashtags put back.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage import sightings
from storage.tables import IN_USE, Label, Recommendation, TakenOut, Vote, now
from storage.upserts import insert_missing, insert_or_change

UP = func.coalesce(func.sum(case((Vote.value > 0, 1), else_=0)), 0)
DOWN = func.coalesce(func.sum(case((Vote.value < 0, 1), else_=0)), 0)
"""SQL: how many of the votes are thumbs up, and how many down."""


@dataclass(frozen=True)
class Thumbs:
    """How many thumbs up and down an answer has."""

    up: int
    down: int


NO_THUMBS = Thumbs(up=0, down=0)


async def vote(session: AsyncSession, *, recommendation_id: int, user_id: int, value: int) -> None:
    """Sets the user's thumb: 1 up, -1 down, 0 takes it back.

    Raises:
        KeyError: the answer is not (or no longer) stored.
        ValueError: it is no such thumb.
    """
    if value not in (1, 0, -1):
        raise ValueError("a thumb is 1, 0 or -1")
    if await session.get(Recommendation, recommendation_id) is None:
        raise KeyError(recommendation_id)
    if value == 0:
        await session.execute(
            delete(Vote).where(Vote.recommendation_id == recommendation_id, Vote.user_id == user_id)
        )
    else:
        key = {"recommendation_id": recommendation_id, "user_id": user_id}
        row = key | {"value": value, "at": now()}
        await insert_or_change(session, Vote, [row], keys=list(key), change=["value", "at"])


async def vote_of(session: AsyncSession, *, recommendation_id: int, user_id: int) -> int:
    """The user's thumb under an answer: 1, -1, or 0 for none."""
    vote = await session.get(Vote, (recommendation_id, user_id))
    return vote.value if vote else 0


async def thumbs(session: AsyncSession, recommendation_id: int) -> Thumbs:
    """The thumbs of one answer."""
    row = await session.execute(select(UP, DOWN).where(Vote.recommendation_id == recommendation_id))
    return Thumbs(*row.one())


async def take_out(
    session: AsyncSession, *, recommendation_id: int, hashtag: str, user_id: int
) -> None:
    """Takes a hashtag out of an answer; only the first person to do so is stored."""
    row = {"recommendation_id": recommendation_id, "hashtag": hashtag}
    row |= {"user_id": user_id, "at": now()}
    await insert_missing(session, TakenOut, [row])


async def put_back(session: AsyncSession, *, recommendation_id: int, hashtag: str) -> None:
    """Puts a hashtag back that anybody took out."""
    await session.execute(
        delete(TakenOut).where(
            TakenOut.recommendation_id == recommendation_id, TakenOut.hashtag == hashtag
        )
    )


async def unwanted(
    session: AsyncSession,
    *,
    chat_id: int,
    photo_ids: Collection[int],
    first: int,
    meant: Callable[[str], str],
) -> set[str]:
    """The hashtags that a chat does not want for a photo, or for an album of these photos.

    Those that somebody there took out of an answer, and the ``first`` ones of each answer with a
    thumb down; except those that somebody there gave one of the photos afterwards.

    Args:
        meant: the same of all hashtags that mean the same, of which giving one is enough.
    """
    down = (
        select(func.max(Vote.at))
        .where(Vote.recommendation_id == Recommendation.id, Vote.value < 0)
        .scalar_subquery()
    )
    album = len(photo_ids) > 1
    answers = await session.execute(
        select(Recommendation, down).where(
            Recommendation.chat_id == chat_id,
            Recommendation.photo_id.in_(photo_ids),
            Recommendation.album if album else ~Recommendation.album,
            or_(down.is_not(None), Recommendation.taken_out.any()),
        )
    )
    since: dict[str, datetime] = {}
    for answer, disliked_at in answers.all():
        if album and not await _answers(session, answer, photo_ids):
            continue
        moments = {one.hashtag: one.at for one in answer.taken_out}
        if disliked_at is not None:
            moments |= dict.fromkeys(answer.tags[:first], disliked_at)
        for tag, at in moments.items():
            since[tag] = max(at, since.get(tag, at))
    if not since:
        return set()
    taught = await session.execute(
        select(Label.hashtag, Label.at).where(
            Label.chat_id == chat_id, Label.photo_id.in_(photo_ids), IN_USE
        )
    )
    given: dict[str, datetime] = {}
    for tag, at in taught:
        given[meant(tag)] = max(at, given.get(meant(tag), at))
    return {tag for tag, at in since.items() if given.get(meant(tag), at) <= at}


async def _answers(
    session: AsyncSession, answer: Recommendation, photo_ids: Collection[int]
) -> bool:
    """Whether an album's answer is about these photos, in any order."""
    if answer.message_id is None:
        return False
    shown = await sightings.of_message(session, answer.chat_id, answer.message_id)
    return set(shown) == set(photo_ids)
