"""For admins: /review of what people taught, the block list and /stats."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from functools import wraps
from html import escape

from telegram import Message, Update

from bot.chat import callback_data, updates_at_work
from bot.chat.callback_data import TapData
from bot.chat.handlers.buttons import NOTE_LENGTH, edit, stale, tapped
from bot.chat.handlers.commands import Handler, message_of
from bot.chat.keyboards import review_keyboard
from bot.chat.photo_lookup import stacked
from bot.chat.rendering import line
from bot.chat.replies import TextAndButtons, reply_to
from bot.chat.services import Context
from bot.chat.teaching import visible
from bot.chat.texts import Texts
from bot.chat.version_messages import status_lines
from bot.learning_status import learning_status
from recommenders.bundle import BundleError
from recommenders.hashtags import SIGNS, HashtagError, key, normalise
from storage import blocklist, known_photos, moderation, statistics, users
from storage.statistics import BackendStatistics

PAGE_SIZE = 8
NEAREST = 3
"""Hashtags that tell an admin what a photo shows."""

LISTED = 1_800
"""Characters of a list of words: two lists fit a message, which ends at 4,096."""


def _for_admins(handler: Handler) -> Handler:
    """Refuses everyone else, and stores the admin's language for later messages to them."""

    @wraps(handler)
    async def guarded(update: Update, context: Context) -> None:
        user = update.effective_user
        if user and context.services.is_admin(user.id):
            await handler(update, context)
            async with context.services.database.session() as session:
                await users.seen(session, user.id, context.language_code)
        elif update.callback_query:
            await update.callback_query.answer(context.texts.admins_only)
        else:
            await context.reply(message_of(update), context.texts.admins_only)

    return guarded


@_for_admins
async def review(update: Update, context: Context) -> None:
    """/review: hashtags that wait for approval, a page at a time."""
    await context.reply(message_of(update), *await _page(context, 0))


@_for_admins
async def turn(update: Update, context: Context) -> None:
    """Another page of /review."""
    query, _, data = tapped(update)
    await edit(query, *await _page(context, data.number("page")))
    await query.answer()


@_for_admins
async def decide(update: Update, context: Context) -> None:
    """Approves or rejects one hashtag, or all of a page."""
    query, message, data = tapped(update)
    approved = data.verb == "approve"
    async with context.services.database.session() as session:
        decided = await moderation.decide(
            session,
            _labels_under(message, data),
            "approved" if approved else "rejected",
            query.from_user.id,
        )
        if decided:
            await updates_at_work.done_with(session)
    if not decided:
        await stale(query, context)
        return
    learner = context.services.learner
    learner.learn_soon((one.photo_id for one in decided), [query.from_user.id])
    await learner.caught_up(query.from_user.id)
    await edit(query, *await _page(context, data.number("page")))
    texts = context.texts
    if len(decided) > 1:
        several = texts.approved_several if approved else texts.rejected_several
        note = several.format(hashtags=texts.number(len(decided), texts.hashtags))
    else:
        note = (texts.approved if approved else texts.rejected).format(tag=decided[0].hashtag)
    await query.answer(note[:NOTE_LENGTH])


def _labels_under(message: Message, data: TapData) -> list[int]:
    """The labels that a button of /review decides on: one, or all that its page shows."""
    first, last = data.number("label"), data.number("last_label")
    if first == last:
        return [first]
    rows = message.reply_markup.inline_keyboard if message.reply_markup else ()
    shown = [callback_data.read(str(button.callback_data)) for row in rows for button in row]
    if data not in shown:  # the page has changed under the admin's thumb
        return []
    return [one.number("label") for one in shown if one is not None and one.verb == data.verb]


@_for_admins
async def block(update: Update, context: Context) -> None:
    """/block word… adds to the block list; /block alone shows what admins added."""
    message, user = message_of(update), update.effective_user
    assert user is not None
    words, wrong = _parse_words(context.args or [])
    async with context.services.database.session() as session:
        for word in words:
            await moderation.block(session, word, user.id)
        own = await moderation.own_words(session)
    context.services.moderation_changed()
    texts = context.texts
    lines = [texts.blocked.format(words=_listed(words))] if words else []
    if words and not any("*" in word for word in words):
        lines.append(texts.block_how)
    if pieces := visible(wrong):
        lines.append(texts.block_wrong.format(words=pieces))
    await context.reply(message, "\n".join(lines) or _block_list(texts, own))


def _block_list(texts: Texts, own: Mapping[str, bool]) -> str:
    """HTML of what admins added and allowed; of the default list only the size."""
    added = [word for word, allowed in own.items() if not allowed]
    allowed = [word for word in own if word not in added]
    lines = [texts.block_list.format(words=_listed(added)) if added else texts.block_none]
    lines.append(texts.block_shipped.format(count=len(blocklist.shipped("block")) - len(allowed)))
    if allowed:
        lines.append(texts.block_allowed.format(words=_listed(allowed)))
    return "\n".join(lines)


