"""For admins: /review of new hashtags, the block list, /stats."""

from collections.abc import Callable, Coroutine
from functools import wraps
from html import escape
from typing import Any

from telegram import InlineKeyboardMarkup, Update

from bot.chat.handlers.buttons import edit, stale, tapped
from bot.chat.handlers.commands import message_of
from bot.chat.keyboards import review_keyboard
from bot.chat.services import Context
from recommenders.hashtags import HashtagError, normalise
from storage import moderation, statistics

PAGE_SIZE = 8

Handler = Callable[[Update, Context], Coroutine[Any, Any, None]]


def for_admins(handler: Handler) -> Handler:
    """Keeps everyone else out."""

    @wraps(handler)
    async def guarded(update: Update, context: Context) -> None:
        user = update.effective_user
        if user and context.services.is_admin(user.id):
            await handler(update, context)
        elif update.callback_query:
            await update.callback_query.answer(context.texts.admins_only)
        else:
            await message_of(update).reply_html(context.texts.admins_only)

    return guarded


@for_admins
async def review(update: Update, context: Context) -> None:
    """New hashtags that wait for approval, a page at a time."""
    text, keyboard = await _page(context, 0)
    await message_of(update).reply_html(text, reply_markup=keyboard)


@for_admins
async def turn(update: Update, context: Context) -> None:
    """Another page of them."""
    query, data = tapped(update)
    await edit(query, *await _page(context, int(data[1])))
    await query.answer()


@for_admins
async def decide(update: Update, context: Context) -> None:
    """Approves or rejects one."""
    query, data = tapped(update)
    approved = data[0] == "approve"
    async with context.services.database.session() as session:
        hashtag = await moderation.decide(
            session, int(data[1]), "approved" if approved else "rejected", query.from_user.id
        )
    if hashtag is None:
        await stale(update, context)
        return
    context.services.moderation_changed()
    await edit(query, *await _page(context, int(data[2])))
    note = context.texts.approved if approved else context.texts.rejected
    await query.answer(note.format(tag=hashtag)[:200])


@for_admins
async def block(update: Update, context: Context) -> None:
    """/block word… adds to the block list; /block shows it."""
    message, user = message_of(update), update.effective_user
    assert user is not None
    words, wrong = _words(context.args or [])
    async with context.services.database.session() as session:
        for word in words:
            await moderation.block(session, word, user.id)
        blocked = await moderation.blocked_words(session)
    context.services.moderation_changed()
    texts = context.texts
    if wrong:
        text = texts.block_wrong.format(words=escape(" ".join(wrong)))
    elif words:
        text = texts.blocked.format(words=_list(words))
    else:
        text = texts.block_list.format(words=_list(blocked)) if blocked else texts.block_none
    await message.reply_html(text)


@for_admins
async def unblock(update: Update, context: Context) -> None:
    """/unblock word… takes words off the block list."""
    words, _ = _words(context.args or [])
    async with context.services.database.session() as session:
        gone = [word for word in words if await moderation.unblock(session, word)]
    context.services.moderation_changed()
    texts = context.texts
    text = texts.unblocked.format(words=_list(gone)) if gone else texts.unblock_none
    await message_of(update).reply_html(text)


@for_admins
async def stats(update: Update, context: Context) -> None:
    """Figures, all and by backend."""
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
    lines += [
        texts.stats_backend.format(
            backend=escape(name),
            answers=backend.answers,
            median="–" if backend.median_ms is None else f"{backend.median_ms:.0f}",
            p95="–" if backend.p95_ms is None else f"{backend.p95_ms:.0f}",
            up=backend.up,
            down=backend.down,
        )
        for name, backend in figures.backends.items()
    ]
    await message_of(update).reply_html("\n".join(lines))


async def _page(context: Context, page: int) -> tuple[str, InlineKeyboardMarkup | None]:
    texts = context.texts
    async with context.services.database.reading() as session:
        waiting = await moderation.pending(session, page=page, size=PAGE_SIZE)
    if not waiting.total:
        return texts.review_none, None
    lines = [texts.review.format(hashtags=texts.number(waiting.total, texts.hashtags))]
    lines += [
        texts.review_line.format(
            tag=escape(item.hashtag),
            users=texts.number(item.users, texts.users),
            photos=texts.number(item.photos, texts.photos),
        )
        for item in waiting.items
    ]
    return "\n".join(lines), review_keyboard(texts, waiting)


def _words(args: list[str]) -> tuple[list[str], list[str]]:
    """Words as the block list has them (canonical, * allowed), and what can be no such word."""
    words, wrong = [], []
    for word in args:
        try:
            normalise(word.replace("*", ""))
            words.append("*".join(normalise(part) if part else "" for part in word.split("*")))
        except HashtagError:
            wrong.append(word)
    return words, wrong


def _list(words: list[str]) -> str:
    listed = ", ".join(words)
    return escape(listed if len(listed) <= 3000 else f"{listed[:3000]} …")
