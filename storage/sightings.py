"""Which message showed or answered which photo, to resolve "this photo" and "my last photo"."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import Sighting, now
from storage.upserts import insert_missing


async def seen(
    session: AsyncSession,
    *,
    chat_id: int,
    message_id: int,
    photo_id: int,
    user_id: int | None,
    topic_id: int | None = None,
) -> None:
    """Stores that a message, of a person or of a chat that people write as, shows the photo."""
    row = {
        "chat_id": chat_id,
        "message_id": message_id,
        "photo_id": photo_id,
        "user_id": user_id,
        "topic_id": topic_id,
        "by_bot": False,
        "at": now(),
    }
    await insert_missing(session, Sighting, [row])


async def answered(
    session: AsyncSession, *, chat_id: int, message_id: int, photo_ids: Sequence[int]
) -> None:
    """Stores that the bot's message answers these photos: one, or an album's, in their order."""
    if len(photo_ids) > 1:  # a late photo may have its place before those that are stored
        ours = (Sighting.chat_id == chat_id, Sighting.message_id == message_id)
        await session.execute(delete(Sighting).where(*ours, Sighting.by_bot))
    same = {"chat_id": chat_id, "message_id": message_id, "by_bot": True, "at": now()}
    await insert_missing(session, Sighting, [same | {"photo_id": one} for one in photo_ids])


async def last_of(
    session: AsyncSession, *, chat_id: int, topic_id: int | None, user_id: int
) -> list[int]:
    """The photo that the user last sent to the chat, in that topic of it if it has topics.

    Of an album that the bot answered as one, all photos.
    """
    query = select(Sighting.id, Sighting.photo_id).where(
        Sighting.chat_id == chat_id,
        Sighting.user_id == user_id,
        Sighting.topic_id == topic_id,
        ~Sighting.by_bot,
    )
    last = (await session.execute(query.order_by(Sighting.id.desc()).limit(1))).first()
    if last is None:
        return []
    answers = select(Sighting.message_id).where(
        Sighting.chat_id == chat_id,
        Sighting.id > last.id,
        Sighting.photo_id == last.photo_id,
        Sighting.by_bot,
    )
    answer = await session.scalar(answers.order_by(Sighting.id).limit(1))
    return [last.photo_id] if answer is None else await of_message(session, chat_id, answer)


async def last_before(session: AsyncSession, moment: datetime) -> datetime | None:
    """When the last photo before a moment came, in any chat."""
    query = select(Sighting.at).where(Sighting.at < moment)
    return await session.scalar(query.order_by(Sighting.id.desc()).limit(1))


async def of_message(session: AsyncSession, chat_id: int, message_id: int) -> list[int]:
    """The photos that a message (a person's or the bot's) is about, in their order."""
    query = select(Sighting.photo_id).where(
        Sighting.chat_id == chat_id, Sighting.message_id == message_id
    )
    return list(await session.scalars(query.order_by(Sighting.id)))


async def shown_by(
    session: AsyncSession, chat_id: int, photo_ids: Iterable[int], *, before: int
) -> dict[int, int]:
    """The last message of a person that showed each photo, ``before`` another message; by photo."""
    query = (
        select(Sighting.photo_id, func.max(Sighting.message_id).label("last"))
        .where(
            Sighting.chat_id == chat_id,
            Sighting.photo_id.in_(list(photo_ids)),
            Sighting.message_id < before,
            ~Sighting.by_bot,
        )
        .group_by(Sighting.photo_id)
    )
    return {row.photo_id: row.last for row in await session.execute(query)}