@_for_admins
async def unblock(update: Update, context: Context) -> None:
    """/unblock word… removes words from the block list, also from the default one.

    /unblock alone shows what admins added.
    """
    message, user, services = message_of(update), update.effective_user, context.services
    assert user is not None
    words, wrong = _parse_words(context.args or [])
    async with services.database.session() as session:
        gone = [word for word in words if await moderation.unblock(session, word, user.id)]
        own = await moderation.own_words(session)
        text = _unblocked(context.texts, words, gone, wrong, own)
        # With the answer: handled again, it would find nothing to remove.
        answer = await services.outbox.put(session, reply_to(message, text, person=context.person))
    services.moderation_changed()
    await services.outbox.send(answer)


def _unblocked(
    texts: Texts,
    words: Sequence[str],
    gone: Sequence[str],
    wrong: Sequence[str],
    own: Mapping[str, bool],
) -> str:
    """HTML that says what became of each word.

    Args:
        gone: those that were removed.
        wrong: what cannot be a hashtag.
        own: the words that admins added, from ``moderation.own_words``.
    """
    lines = []
    still = {word: by for word in words if (by := blocklist.blocked_by(own, word))}
    if gone := [word for word in gone if word not in still]:
        lines.append(texts.unblocked.format(words=_listed(gone)))
    for word, patterns in still.items():
        written = {"word": escape(word), "patterns": escape(" ".join(patterns))}
        lines.append(texts.unblock_pattern.format(**written))
    if words and not lines:
        lines.append(texts.unblock_none)
    if pieces := visible(wrong):
        lines.append(texts.block_wrong.format(words=pieces))
    return "\n".join(lines) or _block_list(texts, own)


@_for_admins
async def stats(update: Update, context: Context) -> None:
    """/stats: figures in total and by backend."""
    texts = context.texts
    async with context.services.database.reading() as session:
        figures = await statistics.collect(session)
    lines = [
        texts.stats.format(
            photos=texts.number(figures.photos, texts.photos),
            users=texts.number(figures.users, texts.users),
            duplicates=figures.duplicates,
            hashtags=texts.number(figures.labels, texts.hashtags),
            up=sum(backend.up for backend in figures.backends.values()),
            down=sum(backend.down for backend in figures.backends.values()),
        )
    ]
    lines += [_backend_line(texts, name, one) for name, one in figures.backends.items()]
    services = context.services
    try:
        status = await learning_status(
            services.settings, services.database, answering=services.engine.model
        )
        lines += ["", *status_lines(texts, status)]
    except BundleError as error:  # the bot itself goes on answering from memory
        lines += ["", escape(str(error))]
    await context.reply(message_of(update), "\n".join(lines))


def _backend_line(texts: Texts, name: str, backend: BackendStatistics) -> str:
    figures = {"backend": escape(name)} | asdict(backend)
    if backend.median_ms is None or backend.p95_ms is None:
        return texts.stats_backend_untimed.format(**figures)
    times = {"median": f"{backend.median_ms:.0f}", "p95": f"{backend.p95_ms:.0f}"}
    return texts.stats_backend.format(**figures | times)


async def _page(context: Context, page: int) -> TextAndButtons:
    texts = context.texts
    async with context.services.database.reading() as session:
        waiting = await moderation.pending(session, page=page, size=PAGE_SIZE)
    if not waiting.total:
        return texts.review_none, None
    lines = [texts.review.format(hashtags=texts.number(waiting.total, texts.hashtags))]
    nearest = await _nearest(context, {item.photo_id for item in waiting.items})
    lines += [
        texts.review_line.format(
            tag=escape(item.hashtag),
            users=texts.number(item.people, texts.users),
            nearest=escape(line(nearest.get(item.photo_id, ()))) or "?",
        )
        for item in waiting.items
    ]
    return "\n".join(lines), review_keyboard(texts, waiting)


async def _nearest(context: Context, photo_ids: Collection[int]) -> dict[int, list[str]]:
    """The model's hashtags for photos, as if taught nothing; leaves out photos without features."""
    services, engine = context.services, context.services.engine
    backend = engine.default_backend
    backbones = engine.backbones[backend]
    async with services.database.reading() as session:
        blocked = await services.blocked.hashtags(session, engine)
        stored = await known_photos.complete_features(session, photo_ids, backbones)
    if not stored:
        return {}
    rows = stacked(list(stored.values()), backbones)
    answers = await services.in_worker(
        lambda: engine.recommend(rows, backend, top=NEAREST, skip=blocked, taught=False)
    )
    return {
        photo_id: [hashtag.tag for hashtag in hashtags]
        for photo_id, hashtags in zip(stored, answers, strict=True)
    }


def _parse_words(args: list[str]) -> tuple[list[str], list[str]]:
    """Words as the block list stores them (folded, * allowed), and those that are invalid."""
    words, wrong = [], []
    for word in args:
        try:
            normalise(word.replace("*", ""))
            words.append("*".join(key(part.lstrip(SIGNS)) for part in word.split("*")))
        except HashtagError:
            wrong.append(word)
    return words, wrong


def _listed(words: Sequence[str]) -> str:
    listed = ", ".join(words)
    return escape(listed if len(listed) <= LISTED else f"{listed[:LISTED]} …")
