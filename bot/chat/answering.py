"""Answers a photo: settings → known file? → decode → features → recommend → record → reply.

``answer`` does all of it, with one reading and one writing session before the reply and one writing
session after it. One query reads everything about the chat and the files, one finds copies. The
place for computing is freed before sending, so that a chat that Telegram slows down blocks no
other.
"""

import asyncio
import logging
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from time import perf_counter
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from telegram import ForceReply, Message
from telegram.error import BadRequest, TelegramError

from bot.chat import answer_message, photo_lookup, updates_at_work
from bot.chat.answer_request import ChatRequest, about, request_in
from bot.chat.last_photo import topic_of
from bot.chat.photo_lookup import ComputedPhoto, IncomingPhoto
from bot.chat.rendering import MOST_LENGTH, answer_text, fitting
from bot.chat.replies import Reply, reply_to
from bot.chat.request_log import logged, note, timed
from bot.chat.services import Context, Services
from bot.chat.shown_answer import ShownAnswer
from recommenders.batching import Features
from recommenders.engine import Engine
from recommenders.ranking import Hashtag
from storage import StorageError, arrivals, known_photos, recommendations, sightings, users

log = logging.getLogger(__name__)

_OTHER_COMMAND = re.compile(r"/(?!tags\b)")


async def answer(
    context: Context,
    album: Sequence[IncomingPhoto],
    *,
    earlier_answer: int | None = None,
) -> int | None:
    """Answers a photo, or an album's photos as one, in reply to the first of them.

    Args:
        earlier_answer: the message to edit, if some of the album's photos have been answered.

    Returns:
        The number of the message with the answer; None if no photo could be read, the sender's
        data were deleted meanwhile, or Telegram did not say.
    """
    services, texts, first = context.services, context.texts, album[0].message
    await services.learner.caught_up(first.chat_id)
    engine, person = services.engine, context.person
    assert person is not None  # somebody sent them
    places = photo_lookup.places_for(services, album)
    if not updates_at_work.again() and places.becomes_crowd(person):
        with suppress(TelegramError):  # only a courtesy: the photo is answered all the same
            await context.reply(first, texts.many_photos, stored=False)
    typing = services.typing.shown(context.bot, first.chat_id, topic_of(first))
    async with typing, places.of(person):
        computed = await _compute(context, engine, album)
        if computed.photos:  # stored here, too, so that photos do not pile up if storing is slow
            async with services.database.session(confirmed=False) as session:
                if context.was_forgotten(person):
                    return None
                computed = await _store_photos(session, services, computed)
                notes = []
                if unread := len(computed.unreadable):
                    notes.append(texts.album_part.format(unread=unread, photos=len(album)))
                reply = await _recorded(session, context, first, computed, person, notes)
                await users.seen(session, person, context.language_code)
                message = None
                if earlier_answer is None:
                    message = await services.outbox.put(session, reply)
    if not computed.photos:
        await context.reply(first, texts.wrong_file[computed.unreadable[0]], quote=True)
        return None
    if renewed := [photo.photo_id for photo in computed.photos if photo.renewed]:
        services.learner.learn_soon(filter(None, renewed), [first.chat_id])
    shown = None
    async with services.chat_locks.of(first.chat_id):
        with timed("send"):
            if message is not None:
                shown = await services.outbox.send(message)
            elif earlier_answer is not None:
                shown = await _edit(context, earlier_answer, reply)
    note(backend=computed.request.backend, known=computed.duplicate)
    return shown


async def hashtags_for(context: Context, album: Sequence[IncomingPhoto]) -> list[str]:
    """The hashtags that a photo or album would get, best first; sends and stores nothing."""
    services, chat_id = context.services, album[0].message.chat_id
    with logged(services.metrics, chat_id, len(album)):
        async with photo_lookup.places_for(services, album).of(chat_id):
            computed = await _compute(context, services.engine, album)
        if computed.photos:
            known = all(photo.known for photo in computed.photos)
            note(backend=computed.request.backend, known=known)
    return [hashtag.tag for hashtag in computed.hashtags]


async def answer_unsaved(context: Context, album: Sequence[IncomingPhoto]) -> None:
    """Answers although nothing can be stored: the hashtags, and a note that says so."""
    texts, first = context.texts, album[0].message
    hashtags = await hashtags_for(context, album)
    text = answer_text(texts, hashtags, notes=[texts.unsaved]) if hashtags else texts.storage_wrong
    await context.reply(first, text, quote=True, stored=False)


