"""/similar #35mm: the hashtags that stand beside the same hashtags."""

import asyncio
from difflib import get_close_matches
from html import escape

from telegram import InlineKeyboardMarkup, Message, Update

from bot.chat.handlers.buttons import edit, tapped
from bot.chat.keyboards import copying, spelling_keyboard
from bot.chat.services import Context
from recommenders.hashtags import parse
from recommenders.knowledge import Knowledge
from storage import recommendations

MOST = 10
AT_ONCE = 3
"""Hashtags looked up by one command; each gets a message of its own, to copy from."""
SPELLINGS = 3
_LOOKED_UP = 20
"""All that bundles store, so that some are left where others are withheld."""

Shown = tuple[str, InlineKeyboardMarkup | None]


async def similar(update: Update, context: Context) -> None:
    """Of the hashtags that are named; else of the first of the answer replied to, or the last."""
    message, texts = update.message, context.texts
    assert message is not None
    knowledge = context.services.engine.knowledge
    if knowledge is None:
        await message.reply_html(texts.knows_little)
        return
    if context.args:
        tags, none = _named(" ".join(context.args), knowledge), texts.similar_wrong
    else:
        tags, none = await _answered(context, message), texts.similar_which
    if not tags:
        await message.reply_html(none)
        return
    for tag in tags[:AT_ONCE]:
        text, keyboard = await _near(context, message.chat_id, tag)
        await message.reply_html(text, reply_markup=keyboard)
    if tags[AT_ONCE:]:
        await message.reply_html(texts.similar_many.format(most=AT_ONCE))


async def tapped_spelling(update: Update, context: Context) -> None:
    """A hashtag that was meant, of those close in spelling."""
    query, data = tapped(update)
    if not isinstance(query.message, Message) or context.services.engine.knowledge is None:
        await query.answer(context.texts.knows_little, show_alert=True)
        return
    text, keyboard = await _near(context, query.message.chat_id, data[1])
    await edit(query, text, keyboard)
    await query.answer()


def _named(text: str, knowledge: Knowledge) -> list[str]:
    """The hashtags of a text; "golden retriever" is #goldenretriever where that is known."""
    tags, _ = parse(text)
    joined = "".join(tags)
    return [joined] if "#" not in text and joined in knowledge else tags


async def _answered(context: Context, message: Message) -> list[str]:
    """The first hashtag of the answer replied to, or of the chat's last one."""
    await context.services.turns.over(message.chat_id)
    about = message.reply_to_message
    async with context.services.database.reading() as session:
        given = None
        if about is not None:
            found = await recommendations.of_message(session, message.chat_id, about.message_id)
            given = found[0] if found else None
        if given is None:
            given = await recommendations.last_in_chat(session, message.chat_id)
    return [tag for tag, _ in given.hashtags[:1]] if given else []


async def _near(context: Context, chat_id: int, tag: str) -> Shown:
    services, engine, texts = context.services, context.services.engine, context.texts
    knowledge = engine.knowledge
    assert knowledge is not None
    async with services.database.reading() as session:
        withheld = await services.withheld(session, engine, chat_id)
    if tag not in knowledge:
        # What people taught has no neighbours until a bundle is fitted with it.
        if tag in engine.hashtags and tag not in withheld:
            return texts.similar_taught.format(tag=escape(tag)), None
        known = [one for one in engine.hashtags if one in knowledge and one not in withheld]
        # Of a large vocabulary this takes a while; other chats must not wait for it.
        close = await asyncio.to_thread(get_close_matches, tag, known, SPELLINGS, 0.7)
        text = texts.similar_unknown.format(tag=escape(tag))
        if not close:
            return f"{text} {texts.similar_browse}", None
        return f"{text} {texts.similar_spelling}", spelling_keyboard(close)
    found = [near for near in knowledge.similar(tag, _LOOKED_UP) if near.tag not in withheld][:MOST]
    if not found:
        return texts.similar_alone.format(tag=escape(tag)), None
    lines = [f"<code>#{escape(near.tag)}</code> {texts.decimal(near.score)}" for near in found]
    header = texts.similar.format(tag=escape(tag))
    keyboard = InlineKeyboardMarkup(copying(texts, [near.tag for near in found]))
    return "\n".join([header, *lines]), keyboard
