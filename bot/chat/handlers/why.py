"""/why, and its button: explains the first five hashtags of a photo's answer."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from html import escape

from telegram import Update

from bot.chat import subject
from bot.chat.answer_request import request_in
from bot.chat.handlers.buttons import AnswerTap, on_answer, stale
from bot.chat.handlers.commands import message_of
from bot.chat.photo_lookup import UnreadablePhotoError, stacked
from bot.chat.rendering import line
from bot.chat.services import Context
from bot.chat.shown_answer import shown_tags
from bot.chat.texts import Texts
from recommenders.answers import FIRST
from recommenders.explaining import Reason, SeenClass
from recommenders.languages import meanings
from storage import known_photos
from storage.tables import Recommendation

MAX_BESIDE = 3
"""Most hashtags of known photos that are named as a reason."""


async def why(update: Update, context: Context) -> None:
    """/why, for the photo or answer that it replies to, else for the sender's last photo."""
    message, texts = message_of(update), context.texts
    await context.services.chat_locks.wait(message.chat_id)
    try:
        photo_ids = await subject.photos_of(context, message)
    except UnreadablePhotoError as error:
        await context.reply(message, texts.wrong_file[error.reason], quote=True)
        return
    if not photo_ids:
        await context.reply(message, texts.why_which)
        return
    async with context.services.database.reading() as session:
        answer = await subject.answer_of(session, message, photo_ids[0])
    reasons = await _reasons(context, message.chat_id, photo_ids, answer)
    await context.reply(message, why_text(texts, reasons) if reasons else texts.why_nothing)


@on_answer
async def tapped_why(tap: AnswerTap, context: Context) -> None:
    """The button: explains in reply to the answer."""
    async with context.services.database.reading() as session:
        photo_ids = await subject.photos_under(session, tap.message, tap.answer)
    reasons = await _reasons(context, tap.message.chat_id, photo_ids, tap.answer)
    if not reasons:
        await stale(tap.query, context)
        return
    await context.reply(tap.message, why_text(context.texts, reasons), quote=True)
    await tap.query.answer()


async def _reasons(
    context: Context, chat_id: int, photo_ids: Sequence[int], answer: Recommendation | None
) -> list[Reason]:
    """The reasons for an answer's hashtags, or if there is none, for those it would have."""
    services = context.services
    async with services.database.reading() as session:
        request = await request_in(session, context, chat_id)
        engine = request.engine
        tags: list[str] = []
        if answer is not None and answer.backend in engine.backends:
            request = replace(request, backend=answer.backend, words=answer.named)
            tags = shown_tags(answer, request.skip)
        names = engine.backbones[request.backend]
        stored = await known_photos.complete_features(session, photo_ids, names)
    features = list(stored.values())
    if not features:
        return []
    if not tags:
        five = replace(request, top=FIRST)
        hashtags = await services.in_worker(partial(five.recommended, features))
        tags = [hashtag.tag for hashtag in hashtags]
    rows = stacked(features, names)
    return await services.in_worker(
        lambda: engine.explain(
            rows,
            request.backend,
            tags[:FIRST],
            skip=request.skip,
            audience=request.audience,
            words=request.words,
        )
    )


@dataclass(frozen=True)
class _Evidence:
    """The reasons that hashtags share: known photos and their other hashtags, classes, words.

    ``sources`` are those that contributed to the score, the largest share first.
    """

    known: bool
    beside: tuple[str, ...]
    seen: tuple[SeenClass, ...]
    words: tuple[str, ...]
    sources: tuple[str, ...]


def why_text(texts: Texts, reasons: Sequence[Reason]) -> str:
    """HTML, a line or two for each group of hashtags with the same reasons."""
    if not any(reason.nearest or reason.seen or reason.sources for reason in reasons):
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
    explained.update(*(meanings().get(tag, ()) for tag in explained))
    groups: dict[_Evidence, list[Reason]] = {}
    for reason in reasons:
        groups.setdefault(_evidence(reason, everywhere, explained), []).append(reason)
    for evidence, group in groups.items():
        tags = escape(line([reason.hashtag for reason in group]))
        facts = _evidence_text(texts, evidence, [one.known for one in group])
        if not facts and not evidence.sources:
            facts = texts.why_hints
        lines = [" ← ".join(filter(None, [f"<b>{tags}</b>", facts]))]
        if evidence.sources:
            lines.append(_shares(texts, evidence.sources, group))
        parts.append("\n".join(lines))
    return "\n\n".join(filter(None, parts))


def _evidence(
    reason: Reason, everywhere: Sequence[SeenClass], explained: Collection[str]
) -> _Evidence:
    # Without known photos the classes are the only reason, so all are named.
    seen = tuple(one for one in reason.seen if not reason.nearest or one not in everywhere)
    beside = list(dict.fromkeys(tag for known in reason.nearest for tag in known.hashtags))
    # Hashtags that are not in the answer anyway explain more.
    beside = [tag for tag in beside if tag not in explained] or beside
    sources = tuple(source for source, _ in reason.sources)
    return _Evidence(
        bool(reason.nearest), tuple(beside[:MAX_BESIDE]), seen, reason.words[:MAX_BESIDE], sources
    )


def _evidence_text(texts: Texts, evidence: _Evidence, known: Sequence[int]) -> str:
    parts = []
    if evidence.known:
        photos = texts.between(min(known), max(known), texts.known_photos)
        parts.append(texts.why_known.format(photos=photos))
        if evidence.beside:
            parts[-1] += texts.why_beside.format(tags=escape(line(evidence.beside)))
    if evidence.seen:
        parts.append(texts.why_sees.format(classes=_classes(texts, evidence.seen)))
    if evidence.words:
        parts.append(texts.why_words.format(words=escape(line(evidence.words))))
    return " · ".join(parts)


def _shares(texts: Texts, sources: Sequence[str], group: Sequence[Reason]) -> str:
    """Each source's mean share over a group's hashtags."""
    shares = [dict(reason.sources) for reason in group]
    mean = {source: sum(one[source] for one in shares) / len(shares) for source in sources}
    counted = (f"{texts.why_sources[one]} {texts.percent(mean[one])}" for one in sources)
    return texts.why_counted.format(sources=", ".join(counted))


def _classes(texts: Texts, seen: Sequence[SeenClass]) -> str:
    surest_first = sorted(seen, key=lambda one: -one.probability)
    return ", ".join(
        texts.why_class.format(
            name=escape(texts.classes.get(one.name, one.name)), sure=texts.percent(one.probability)
        )
        for one in surest_first
    )
