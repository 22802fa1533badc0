"""Deletes all that is stored of a person, in small steps, and leaves no trace in the files.

The steps are short writing sessions of a few hundred rows each, so a heavy user's deletion never
keeps others waiting. An interrupted one is completed by asking again: the user's row goes last.
"""

from collections.abc import Callable, Sequence

from sqlalchemy import ColumnElement, and_, bindparam, delete, exists, select
from sqlalchemy import update as update_rows
from sqlalchemy.orm import InstrumentedAttribute, aliased

from storage import changes, recommendations
from storage.database import Database
from storage.lists import rows_of
from storage.retention import BATCH, delete_in_batches
from storage.tables import (
    BlockedWord,
    CaptionedChannel,
    Chat,
    Label,
    LabelDecision,
    OutgoingMessage,
    Photo,
    PhotoFile,
    Recommendation,
    Sighting,
    TakenOut,
    User,
    Vote,
    WaitingUpdate,
)


async def forget(
    database: Database,
    user_id: int,
    *,
    is_models: Callable[[str], bool] = lambda hashtag: False,
    batch: int = BATCH,
) -> None:
    """Deletes all that is stored of a user; what versions were fine-tuned on stays in these.

    Someone who writes as a group or channel has that chat's number; what others did there stays.

    Deleted are labels (also those taken back) and what admins decided on hashtags that only they
    gave a photo, these hashtags in answers elsewhere, votes, what they took out of answers,
    sightings, what they sent that waits to be handled, the answers to it that wait to be sent, the
    private chat's settings and answers, the user's row, a channel's choices for its captions, what
    captions named in answers elsewhere, Telegram's ids of the files that they sent, and every photo
    that nobody else sent or labelled, with its features and answers. Other users' labels stay, and
    so do the photos they are on.

    Args:
        is_models: whether the model knows a hashtag by itself; such ones stay in answers elsewhere.

    Raises:
        StorageError: as ``Database.session``; what was deleted until then is deleted.
    """
    sent = select(Sighting.photo_id).where(Sighting.user_id == user_id)
    async with database.session() as session:
        # Replicas drop the user's pending work now, and what the user taught at the end.
        changes.note(session, "forgotten", [user_id])
    await _forget_hashtags(database, user_id, is_models, batch)
    await _delete_labels(database, user_id, batch)
    await delete_in_batches(
        database,
        PhotoFile,
        [PhotoFile.photo_id.in_(sent)],
        batch,
        again=[_is_sent_by(user_id, PhotoFile.photo_id)],
    )
    while True:  # before their sightings go, which tell the answers to their photos
        async with database.session() as session:
            theirs = (Recommendation.words > "", recommendations.to_photos_of(user_id))
            query = select(Recommendation.id).where(*theirs).limit(batch)
            ids = (await session.scalars(query)).all()
            # Empty, not None: an answer that used words is not reused for a photo without any.
            named = update_rows(Recommendation).where(Recommendation.id.in_(ids))
            await session.execute(named.values(words=""))
        if len(ids) < batch:
            break
    nobody_elses = (
        ~exists().where(Sighting.photo_id == Photo.id, Sighting.user_id != user_id),
        ~exists().where(Label.photo_id == Photo.id, Label.user_id != user_id),
    )
    await delete_in_batches(
        database,
        Photo,
        [Photo.id.in_(sent), *nobody_elses],
        batch // 10 or 1,
        again=[_is_sent_by(user_id, Photo.id), *nobody_elses],
    )
    for table in (Vote, TakenOut, Sighting):
        await delete_in_batches(database, table, [table.user_id == user_id], batch)
    if user_id > 0:
        # A private chat has its user's number, so its rows are the user's too.
        for of_chat in (Sighting, Recommendation):
            await delete_in_batches(database, of_chat, [of_chat.chat_id == user_id], batch)
    async with database.session() as session:
        # An admin's decisions stay, without the admin.
        for decided, column in ((LabelDecision, "decided_by"), (BlockedWord, "added_by")):
            theirs_too = getattr(decided, column) == user_id
            await session.execute(update_rows(decided).where(theirs_too).values({column: None}))
        captioned = exists().where(CaptionedChannel.chat_id == Chat.id)
        of_theirs = Chat.id == user_id
        await session.execute(
            delete(Chat).where(of_theirs if user_id > 0 else and_(of_theirs, captioned))
        )
        await session.execute(delete(CaptionedChannel).where(CaptionedChannel.chat_id == user_id))
        for queue in (WaitingUpdate, OutgoingMessage):
            await session.execute(delete(queue).where(queue.user_id == user_id))
            if user_id > 0:
                await session.execute(delete(queue).where(queue.chat_id == user_id))
        await session.execute(delete(User).where(User.id == user_id))
        changes.note(session, "forgotten", [user_id])
    await database.shrink_log()


