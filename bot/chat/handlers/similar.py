"""/similar #35mm: the hashtags that stand beside the same hashtags."""

import asyncio
from difflib import get_close_matches
from html import escape

from telegram import InlineKeyboardMarkup, Message, Update

from bot.chat import subject
from bot.chat.handlers.buttons import edit, tapped
from bot.chat.keyboards import copying, spelling_keyboard
from bot.chat.services import Context
from recommenders.hashtags import parse
from recommenders.knowledge import Knowledge
from recommenders.languages import in_language, meaning

MAX_SIMILAR = 10
MAX_ASKED = 3
"""Hashtags looked up by one command; each gets a message of its own, to copy from."""
MAX_SPELLINGS = 3
_STORED = 20
"""All that bundles store, so that some are left where others are blocked."""

TextAndButtons = tuple[str, InlineKeyboardMarkup | None]


async def similar(update: Update, context: Context) -> None:
    """Of the hashtags that are named; else of the first of the answer replied to, or the last."""
    message, texts = update.message, context.texts
    assert message is not None
    knowledge = context.services.engine.knowledge
    if knowledge is None:
        await message.reply_html(texts.knows_little)
        return
    if context.args:
        tags = _hashtags_in(" ".join(context.args), knowledge)
    else:
        tags = await _first_of_answer(context, message)
    if not tags:
        await message.reply_html(texts.similar_wrong if context.args else texts.similar_which)
        return
    for tag in tags[:MAX_ASKED]:
        text, keyboard = await _near(context, message.chat_id, tag)
        await message.reply_html(text, reply_markup=keyboard)
    if tags[MAX_ASKED:]:
        await message.reply_html(texts.similar_many.format(most=MAX_ASKED))


async def tapped_spelling(update: Update, context: Context) -> None:
    """A hashtag that was meant, of those close in spelling."""
    query, data = tapped(update)
    if not isinstance(query.message, Message) or context.services.engine.knowledge is None:
        await query.answer(context.texts.knows_little, show_alert=True)
        return
    text, keyboard = await _near(context, query.message.chat_id, data[1])
    await edit(query, text, keyboard)
    await query.answer()


def _hashtags_in(text: str, knowledge: Knowledge) -> list[str]:
    """The hashtags of a text; "golden retriever" is #goldenretriever where that is known."""
    tags, _ = parse(text)
    joined = "".join(tags)
    return [joined] if "#" not in text and joined in knowledge else tags


async def _first_of_answer(context: Context, message: Message) -> list[str]:
    """The first hashtag of the answer replied to, or of the chat's last one."""
    await context.services.chat_locks.wait(message.chat_id)
    async with context.services.database.reading() as session:
        answer = await subject.answer_of(session, message)
    return answer.tags[:1] if answer else []


async def _near(context: Context, chat_id: int, tag: str) -> TextAndButtons:
    services, engine, texts = context.services, context.services.engine, context.texts
    knowledge = engine.knowledge
    assert knowledge is not None
    async with services.database.reading() as session:
        blocked = await services.blocked.hashtags(session, engine)
    meant = tag if tag in blocked else meaning(tag, knowledge)
    if meant not in knowledge:
        # What people taught has no neighbours until a bundle is fitted with it.
        if engine.was_taught(tag, chat_id) and tag not in blocked:
            return texts.similar_taught.format(tag=escape(tag)), None
        known = [one for one in engine.hashtags if one in knowledge and one not in blocked]
        # Of a large vocabulary this takes a while; other chats must not wait for it.
        close = await asyncio.to_thread(get_close_matches, tag, known, MAX_SPELLINGS, 0.7)
        text = texts.similar_unknown.format(tag=escape(tag))
        if not close:
            return f"{text} {texts.similar_browse}", None
        return f"{text} {texts.similar_spelling}", spelling_keyboard(close)
    neighbours = [near for near in knowledge.similar(meant, _STORED) if near.tag not in blocked]
    language = "en" if meant == tag else "ru"
    neighbours = in_language(neighbours, language, MAX_SIMILAR, {*blocked, tag})
    if not neighbours:
        return texts.similar_alone.format(tag=escape(tag)), None
    lines = [f"<code>#{escape(near.tag)}</code> {texts.decimal(near.score)}" for near in neighbours]
    header = texts.similar.format(tag=escape(tag))
    keyboard = InlineKeyboardMarkup(copying(texts, [near.tag for near in neighbours]))
    return "\n".join([header, *lines]), keyboard
