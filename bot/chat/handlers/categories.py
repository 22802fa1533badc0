"""/categories: what the model's posts are about, to browse and to copy from."""

from collections.abc import Collection, Container
from html import escape
from zlib import crc32

from telegram import InlineKeyboardMarkup, Message, Update

from bot.chat import subject
from bot.chat.handlers.buttons import edit, stale, tapped
from bot.chat.handlers.commands import message_of
from bot.chat.identity import person_of
from bot.chat.keyboards import categories_keyboard, category_keyboard
from bot.chat.rendering import block
from bot.chat.services import Context
from recommenders.engine import Engine, Hashtag
from recommenders.knowledge import Category
from recommenders.languages import meaning
from storage import pages
from storage.pages import Page

PAGE_SIZE = 8
MAX_HASHTAGS = 30
"""Hashtags shown of a category."""

FITTING = 3
"""Categories marked as fitting the last photo, at most …"""
LEAST_SHARE = 0.15
"""… where they have this much of its hashtags."""


async def categories(update: Update, context: Context) -> None:
    """Lists them by name; those which fit the last photo of who asks come first."""
    message = message_of(update)
    if not _all(context.services.engine):
        await message.reply_html(context.texts.knows_little)
        return
    text, keyboard = await _page(context, message, person_of(update), 0)
    await message.reply_html(text, reply_markup=keyboard)


async def turn(update: Update, context: Context) -> None:
    """Another page, or back from a category to its page."""
    query, data = tapped(update)
    if not isinstance(query.message, Message) or not _all(context.services.engine):
        await stale(update, context)
        return
    await edit(query, *await _page(context, query.message, person_of(update), int(data[1])))
    await query.answer()


async def open_(update: Update, context: Context) -> None:
    """Shows a category's hashtags."""
    query, data = tapped(update)
    services, engine, texts = context.services, context.services.engine, context.texts
    category = next((one for one in _all(engine) if _key(one) == data[1]), None)
    if query.message is None or category is None:
        await query.answer(texts.category_gone, show_alert=True)
        return
    async with services.database.reading() as session:
        blocked = await services.blocked.hashtags(session, engine)
    tags = [tag for tag in category.hashtags if tag not in blocked][:MAX_HASHTAGS]
    header = texts.category.format(
        name=escape(_name(engine, category, blocked)),
        shown=len(tags),
        all=len(category.hashtags),
    )
    text = f"{header}\n\n{block(tags)}" if tags else header
    await edit(query, text, category_keyboard(texts, tags, int(data[2])))
    await query.answer()


async def _page(
    context: Context, message: Message, person: int, page: int
) -> tuple[str, InlineKeyboardMarkup]:
    services, engine, texts = context.services, context.services.engine, context.texts
    chat_id = message.chat_id
    await services.chat_locks.wait(chat_id)
    async with services.database.reading() as session:
        blocked = await services.blocked.hashtags(session, engine)
        last = await subject.last_answer(session, message, person)
    shown = last.tags if last else []
    answer = [Hashtag(tag, score) for tag, score in last.hashtags if tag in shown] if last else []
    fitting = _fitting(engine, answer)
    others = [one for one in _all(engine) if one not in fitting]
    ordered = [*fitting, *sorted(others, key=lambda one: one.name)]
    number, count = pages.place(len(ordered), page, PAGE_SIZE)
    buttons = tuple(
        (_key(one), "★ " * (one in fitting) + _name(engine, one, blocked))
        for one in ordered[number * PAGE_SIZE : (number + 1) * PAGE_SIZE]
    )
    text = texts.categories.format(categories=texts.number(len(ordered), texts.categories_counted))
    if fitting:
        text += f"\n{texts.categories_fitting}"
    return text, categories_keyboard(texts, Page(buttons, len(ordered), number, count))


def _all(engine: Engine) -> tuple[Category, ...]:
    return engine.knowledge.categories() if engine.knowledge else ()


def _fitting(engine: Engine, answer: list[Hashtag]) -> list[Category]:
    if engine.knowledge is None:
        return []
    english = [Hashtag(meaning(one.tag, engine.knowledge), one.score) for one in answer]
    shares = engine.knowledge.fitting(english)[:FITTING]
    return [category for category, share in shares if share >= LEAST_SHARE]


def _key(category: Category) -> str:
    """Short enough for a button, and another model's category of another name has another."""
    return f"{crc32(category.name.encode()):08x}"


def _name(engine: Engine, category: Category, blocked: Collection[str]) -> str:
    """A category as people read it, never by what may not be said."""
    parts = _parts(category.name, engine.knowledge or ())
    if any(part in blocked for part in parts):
        parts = [tag for tag in category.hashtags if tag not in blocked][:3]
    return " · ".join(parts)


def _parts(name: str, known: Container[str]) -> list[str]:
    """The hashtags that a name is made of, which may have underscores of their own."""
    words = name.split("_")
    parts: list[str] = []
    while words:
        ends = range(len(words), 0, -1)
        end = next((end for end in ends if "_".join(words[:end]) in known), 1)
        parts.append("_".join(words[:end]))
        words = words[end:]
    return parts
