"""Hashtags that people teach: which are taken, storing and learning them, and the confirmation."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from bot.chat.rendering import line
from bot.chat.services import Context, Services
from bot.chat.texts import Texts
from recommenders import hashtags
from recommenders.engine import Engine
from storage import labels, moderation, users
from storage.labels import Added

log = logging.getLogger(__name__)

MAX_HASHTAGS = 30
"""Hashtags taken at a time."""

_MAX_LISTED = 400
"""Characters for a list of what was not taken; the list of what was taken is always whole."""


@dataclass(frozen=True)
class Vocabulary:
    """The hashtags that an engine's model knows, as a container."""

    engine: Engine

    def __contains__(self, tag: object) -> bool:
        return isinstance(tag, str) and self.engine.knows(tag)


async def teach(
    context: Context, chat_id: int, person: int, photo_ids: Iterable[int], text: str
) -> str:
    """Give the photos the hashtags of ``text``, as ``person_of`` teaches; what to answer.

    What is confirmed is stored, and the recommenders have learnt it where they learn at once.
    """
    services, texts = context.services, context.texts
    tags, refused = hashtags.parse(text)
    if not tags and not any(map(_visible, refused)):
        return texts.add_no_tags
    engine = services.engine
    photo_ids = list(photo_ids)
    async with services.database.session() as session:
        await users.seen(session, person, context.language_code)
        outcomes = [
            await labels.add(
                session,
                user_id=person,
                chat_id=chat_id,
                photo_id=photo_id,
                hashtags=tags[:MAX_HASHTAGS],
                vocabulary=Vocabulary(engine),
                daily_limit=services.settings.tags_per_day,
            )
            for photo_id in photo_ids
        ]
        unshared = await moderation.blocked_hashtags(session, None)
    for photo_id, outcome in zip(photo_ids, outcomes, strict=True):
        if outcome.added:
            try:
                await services.learner.learn(photo_id)
            except Exception:
                # The labels are safe; they are learnt with the next ones, or at the next start.
                log.exception("Photo %d was labelled but not learnt", photo_id)
    return _confirmation(texts, tags, refused, outcomes, unshared, services.settings.tags_per_day)


async def unlearn(services: Services) -> None:
    """Learns that labels were taken back; a failure is logged, not shown to who took them back."""
    try:
        await services.learner.relearn()
    except Exception:
        log.exception("Labels were taken back but are not unlearnt before the next start")


def _confirmation(
    texts: Texts,
    tags: Sequence[str],
    refused: Sequence[str],
    outcomes: Sequence[Added],
    unshared: Iterable[str],
    per_day: int,
) -> str:
    """HTML that names what became of each hashtag.

    Args:
        tags, refused: the hashtags of the text, and the pieces that are none.
        unshared: hashtags that only chats see which use them.
    """
    added = {tag for outcome in outcomes for tag in outcome.added}
    repeated = {tag for outcome in outcomes for tag in outcome.repeated} - added
    over_limit = {tag for outcome in outcomes for tag in outcome.over_limit} - added
    blocked = {tag for outcome in outcomes for tag in outcome.blocked}
    new = {tag for outcome in outcomes for tag in outcome.new} & set(unshared)

    def listed(chosen: Iterable[str]) -> str:
        return _shortened(line([tag for tag in tags if tag in chosen]))

    parts = []
    if added:
        parts.append(texts.added.format(tags=escape(line([tag for tag in tags if tag in added]))))
    if repeated:
        parts.append(texts.added_already.format(tags=listed(repeated)))
    if new & added:
        parts.append(texts.add_pending.format(tags=listed(new & added)))
    if blocked:
        parts.append(texts.add_blocked.format(tags=listed(blocked)))
    if over_limit:
        parts.append(texts.add_daily.format(most=per_day, tags=listed(over_limit)))
    if tags[MAX_HASHTAGS:]:
        parts.append(texts.add_too_many.format(most=MAX_HASHTAGS, tags=listed(tags[MAX_HASHTAGS:])))
    if pieces := visible(refused):
        parts.append(texts.add_refused.format(pieces=pieces))
    return "\n".join(parts)


def visible(refused: Sequence[str]) -> str:
    """HTML of pieces that are no hashtags; empty where none of them can be seen."""
    pieces = [f"<code>{escape(piece)}</code>" for raw in refused if (piece := _visible(raw))]
    return " ".join(pieces[:10])


def _visible(piece: str) -> str:
    """A refused piece, fit to be shown: without marks that would turn the line around."""
    printable = "".join(character for character in piece if character.isprintable()).strip()
    return f"{printable[:30]}…" if len(printable) > 30 else printable


def _shortened(text: str) -> str:
    return escape(
        text if len(text) <= _MAX_LISTED else f"{text[:_MAX_LISTED].rpartition(' ')[0]} …"
    )
