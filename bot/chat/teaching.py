"""Hashtags that people teach: for which photo, which are taken, and what to say about it."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from telegram import Message, User

from bot.chat.photo_files import UnreadableError, photo_in
from bot.chat.photo_lookup import look_at_all, remember
from bot.chat.rendering import line
from bot.chat.services import Context, Services
from bot.chat.texts import Texts
from recommenders import hashtags
from recommenders.engine import Engine
from storage import labels, moderation, sightings, users
from storage.labels import Added

log = logging.getLogger(__name__)

MOST = 30
"""Hashtags taken at a time."""

NOWHERE = 0
"""No chat has this number: what is withheld there is withheld from every chat by default."""

_NAMED = 400
"""Characters for a list of what was not taken; the list of what was taken is always whole."""


@dataclass(frozen=True)
class Known:
    """The hashtags that an engine's model knows, as a container."""

    engine: Engine

    def __contains__(self, tag: object) -> bool:
        return isinstance(tag, str) and self.engine.knows(tag)


async def photos_meant(context: Context, message: Message) -> list[int]:
    """The photos that a message without one is about: those it replies to, else the chat's last.

    Raises:
        UnreadableError: when the photo cannot be had any more.
    """
    about = message.reply_to_message
    if about is not None:
        await context.services.turns.over(message.chat_id)
    async with context.services.database.reading() as session:
        if about is not None:
            known = await sightings.of_message(session, message.chat_id, about.message_id)
        else:
            known = []
    if known:
        return known
    shown = [about] if about is not None else context.services.latest.of(message.chat_id)
    if ids := await photos_shown(context, shown):
        return ids
    if about is not None:
        return []
    async with context.services.database.reading() as session:
        last = await sightings.last_in_chat(session, message.chat_id)
    return [] if last is None else [last]


async def photos_shown(context: Context, messages: Sequence[Message]) -> list[int]:
    """The photos in messages, looked at and remembered.

    Raises:
        UnreadableError: when none of them can be read.
    """
    services, engine = context.services, context.services.engine
    album = [photo for part in messages if (photo := photo_in(part, engine.min_side))]
    if not album:
        return []
    first = album[0].message
    async with (
        services.typing(context.bot, first.chat_id, first.message_thread_id),
        services.places,
    ):
        looks, unread = await look_at_all(services, engine, album)
        if not looks:
            raise UnreadableError(unread[0])
        return await remember(services, looks)


async def teach(
    context: Context, chat_id: int, user: User, photo_ids: Iterable[int], text: str
) -> str:
    """Give the photos the hashtags of ``text``; what to answer.

    What is confirmed is stored, and the recommenders have learnt it where they learn at once.
    """
    services, texts = context.services, context.texts
    tags, refused = hashtags.parse(text)
    if not tags and not any(map(_visible, refused)):
        return texts.add_no_tags
    engine = services.engine
    photo_ids = list(photo_ids)
    async with services.database.session() as session:
        await users.seen(session, user.id, user.language_code)
        outcomes = [
            await labels.add(
                session,
                user_id=user.id,
                chat_id=chat_id,
                photo_id=photo_id,
                hashtags=tags[:MOST],
                vocabulary=Known(engine),
                daily_limit=services.settings.tags_per_day,
            )
            for photo_id in photo_ids
        ]
        withheld = await moderation.withheld(session, NOWHERE)
    for photo_id, outcome in zip(photo_ids, outcomes, strict=True):
        if outcome.kept:
            try:
                await services.learner.learn(photo_id)
            except Exception:
                # The labels are safe; they are learnt with the next ones, or at the next start.
                log.exception("Photo %d was labelled but not learnt", photo_id)
    return _told(texts, tags, refused, outcomes, withheld, services.settings.tags_per_day)


async def unlearn(services: Services) -> None:
    """Labels were taken back; their people need not wait for it, nor hear if it failed."""
    try:
        await services.learner.relearn()
    except Exception:
        log.exception("Labels were taken back but are not unlearnt before the next start")


def _told(
    texts: Texts,
    tags: Sequence[str],
    refused: Sequence[str],
    outcomes: Sequence[Added],
    withheld: Iterable[str],
    per_day: int,
) -> str:
    """An answer that names what became of each hashtag."""
    kept = {tag for outcome in outcomes for tag in outcome.kept}
    repeated = {tag for outcome in outcomes for tag in outcome.repeated} - kept
    over = {tag for outcome in outcomes for tag in outcome.over_limit} - kept
    blocked = {tag for outcome in outcomes for tag in outcome.blocked}
    new = {tag for outcome in outcomes for tag in outcome.new} & set(withheld)

    def named(chosen: Iterable[str]) -> str:
        return _shortened(line([tag for tag in tags if tag in chosen]))

    parts = []
    if kept:
        parts.append(texts.added.format(tags=escape(line([tag for tag in tags if tag in kept]))))
    if repeated:
        parts.append(texts.added_already.format(tags=named(repeated)))
    if new & kept:
        parts.append(texts.add_pending.format(tags=named(new & kept)))
    if blocked:
        parts.append(texts.add_blocked.format(tags=named(blocked)))
    if over:
        parts.append(texts.add_daily.format(most=per_day, tags=named(over)))
    if tags[MOST:]:
        parts.append(texts.add_too_many.format(most=MOST, tags=named(tags[MOST:])))
    shown = [f"<code>{escape(piece)}</code>" for raw in refused if (piece := _visible(raw))]
    if shown:
        parts.append(texts.add_refused.format(pieces=" ".join(shown[:10])))
    return "\n".join(parts)


def _visible(piece: str) -> str:
    """A refused piece, fit to be shown: without marks that would turn the line around."""
    seen = "".join(character for character in piece if character.isprintable()).strip()
    return f"{seen[:30]}…" if len(seen) > 30 else seen


def _shortened(text: str) -> str:
    return escape(text if len(text) <= _NAMED else f"{text[:_NAMED].rpartition(' ')[0]} …")
