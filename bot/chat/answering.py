"""A photo's whole trip: settings → known file? → decode → features → recommend → record → reply.

``answer`` is the trip: one reading and one writing session before the reply, one writing after it.
"""

import asyncio
import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession
from telegram import InlineKeyboardMarkup, User

from bot.chat import photo_lookup
from bot.chat.keyboards import answer_keyboard
from bot.chat.photo_lookup import ComputedPhoto, Features, IncomingPhoto
from bot.chat.platforms import settings_of
from bot.chat.rendering import answer_text
from bot.chat.services import Context, Services
from bot.chat.texts import Texts
from recommenders.answers import FIRST, MIXES
from recommenders.backends import LANGUAGES
from recommenders.engine import Engine, Hashtag
from storage import recommendations, sightings, users
from storage.chats import ChatSettings

log = logging.getLogger(__name__)

RANKED = "ranked"
"""The mix of sizes that leaves hashtags as they are ranked."""


@dataclass(frozen=True)
class AnswerRequest:
    """What decides an answer beside the photo: a chat's settings, as this engine can follow them.

    Attributes:
        backend, style, mix, top, language, audience: as for ``Engine.answer``.
        blocked: hashtags that nobody must be shown.
    """

    backend: str
    style: str
    mix: str | None
    top: int
    blocked: Collection[str]
    language: str
    audience: int


async def answer(context: Context, album: Sequence[IncomingPhoto], asked_by: User | None) -> None:
    """Answer a photo, or an album's photos as one, in reply to the first of them."""
    services, texts, first = context.services, context.texts, album[0].message
    await services.learner.caught_up(first.chat_id)
    engine = services.engine
    async with (
        services.typing.shown(context.bot, first.chat_id, first.message_thread_id),
        services.photo_slots,
    ):
        started = perf_counter()
        async with services.database.reading() as session:
            request = await request_in(session, context, engine, first.chat_id)
            known = await photo_lookup.known_files(session, engine, album)
            hashtags = await _previous(session, services, engine, request, list(known.values()))

        photos, unreadable = await photo_lookup.compute(services, engine, album, known)
        if not photos:
            await first.reply_html(texts.wrong_file[unreadable[0]], do_quote=True)
            return
        if len(album) > 1 or not hashtags:
            hashtags = await recommend(services, engine, request, [p.features for p in photos])

        elapsed_ms = (perf_counter() - started) * 1000

        async with services.database.session() as session:
            remembered = await photo_lookup.remember(session, engine, photos)
            if [photo.known for photo in remembered] != [photo.known for photo in photos]:
                # Some turned out to be copies, which get the hashtags of what they are copies of.
                hashtags = await _previous(session, services, engine, request, remembered)
                if not hashtags:
                    features = [photo.features for photo in remembered]
                    # Not in the worker, where other photos wait: others wait for this session.
                    hashtags = await asyncio.to_thread(_recommended, engine, request, features)
            photos = remembered
            duplicate = len(photos) == 1 and photos[0].known
            if asked_by:
                await users.seen(session, asked_by.id, asked_by.language_code)
            answer_id = await recommendations.record(
                session,
                photo_id=_id(photos[0]),
                chat_id=first.chat_id,
                backend=request.backend,
                model=engine.model,
                style=request.style,
                mix=request.mix,
                language=request.language,
                album=len(album) > 1,
                hashtags=[(hashtag.tag, hashtag.score) for hashtag in hashtags],
                elapsed_ms=elapsed_ms,
                duplicate=duplicate,
            )

        tags = [hashtag.tag for hashtag in hashtags]
        notes = [texts.unsure] if is_unsure(request, tags) else []
        if unreadable:
            notes.append(texts.album_part.format(unread=len(unreadable), photos=len(album)))
        async with services.chat_locks.of(first.chat_id):
            reply = await first.reply_html(
                answer_text(texts, tags, notes=notes) if tags else texts.nothing_found,
                reply_markup=keyboard(texts, engine, answer_id, request.backend, tags),
                do_quote=True,
            )
            async with services.database.session() as session:
                await recommendations.set_message(session, answer_id, reply.message_id)
                await sightings.answered(
                    session,
                    chat_id=first.chat_id,
                    message_id=reply.message_id,
                    photo_ids=[_id(photo) for photo in photos],
                )
    log.info(
        "%s: %d photo(s) in %.0f ms, known: %s", request.backend, len(photos), elapsed_ms, duplicate
    )


