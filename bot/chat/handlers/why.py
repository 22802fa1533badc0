"""/why: what stands behind the first five hashtags of a photo's answer."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from telegram import Message, Update

from bot.chat.answering import backend_of, mix_of, recommend
from bot.chat.photo_files import UnreadableError
from bot.chat.photo_lookup import Features
from bot.chat.platforms import settings_of
from bot.chat.rendering import BEST, line
from bot.chat.services import Context
from bot.chat.teaching import photos_meant
from bot.chat.texts import Texts
from recommenders.explaining import Reason, SeenClass
from storage import known_photos, recommendations

TOLD = 3
"""Hashtags of known photos told behind a hashtag."""


async def why(update: Update, context: Context) -> None:
    """For the photo or the answer replied to, else for the chat's last photo."""
    message, texts = update.message, context.texts
    assert message is not None
    await context.services.turns.over(message.chat_id)
    try:
        photo_ids = await photos_meant(context, message)
    except UnreadableError as error:
        await message.reply_html(texts.wrong_file[error.reason], do_quote=True)
        return
    if not photo_ids:
        await message.reply_html(texts.why_which)
        return
    reasons = await _reasons(context, message, photo_ids)
    await message.reply_html(why_text(texts, reasons) if reasons else texts.nothing_found)


async def _reasons(context: Context, message: Message, photo_ids: Sequence[int]) -> list[Reason]:
    """Of the answer that is there; of one that the photo would get, where it had none."""
    services, engine = context.services, context.services.engine
    about = message.reply_to_message
    async with services.database.reading() as session:
        chat = await settings_of(session, message.chat_id)
        withheld = await services.withheld(session, engine, message.chat_id)
        given = None
        if about is not None:
            found = await recommendations.of_message(session, message.chat_id, about.message_id)
            given = found[0] if found else None
        if given is None:
            given = await recommendations.last_in_chat(session, message.chat_id, photo_ids[0])
        stored = [await known_photos.features(session, photo_id) for photo_id in photo_ids]
    backend = given.backend if given and given.backend in engine.backends else None
    tags = [tag for tag, _ in given.hashtags if tag not in withheld] if given and backend else []
    backend = backend or backend_of(engine, chat)
    needed = engine.backbones[backend]
    features: list[Features] = [one for one in stored if all(name in one for name in needed)]
    if not features:
        return []
    if not tags:
        mix = mix_of(engine, chat)
        hashtags = await recommend(
            services, engine, backend, chat.style, features, top=BEST, skip=withheld, mix=mix
        )
        tags = [hashtag.tag for hashtag in hashtags]
    rows = {name: np.stack([one[name] for one in features]) for name in needed}
    chosen = tags[:BEST]
    return await services.in_worker(lambda: engine.explain(rows, backend, chosen, skip=withheld))


@dataclass(frozen=True)
class _Behind:
    """What is told behind hashtags: of known photos, and of classes seen."""

    known: bool
    beside: tuple[str, ...]
    seen: tuple[SeenClass, ...]


def why_text(texts: Texts, reasons: Sequence[Reason]) -> str:
    """HTML, a line or two a hashtag; what stands behind several is said once."""
    if not any(reason.nearest or reason.seen for reason in reasons):
        return texts.why_unknown
    everywhere: tuple[SeenClass, ...] = ()
    if len(reasons) > 1 and any(reason.nearest for reason in reasons):
        everywhere = tuple(
            one for one in reasons[0].seen if all(one in reason.seen for reason in reasons)
        )
    besides = []
    if everywhere:
        besides.append(texts.why_sees_all.format(classes=_classes(texts, everywhere)))
    if cosines := [known.cosine for reason in reasons for known in reason.nearest]:
        besides.append(texts.why_alike.format(alike=texts.percent(max(0.0, *cosines))))
    parts = [texts.why, "\n".join(besides)]
    explained = {reason.hashtag for reason in reasons}
    told: dict[_Behind, list[Reason]] = {}
    for reason in reasons:
        told.setdefault(_behind(reason, everywhere, explained), []).append(reason)
    for behind, group in told.items():
        tags = escape(line([reason.hashtag for reason in group]))
        parts.append(f"<b>{tags}</b> ← {_told(texts, behind, [one.known for one in group])}")
    return "\n\n".join(filter(None, parts))


def _behind(reason: Reason, everywhere: Sequence[SeenClass], explained: Collection[str]) -> _Behind:
    # A hashtag of which no known photo tells names its classes all the same.
    seen = tuple(one for one in reason.seen if not reason.nearest or one not in everywhere)
    beside = list(dict.fromkeys(tag for known in reason.nearest for tag in known.hashtags))
    # What the answer says anyhow tells less than what it does not say.
    beside = [tag for tag in beside if tag not in explained] or beside
    return _Behind(bool(reason.nearest), tuple(beside[:TOLD]), seen)


def _told(texts: Texts, behind: _Behind, known: Sequence[int]) -> str:
    told = []
    if behind.known:
        photos = texts.between(min(known), max(known), texts.known_photos)
        told.append(texts.why_known.format(photos=photos))
        if behind.beside:
            told[-1] += texts.why_beside.format(tags=escape(line(behind.beside)))
    if behind.seen:
        told.append(texts.why_sees.format(classes=_classes(texts, behind.seen)))
    return " · ".join(told) or texts.why_hints


def _classes(texts: Texts, seen: Sequence[SeenClass]) -> str:
    surest_first = sorted(seen, key=lambda one: -one.probability)
    return ", ".join(
        texts.why_class.format(
            name=escape(texts.classes.get(one.name, one.name)), sure=texts.percent(one.probability)
        )
        for one in surest_first
    )
