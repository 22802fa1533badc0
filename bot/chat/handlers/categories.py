"""/categories: browse the model's hashtags by topic, and copy them."""

from collections.abc import Collection
from html import escape

from telegram import CallbackQuery, Message, Update

from bot.chat import subject
from bot.chat.answer_request import language_of
from bot.chat.handlers.buttons import edit, tapped
from bot.chat.handlers.commands import message_of
from bot.chat.identity import person_of
from bot.chat.keyboards import Place, categories_keyboard, category_keyboard, key_of
from bot.chat.rendering import block
from bot.chat.replies import TextAndButtons
from bot.chat.services import Context
from bot.chat.texts import Texts
from recommenders.category import Category
from recommenders.engine import Engine
from recommenders.languages import meaning, tags_in_language
from recommenders.ranking import Hashtag
from storage import chats
from storage.pages import Page, cut

PAGE_SIZE = 12
MAX_HASHTAGS = 30
"""Hashtags shown of a category."""
LEADERS = 3
"""Hashtags that name a category without a title."""

FITTING = 3
"""Most categories that are marked as fitting the last photo."""
LEAST_SHARE = 0.15
"""Least share of the photo's hashtags that such a category has."""


async def categories(update: Update, context: Context) -> None:
    """Lists the top categories, first those that fit the person's last photo."""
    message = message_of(update)
    if not _under(context.services.engine, None):
        await context.reply(message, context.texts.knows_little)
        return
    await context.reply(message, *await _page(context, message, person_of(update), None, 0))


async def turn(update: Update, context: Context) -> None:
    """Another page of the top categories, or back to them."""
    await _show_page(update, context, None)


async def open_head(update: Update, context: Context) -> None:
    """A page of a parent's categories, and the parent's own hashtags."""
    query, _, data = tapped(update)
    head = _by_key(context.services.engine, data.word("key"))
    if head is None:
        await _answer_gone(query, context)
        return
    await _show_page(update, context, head)


async def open_(update: Update, context: Context) -> None:
    """Shows a category's hashtags."""
    query, message, data = tapped(update)
    services, engine, texts = context.services, context.services.engine, context.texts
    category = _by_key(engine, data.word("key"))
    if category is None:
        await _answer_gone(query, context)
        return
    async with services.database.reading() as session:
        blocked = await services.blocked.hashtags(session, engine, _words_of_titles(engine))
        language = language_of(await chats.get(session, message.chat_id), texts)
    tags = _hashtags(category, language, blocked)
    header = texts.category.format(
        name=escape(_title(texts, category, blocked)),
        shown=len(tags),
        all=len(category.hashtags),
    )
    text = f"{header}\n\n{block(tags)}" if tags else header
    head = next((one for one in _all(engine) if one.name == category.head), None)
    label = f"‹ {_title(texts, head, blocked)}" if head else texts.button_categories
    page = data.number("page")
    above = ("head", key_of(head.name), page) if head else ("categories", page)
    await edit(query, text, category_keyboard(texts, tags, label, above))
    await query.answer()


async def _show_page(update: Update, context: Context, head: Category | None) -> None:
    query, message, data = tapped(update)
    if not _under(context.services.engine, head):
        await _answer_gone(query, context)
    else:
        page = data.number("page")
        await edit(query, *await _page(context, message, person_of(update), head, page))
        await query.answer()


async def _answer_gone(query: CallbackQuery, context: Context) -> None:
    await query.answer(context.texts.category_gone, show_alert=True)


async def _page(
    context: Context, message: Message, person: int, head: Category | None, page: int
) -> TextAndButtons:
    """The top categories, or a parent's hashtags and the categories under it."""
    services, engine, texts = context.services, context.services.engine, context.texts
    chat_id = message.chat_id
    await services.chat_locks.wait(chat_id)
    async with services.database.reading() as session:
        blocked = await services.blocked.hashtags(session, engine, _words_of_titles(engine))
        language = language_of(await chats.get(session, chat_id), texts)
        last = await subject.last_answer(session, message, person)
    left = last.tags if last else []
    answer = [Hashtag(tag, score) for tag, score in last.hashtags if tag in left] if last else []
    fitting = _fitting(engine, answer)
    titles = {one.name: _title(texts, one, blocked) for one in _under(engine, head)}
    children = [one for one in _under(engine, head) if titles[one.name]]
    marked = [one for name in fitting for one in children if one.name == name]
    others = [one for one in children if one not in marked]
    ordered = [*marked, *sorted(others, key=lambda one: titles[one.name].casefold())]
    shown = cut(ordered, page, PAGE_SIZE)
    buttons: list[tuple[str, Place]] = []
    for one in shown.items:
        verb, its_page = ("head", 0) if _under(engine, one) else ("category", shown.page)
        place = (verb, key_of(one.name), its_page)
        buttons.append(("★ " * (one in marked) + titles[one.name], place))
    tags = _hashtags(head, language, blocked) if head else []
    text = texts.categories.format(categories=texts.number(len(ordered), texts.categories_counted))
    if marked:
        text += f"\n{texts.categories_fitting}"
    if head:
        text = f"<b>{escape(_title(texts, head, blocked))}</b>\n{block(tags)}\n\n{text}"
    listed = Page(tuple(buttons), shown.total, shown.page, shown.pages)
    return text, categories_keyboard(texts, listed, tags, key_of(head.name) if head else None)


def _all(engine: Engine) -> tuple[Category, ...]:
    return engine.knowledge.categories() if engine.knowledge else ()


def _words_of_titles(engine: Engine) -> set[str]:
    return {word for one in _all(engine) for title in one.titles.values() for word in title.split()}


def _under(engine: Engine, head: Category | None) -> tuple[Category, ...]:
    return engine.knowledge.under(head.name if head else None) if engine.knowledge else ()


def _fitting(engine: Engine, answer: list[Hashtag]) -> list[str]:
    """Names of the categories that fit an answer, best first, each before its parent."""
    if engine.knowledge is None:
        return []
    english = [Hashtag(meaning(one.tag, engine.knowledge), one.score) for one in answer]
    shares = engine.knowledge.fitting(english)[:FITTING]
    names = [
        name
        for category, share in shares
        if share >= LEAST_SHARE
        for name in (category.name, category.head)
        if name is not None
    ]
    return list(dict.fromkeys(names))


def _by_key(engine: Engine, key: str) -> Category | None:
    return next((one for one in _all(engine) if key_of(one.name) == key), None)


def _hashtags(category: Category, language: str, blocked: Collection[str]) -> list[str]:
    """The category's hashtags, in the language of the chat's."""
    return tags_in_language(category.hashtags, language, MAX_HASHTAGS, blocked)


def _title(texts: Texts, category: Category, blocked: Collection[str]) -> str:
    """A category's title, else its leading hashtags, without blocked ones; may be empty."""
    title = category.titles.get(texts.language, "")
    if title and set(title.split()).isdisjoint(blocked):
        return title[0].upper() + title[1:]
    leaders = category.leaders
    if not leaders or not set(leaders).isdisjoint(blocked):
        leaders = tuple(tag for tag in category.hashtags if tag not in blocked)
    return " · ".join(tags_in_language(leaders[:LEADERS], texts.language, LEADERS, blocked))