@dataclass(frozen=True)
class _Computed:
    """The hashtags of photos.

    Attributes:
        began: what was learnt later has no effect on ``hashtags``.
        photo_ids: empty until the photos are stored.
        duplicate: it is one photo, which was sent before.
        photos: those of a message that could be read.
        unreadable: the reason for each that could not be read.
    """

    request: ChatRequest
    hashtags: list[Hashtag]
    began: datetime
    elapsed_ms: float
    photo_ids: Sequence[int] = ()
    duplicate: bool = False
    photos: Sequence[ComputedPhoto] = ()
    unreadable: Sequence[str] = ()


async def _compute(context: Context, engine: Engine, album: Sequence[IncomingPhoto]) -> _Computed:
    """From messages to hashtags; the caller holds a place for computing."""
    services, chat_id = context.services, album[0].message.chat_id
    began, started = datetime.now(UTC), perf_counter()
    ids: list[int] = []
    async with services.database.reading() as session:
        arrival = await arrivals.read(session, chat_id, photo_lookup.unique_ids(album))
        if arrival.photos.keys() == photo_lookup.unique_ids(album):
            ids = list(dict.fromkeys(arrival.photos[one.file.file_unique_id] for one in album))
        request = await request_in(session, context, chat_id, ids, arrival, engine)
        request = replace(request, words=engine.words_in(_caption(album), request.audience))
        hashtags = await _stored_or_recommended(session, services, request, ids)
        if hashtags:  # the stored answer to a single photo: no features are needed
            one = ComputedPhoto(album[0], {}, photo_id=ids[0], known=True)
            elapsed_ms = (perf_counter() - started) * 1000
            return _Computed(request, hashtags, began, elapsed_ms, photos=[one])
        stored = await photo_lookup.as_stored(session, engine, album, arrival.photos)
    photos, unreadable = await photo_lookup.compute(services, engine, stored)
    if photos:
        features = [photo.features for photo in photos]
        with timed("hashtags"):
            hashtags = await services.in_worker(partial(request.recommended, features))
    elapsed_ms = (perf_counter() - started) * 1000
    return _Computed(request, hashtags, began, elapsed_ms, photos=photos, unreadable=unreadable)


async def _store_photos(
    session: AsyncSession, services: Services, computed: _Computed
) -> _Computed:
    """Stores the photos; the hashtags are found anew if any turns out to be a copy."""
    photos = await photo_lookup.remember(session, computed.request.engine, computed.photos)
    # An album may show one photo twice.
    ids = list(dict.fromkeys(photo.photo_id for photo in photos if photo.photo_id is not None))
    found_copies = [photo.known for photo in photos] != [photo.known for photo in computed.photos]
    duplicate = len(photos) == 1 and photos[0].known
    computed = replace(computed, photos=photos, photo_ids=ids, duplicate=duplicate)
    if not found_copies:
        return computed
    request = await about(session, computed.request, ids)
    features = [photo.features for photo in photos]
    hashtags = await _stored_or_recommended(session, services, request, ids, features)
    return replace(computed, request=request, hashtags=hashtags)


async def _stored_or_recommended(
    session: AsyncSession,
    services: Services,
    request: ChatRequest,
    photo_ids: Sequence[int],
    features: Sequence[Features] = (),
) -> list[Hashtag]:
    """What a photo got before under the same settings, else new hashtags if there are features.

    An earlier answer must still have enough hashtags; an album always gets new ones.
    """
    if len(photo_ids) == 1:
        hashtags = await recommendations.previous(
            session,
            photo_id=photo_ids[0],
            chat_id=request.audience,
            asked=request.asked,
            count=request.top,
            since=services.answers_valid_since,
        )
        left_out = request.left_out
        allowed = [Hashtag(tag, score) for tag, score in hashtags or () if tag not in left_out]
        if len(allowed) >= request.top:
            return allowed[: request.top]
    if not features:
        return []
    # Not in the worker's queue: other writers may wait for this session.
    return await asyncio.to_thread(request.recommended, features)