async def _forget_hashtags(
    database: Database, user_id: int, is_models: Callable[[str], bool], batch: int
) -> None:
    """Removes hashtags that nobody else gave from admins' decisions and from answers."""
    other = aliased(Label)
    labelled = select(Label.photo_id).where(Label.user_id == user_id)
    async with database.reading() as session:
        theirs = (
            await session.execute(
                select(Label.photo_id, Label.key).where(
                    Label.user_id == user_id,
                    ~exists().where(
                        other.photo_id == Label.photo_id,
                        other.key == Label.key,
                        other.user_id != user_id,
                    ),
                )
            )
        ).all()
        taught = await session.execute(
            select(Label.hashtag, Label.chat_id, Label.key).where(
                Label.user_id == user_id,
                ~exists().where(
                    other.key == Label.key, other.user_id != user_id, other.removed_at.is_(None)
                ),
            )
        )
        alone = [row for row in taught if not is_models(row.hashtag)]
        approved = set(
            await session.scalars(
                select(LabelDecision.key)
                .where(LabelDecision.status == "approved", LabelDecision.photo_id.in_(labelled))
                .distinct()
            )
        ) & {row.key for row in alone}
    for start in range(0, len(theirs), batch):
        some = [
            {"photo": row.photo_id, "hashtag": row.key} for row in theirs[start : start + batch]
        ]
        async with database.session() as session:
            connection = await session.connection()
            # One by one, by the primary key: SQLite would read the whole table for pairs in a list.
            await connection.execute(
                delete(LabelDecision).where(
                    LabelDecision.photo_id == bindparam("photo"),
                    LabelDecision.key == bindparam("hashtag"),
                ),
                some,
            )
    # Approved hashtags may be in anybody's answers, the rest only where they were taught.
    everywhere = {row.hashtag for row in alone if row.key in approved}
    elsewhere = {row.hashtag for row in alone} - everywhere
    chats = {row.chat_id for row in alone} | {user_id}
    if everywhere:
        await _take_out_of_answers(database, everywhere, [], batch)
    if elsewhere:
        there = [Recommendation.chat_id.in_(chats)]
        await _take_out_of_answers(database, elsewhere, there, batch)


async def _delete_labels(database: Database, user_id: int, batch: int) -> None:
    theirs = select(Label.id, Label.photo_id).where(Label.user_id == user_id).limit(batch)
    while True:
        async with database.session(confirmed=False) as session:
            rows = (await session.execute(theirs)).all()
            if not rows:
                return
            await session.execute(delete(Label).where(Label.id.in_([row.id for row in rows])))
            # Now: who completes an interrupted deletion finds no labels that tell which photos.
            changes.note(session, "photos", sorted({row.photo_id for row in rows}))


async def _take_out_of_answers(
    database: Database, hashtags: set[str], where: Sequence[ColumnElement[bool]], batch: int
) -> None:
    last = 0
    while True:
        query = select(Recommendation.id, Recommendation.hashtags).where(*where)
        query = query.where(Recommendation.id > last).order_by(Recommendation.id)
        async with database.reading() as session:
            rows = (await session.execute(query.limit(batch))).all()
        ids = [row.id for row in rows if any(tag in hashtags for tag, _ in row.hashtags)]
        if ids:
            async with database.session() as session:
                # Read again: somebody may have asked for more hashtags since.
                again = select(Recommendation.id, Recommendation.hashtags).with_for_update()
                again = again.where(Recommendation.id.in_(ids)).order_by(Recommendation.id)
                for row in (await session.execute(again)).all():
                    left = [pair for pair in row.hashtags if pair[0] not in hashtags]
                    answer = update_rows(Recommendation).where(Recommendation.id == row.id)
                    await session.execute(answer.values(hashtags=left))
                taken = and_(
                    TakenOut.recommendation_id.in_(ids),
                    TakenOut.hashtag.in_(rows_of(session, hashtags)),
                )
                await session.execute(delete(TakenOut).where(taken))
        if len(rows) < batch:
            return
        last = rows[-1].id


def _is_sent_by(user_id: int, photo_id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """To look photos up by; to find them all, it would be evaluated for every photo."""
    return exists().where(Sighting.photo_id == photo_id, Sighting.user_id == user_id)
