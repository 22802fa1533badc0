"""Who has used the bot, for /stats, and forgetting them. A number, a language and two times."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Select, Update, delete, exists, select
from sqlalchemy import update as update_rows
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from storage import recommendations
from storage.tables import (
    BlockedWord,
    CaptionedChannel,
    Chat,
    Label,
    LabelDecision,
    Photo,
    Recommendation,
    Sighting,
    TakenOut,
    User,
    Vote,
    now,
)
from storage.upserts import insert_or_change


async def seen(
    session: AsyncSession, user_id: int, language: str | None = None, *, at: datetime | None = None
) -> None:
    """Note that the user wrote. ``language`` (IETF tag, "en", "pt-br") replaces the one kept."""
    at = at or now()
    row = {"id": user_id, "language": language, "first_seen": at, "last_seen": at}
    change = ["last_seen"] if language is None else ["last_seen", "language"]
    await insert_or_change(session, User, [row], keys=["id"], change=change)


async def languages(session: AsyncSession, user_ids: Iterable[int]) -> dict[int, str | None]:
    """The languages of those of some users who have written to the bot."""
    query = select(User.id, User.language).where(User.id.in_(list(user_ids)))
    return {row.id: row.language for row in await session.execute(query)}


async def forget(session: AsyncSession, user_id: int) -> None:
    """Deletes all that is stored of the user; what models have learnt already stays in them.

    Who wrote as a group or a channel has that chat's number, and what others did there stays.

    Gone are labels (also those taken back), votes, what they took out of answers, sightings, the
    private chat's settings and answers, the user's row, a channel's choices for its captions, what
    captions named in answers elsewhere, and every photo that nobody else sent or labelled, with its
    features, files and answers. Other users' labels stay, and so do the photos they are on.
    """
    sole = (await session.scalars(_photos_only_of(user_id))).all()
    captioned = exists().where(CaptionedChannel.chat_id == Chat.id)
    statements = [
        _without_words(user_id),  # while their sightings tell which answers are theirs
        delete(Label).where(Label.user_id == user_id),
        delete(Vote).where(Vote.user_id == user_id),
        delete(TakenOut).where(TakenOut.user_id == user_id),
        delete(Sighting).where(Sighting.user_id == user_id),
        delete(User).where(User.id == user_id),
        delete(Chat).where(Chat.id == user_id, captioned),
        delete(CaptionedChannel).where(CaptionedChannel.chat_id == user_id),
    ]
    if user_id > 0:
        # A private chat has its user's number, so what is of that chat is the user's too.
        statements += [
            delete(Sighting).where(Sighting.chat_id == user_id),
            delete(Recommendation).where(Recommendation.chat_id == user_id),
            delete(Chat).where(Chat.id == user_id),
        ]
    for statement in statements:
        await session.execute(statement)
    # An admin's decisions stay, without the admin.
    for table, column in ((LabelDecision, "decided_by"), (BlockedWord, "added_by")):
        await session.execute(
            update_rows(table).where(getattr(table, column) == user_id).values({column: None})
        )
    for start in range(0, len(sole), 500):
        await session.execute(delete(Photo).where(Photo.id.in_(sole[start : start + 500])))


def _without_words(user_id: int) -> Update:
    """Takes what captions named from the answers to a person's photos.

    Words that are empty, not None: answers that they led are never given to a photo without any.
    """
    theirs = recommendations.to_photos_of(user_id)
    named = Recommendation.words.is_not(None)
    return update_rows(Recommendation).where(named, theirs).values(words="")


def _photos_only_of(user_id: int) -> Select[int]:
    theirs, others = aliased(Sighting), aliased(Sighting)
    return select(Photo.id).where(
        # Not an EXISTS, which would be asked of every photo there is.
        Photo.id.in_(select(theirs.photo_id).where(theirs.user_id == user_id)),
        ~exists().where(others.photo_id == Photo.id, others.user_id != user_id),
        ~exists().where(Label.photo_id == Photo.id, Label.user_id != user_id),
    )