async def _edit(context: Context, earlier_answer: int, reply: Reply) -> int | None:
    """Edits the earlier answer's message, or sends a new one where it is gone; as ``send``."""
    services, buttons = context.services, reply.keyboard
    assert reply.person is not None and reply.answer_id is not None
    assert not isinstance(buttons, ForceReply)
    try:
        await context.bot.edit_message_text(
            reply.text, reply.chat_id, earlier_answer, reply_markup=buttons
        )
    except BadRequest:
        async with services.database.session(confirmed=False) as session:
            message = await services.outbox.put(session, reply)
        return await services.outbox.send(message)
    try:
        async with services.database.session(confirmed=False) as session:
            if not context.was_forgotten(reply.person):
                await recommendations.set_message(session, reply.answer_id, earlier_answer)
                await sightings.answered(
                    session,
                    chat_id=reply.chat_id,
                    message_id=earlier_answer,
                    photo_ids=reply.photo_ids,
                )
            await updates_at_work.done_with(session)
    except StorageError as error:
        # The person has the answer already; an error or a second answer would only confuse.
        log.error("Which message shows an answer is not stored: %s", error)
    return earlier_answer


async def answer_apart(context: Context, album: Message, photos: Mapping[int, int]) -> None:
    """Answers photos of an album that is answered already, each by itself.

    The caller holds the chat's lock.

    Args:
        album: the bot's message that answers them as one.
        photos: the messages that show them, by photo.
    """
    services, engine = context.services, context.services.engine
    for photo_id, message_id in photos.items():
        began, started = datetime.now(UTC), perf_counter()
        async with services.database.reading() as session:
            request = await request_in(session, context, album.chat_id, [photo_id], engine=engine)
            names = engine.backbones[request.backend]
            stored = await known_photos.complete_features(session, [photo_id], names)
            features = list(stored.values())
            hashtags = await _stored_or_recommended(
                session, services, request, [photo_id], features
            )
        async with services.database.session(confirmed=False) as session:
            elapsed_ms = (perf_counter() - started) * 1000
            computed = _Computed(request, hashtags, began, elapsed_ms, [photo_id], duplicate=True)
            reply = await _recorded(session, context, album, computed, None, about=message_id)
            last = photo_id == list(photos)[-1]
            message = await services.outbox.put(session, reply, last=last)
        await services.outbox.send(message)


async def _recorded(
    session: AsyncSession,
    context: Context,
    message: Message,
    computed: _Computed,
    person: int | None,
    notes: Sequence[str] = (),
    about: int | None = None,
) -> Reply:
    """Stores the answer to a message, and returns the reply that shows it.

    Args:
        person: whom it answers.
        about: as in ``reply_to``.
    """
    request, photo_ids, is_album = computed.request, computed.photo_ids, len(computed.photo_ids) > 1
    answer_id = await record(
        session,
        request,
        photo_ids,
        computed.hashtags,
        album=is_album,
        elapsed_ms=computed.elapsed_ms,
        duplicate=computed.duplicate,
        at=computed.began,
    )
    tags = fitting([hashtag.tag for hashtag in computed.hashtags], MOST_LENGTH)
    unsure = request.is_unsure(tags)
    shown = ShownAnswer(
        answer_id,
        request.backend,
        tags,
        own=request.own,
        chosen=request.chosen,
        album=is_album,
        unsure=unsure,
    )
    text, buttons = answer_message.closed(context.texts, shown, request.engine.backends, notes)
    return reply_to(
        message,
        text,
        buttons,
        person=person,
        quote=True,
        about=about,
        answer_id=answer_id,
        photo_ids=photo_ids,
    )


async def record(
    session: AsyncSession,
    request: ChatRequest,
    photo_ids: Sequence[int],
    hashtags: Sequence[Hashtag],
    **columns: Any,
) -> int:
    """Stores an answer and returns its id; ``columns`` are further ones of its table."""
    return await recommendations.record(
        session,
        photo_id=photo_ids[0],
        chat_id=request.audience,
        asked=request.asked,
        hashtags=[(hashtag.tag, hashtag.score) for hashtag in hashtags],
        only_here=request.only_here,
        **columns,
    )


def _caption(album: Sequence[IncomingPhoto]) -> str:
    """The captions of an album, without those that are other commands than /tags."""
    captions = (photo.message.caption or "" for photo in album)
    return " ".join(text for text in captions if not _OTHER_COMMAND.match(text))
