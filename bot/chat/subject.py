"""Which photo or answer a message is about: one rule for every command and button.

A message is about the photos in it; else about what it replies to, even in another chat; else about
the last photo that its sender sent there. The answer is the one with the button, or the one replied
to; else the one shown last about that photo.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession
from telegram import Message
from telegram.constants import ChatType

from bot.chat import photo_lookup
from bot.chat.identity import sender_of
from bot.chat.last_photo import topic_of
from bot.chat.photo_lookup import UnreadablePhotoError, photo_in, photos_in, unique_ids
from bot.chat.services import Context
from storage import arrivals, recommendations, sightings
from storage.tables import Recommendation


async def photos_of(context: Context, message: Message) -> list[int]:
    """The photos that a message without photos is about; none if it replies to something else.

    Raises:
        UnreadablePhotoError: if the photo is no longer available.
    """
    services, replied_to = context.services, reply_of(message)
    if message.external_reply is not None:
        return await carried_photos(context, [message])
    if replied_to is not None:
        return await _photos_of_reply(context, replied_to)
    if last := services.last_photos.before(message):
        return await carried_photos(context, last)
    if message.chat.type != ChatType.PRIVATE:
        return []  # the database lacks photos that a group did not ask about
    async with services.database.reading() as session:
        return await sightings.last_of(
            session,
            chat_id=message.chat_id,
            topic_id=topic_of(message),
            user_id=sender_of(message),
        )


async def _photos_of_reply(context: Context, replied_to: Message) -> list[int]:
    """The photos that a message of the same chat shows or answers.

    Raises:
        UnreadablePhotoError: if its photo is not known and no longer available.
    """
    services, engine = context.services, context.services.engine
    photo = photo_in(replied_to, engine.min_side)
    if photo is None:
        await services.chat_locks.wait(replied_to.chat_id)
    async with services.database.reading() as session:
        photo_ids = await sightings.of_message(session, replied_to.chat_id, replied_to.message_id)
        if photo is None or await photo_lookup.is_known(session, engine, photo, photo_ids):
            return photo_ids
    try:
        return await carried_photos(context, [replied_to])
    except UnreadablePhotoError:
        # The photo of an edited message may be another than the one that is known.
        if not photo_ids or replied_to.edit_date is not None:
            raise
        return photo_ids


def reply_of(message: Message) -> Message | None:
    """The message of the same chat that one replies to.

    In a forum, messages that reply to nothing have the topic's first message there.
    """
    replied_to = message.reply_to_message
    return None if replied_to is None or replied_to.forum_topic_created else replied_to


async def carried_photos(context: Context, messages: Sequence[Message]) -> list[int]:
    """Computes and stores the photos in messages; returns their ids.

    Raises:
        UnreadablePhotoError: if none of them can be read.
    """
    services, engine = context.services, context.services.engine
    album = photos_in(messages, engine)
    if not album:
        return []
    first = album[0].message
    async with (
        services.typing.shown(context.bot, first.chat_id, topic_of(first)),
        photo_lookup.places_for(services, album).of(sender_of(first)),
    ):
        async with services.database.reading() as session:
            arrival = await arrivals.read(session, first.chat_id, unique_ids(album))
            stored = await photo_lookup.as_stored(session, engine, album, arrival.photos)
        photos, unreadable = await photo_lookup.compute(services, engine, stored)
        if not photos:
            raise UnreadablePhotoError(unreadable[0])
        async with services.database.session(confirmed=False) as session:
            if context.was_forgotten(sender_of(first)):
                return []
            remembered = await photo_lookup.remember(session, engine, photos)
    if renewed := [photo.photo_id for photo in remembered if photo.renewed]:
        services.learner.learn_soon(filter(None, renewed), [first.chat_id])
    return [photo.photo_id for photo in remembered if photo.photo_id is not None]


async def answer_of(
    session: AsyncSession, message: Message, photo_id: int
) -> Recommendation | None:
    """The answer that a message replies to; else the one shown last about that photo.

    The caller must hold the chat's lock or have waited for it: an answer may be on its way.
    """
    replied_to = reply_of(message)
    if replied_to is not None:
        answers = await recommendations.of_message(session, message.chat_id, replied_to.message_id)
        if answers:
            return answers[0]
    return await recommendations.last_in_chat(session, message.chat_id, photo_id)


async def last_answer(
    session: AsyncSession, message: Message, person: int
) -> Recommendation | None:
    """The answer shown last about a photo of ``person``, in the chat and topic of ``message``."""
    return await recommendations.last_of(
        session, chat_id=message.chat_id, topic_id=topic_of(message), user_id=person
    )


async def photos_under(
    session: AsyncSession, message: Message, answer: Recommendation
) -> list[int]:
    """The photos that the bot's message answers: all of an album's."""
    ids = await sightings.of_message(session, message.chat_id, message.message_id)
    return ids or [answer.photo_id]