async def request_in(
    session: AsyncSession, context: Context, engine: Engine, chat_id: int
) -> AnswerRequest:
    """What holds in a chat, for whoever asks."""
    chat = await settings_of(session, chat_id)
    blocked = await context.services.blocked.hashtags(session, engine)
    return AnswerRequest(
        backend_of(engine, chat),
        chat.style,
        mix_of(engine, chat),
        chat.count,
        blocked,
        language_of(chat, context.texts),
        chat_id,
    )


def is_unsure(request: AnswerRequest, tags: Sequence[str]) -> bool:
    """Whether an answer is short because nothing else is likely enough."""
    return 0 < len(tags) < min(FIRST, request.top)


def backend_of(engine: Engine, chat: ChatSettings) -> str:
    """The backend that answers in a chat: its choice, while that is installed."""
    return chat.backend if chat.backend in engine.backends else engine.default_backend


def mix_of(engine: Engine, chat: ChatSettings) -> str | None:
    """The mix of sizes in a chat, else the bundle's; None where hashtags stay as ranked."""
    if engine.knowledge is None:
        return None
    if chat.mix is None:
        return engine.default_mix
    return chat.mix if chat.mix in MIXES else None


def language_of(chat: ChatSettings, texts: Texts) -> str:
    """The language of hashtags in a chat: its choice, else by the language of who asks."""
    if chat.language in LANGUAGES:
        return str(chat.language)
    return "both" if texts.language == "ru" else "en"


async def recommend(
    services: Services, engine: Engine, request: AnswerRequest, features: Sequence[Features]
) -> list[Hashtag]:
    """The hashtags of a photo, or of an album's photos as one, best first."""
    return await services.in_worker(partial(_recommended, engine, request, features))


def keyboard(
    texts: Texts, engine: Engine, answer_id: int, backend: str, hashtags: Sequence[str]
) -> InlineKeyboardMarkup:
    """The buttons below an answer that ``backend`` gave."""
    others = [name for name in engine.backends if name != backend]
    return answer_keyboard(texts, answer_id, hashtags, others=others)


def _recommended(
    engine: Engine, request: AnswerRequest, features: Sequence[Features]
) -> list[Hashtag]:
    rows = {
        name: np.stack([photo[name] for photo in features])
        for name in engine.backbones[request.backend]
    }
    return engine.answer(
        rows,
        request.backend,
        top=request.top,
        style=request.style,
        mix=request.mix,
        skip=request.blocked,
        language=request.language,
        audience=request.audience,
    )


async def _previous(
    session: AsyncSession,
    services: Services,
    engine: Engine,
    request: AnswerRequest,
    photos: Sequence[ComputedPhoto],
) -> list[Hashtag]:
    """What a known photo got before in the same way, where that is still enough to show."""
    if len(photos) != 1:
        return []
    hashtags = await recommendations.previous(
        session,
        photo_id=_id(photos[0]),
        chat_id=request.audience,
        backend=request.backend,
        model=engine.model,
        style=request.style,
        mix=request.mix,
        language=request.language,
        count=request.top,
        since=services.answers_valid_since,
    )
    allowed = [Hashtag(tag, score) for tag, score in hashtags or () if tag not in request.blocked]
    return allowed[: request.top] if len(allowed) >= request.top else []


def _id(photo: ComputedPhoto) -> int:
    assert photo.photo_id is not None
    return photo.photo_id
