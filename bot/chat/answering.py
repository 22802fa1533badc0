"""A photo's whole trip: decode → duplicate? → features → recommend → rank → reply → record.

``answer`` is the trip; the first half of it, up to the features, is ``bot.chat.photo_lookup``.
"""

import logging
from collections.abc import Collection, Sequence
from time import perf_counter

import numpy as np
from telegram import InlineKeyboardMarkup, User

from bot.chat.keyboards import answer_keyboard
from bot.chat.photo_files import Incoming
from bot.chat.photo_lookup import Features, look_at_all, remember
from bot.chat.platforms import settings_of
from bot.chat.rendering import answer_text
from bot.chat.services import Context, Services
from bot.chat.texts import Texts
from recommenders.engine import Engine, Hashtag
from recommenders.ranking import apart
from recommenders.sizes import MIXES, REACH
from storage import recommendations, sightings, users
from storage.chats import ChatSettings

log = logging.getLogger(__name__)

FEW_PER_PHOTO = 60
"""Of an album each photo proposes at least this many hashtags; what fits many photos wins."""

ALBUM = "/album"
"""Added to the style of an album's answer, so that no photo of it gets that answer as its own."""

RANKED = "ranked"
"""The mix of sizes that leaves hashtags as they are ranked."""


async def answer(context: Context, album: Sequence[Incoming], asked_by: User | None) -> None:
    """Answer a photo, or an album's photos as one, in reply to the first of them."""
    services, texts, first = context.services, context.texts, album[0].message
    engine = services.engine
    async with (
        services.typing(context.bot, first.chat_id, first.message_thread_id),
        services.places,
    ):
        started = perf_counter()
        async with services.database.reading() as session:
            chat = await settings_of(session, first.chat_id)
            withheld = await services.withheld(session, engine, first.chat_id)
        backend = backend_of(engine, chat)
        mix = mix_of(engine, chat)

        looks, unread = await look_at_all(services, engine, album)
        if not looks:
            await first.reply_html(texts.wrong_file[unread[0]], do_quote=True)
            return

        hashtags: list[Hashtag] = []
        known = len(album) == 1 and looks[0].photo_id is not None
        if known:
            hashtags = await earlier(services, engine, chat, looks[0].photo_id, withheld)
        if not hashtags:
            features = [seen.features for seen in looks]
            hashtags = await recommend(
                services,
                engine,
                backend,
                chat.style,
                features,
                top=chat.count,
                skip=withheld,
                mix=mix,
            )
        elapsed_ms = (perf_counter() - started) * 1000

        photo_ids = await remember(services, looks)
        async with services.database.session() as session:
            if asked_by:
                await users.seen(session, asked_by.id, asked_by.language_code)
            recommendation_id = await recommendations.record(
                session,
                photo_id=photo_ids[0],
                chat_id=chat.chat_id,
                backend=backend,
                model=engine.model,
                style=kept_style(chat.style, mix) if len(album) == 1 else chat.style + ALBUM,
                hashtags=[(hashtag.tag, hashtag.score) for hashtag in hashtags],
                elapsed_ms=elapsed_ms,
                duplicate=known,
            )
        tags = [hashtag.tag for hashtag in hashtags]
        note = texts.album_part.format(unread=len(unread), photos=len(album)) if unread else ""
        async with services.turns(chat.chat_id):
            reply = await first.reply_html(
                answer_text(texts, tags, note=note) if tags else texts.nothing_found,
                reply_markup=keyboard(texts, engine, recommendation_id, backend, tags),
                do_quote=True,
            )
            async with services.database.session() as session:
                await recommendations.attach_message(session, recommendation_id, reply.message_id)
                await sightings.answered(
                    session, chat_id=chat.chat_id, message_id=reply.message_id, photo_ids=photo_ids
                )
    log.info("%s: %d photo(s) in %.0f ms, known: %s", backend, len(looks), elapsed_ms, known)


def backend_of(engine: Engine, chat: ChatSettings) -> str:
    """The backend that answers in a chat: its choice, while that is installed."""
    return chat.backend if chat.backend in engine.backends else engine.default_backend


def mix_of(engine: Engine, chat: ChatSettings) -> str | None:
    """The mix of sizes in a chat, else the bundle's; None where hashtags stay as ranked."""
    if engine.knowledge is None:
        return None
    chosen = chat.mix or engine.knowledge.preferred_mix
    return chosen if chosen in MIXES else None


def kept_style(style: str, mix: str | None) -> str:
    """What an answer is stored under: another mix is another answer. At most 16 characters."""
    return f"{style}/{mix}" if mix else style


def style_of(kept: str) -> str:
    """The style of a stored answer, whatever its mix, and whether it is an album's or not."""
    return kept.partition("/")[0]


async def earlier(
    services: Services,
    engine: Engine,
    chat: ChatSettings,
    photo_id: int | None,
    withheld: Collection[str],
) -> list[Hashtag]:
    """What this photo got before from the same model, where that is still enough to show."""
    assert photo_id is not None
    async with services.database.reading() as session:
        given = await recommendations.earlier(
            session,
            photo_id=photo_id,
            backend=backend_of(engine, chat),
            model=engine.model,
            style=kept_style(chat.style, mix_of(engine, chat)),
            count=chat.count,
            since=services.answers_hold_since,
        )
    allowed = [Hashtag(tag, score) for tag, score in given or () if tag not in withheld]
    return allowed[: chat.count] if len(allowed) >= chat.count else []


async def recommend(
    services: Services,
    engine: Engine,
    backend: str,
    style: str,
    features: Sequence[Features],
    *,
    top: int,
    skip: Collection[str],
    mix: str | None = None,
) -> list[Hashtag]:
    """The ``top`` hashtags, best first: of an album, those with the best mean score."""
    knowledge = engine.knowledge if mix else None
    ranked = top + REACH if knowledge else top
    rows = {
        name: np.stack([photo[name] for photo in features]) for name in engine.backbones[backend]
    }
    of_each = ranked if len(features) == 1 else max(ranked, FEW_PER_PHOTO)
    lists = await services.in_worker(
        lambda: engine.recommend(rows, backend, top=of_each, style=style, skip=skip)
    )
    hashtags = lists[0] if len(lists) == 1 else _fitting_all(lists)[:ranked]
    if knowledge:
        # What fits best stays first, whatever its size: it may be the only one that is posted.
        hashtags = [*hashtags[:1], *knowledge.mixed(hashtags[1:], mix)]
    return apart(hashtags)[:top]


def _fitting_all(lists: Sequence[Sequence[Hashtag]]) -> list[Hashtag]:
    total: dict[str, float] = {}
    for hashtags in lists:
        for hashtag in hashtags:
            total[hashtag.tag] = total.get(hashtag.tag, 0.0) + hashtag.score / len(lists)
    best = sorted(total, key=lambda tag: -total[tag])
    return [Hashtag(tag, total[tag]) for tag in best]


def keyboard(
    texts: Texts, engine: Engine, recommendation_id: int, backend: str, hashtags: Sequence[str]
) -> InlineKeyboardMarkup:
    """The buttons below an answer that ``backend`` gave."""
    others = [name for name in engine.backends if name != backend]
    return answer_keyboard(texts, recommendation_id, hashtags, others=others)
