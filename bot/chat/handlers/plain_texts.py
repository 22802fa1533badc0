"""A text without a photo: hashtags for its words, or a friendly sentence if none fits."""

from functools import partial

from telegram import InlineKeyboardMarkup, Message, Update

from bot.chat.answer_request import request_in
from bot.chat.handlers import addtags
from bot.chat.handlers.commands import message_of
from bot.chat.keyboards import copy_row
from bot.chat.rendering import answer_text, to_copy
from bot.chat.replies import TextAndButtons
from bot.chat.services import Context
from bot.chat.small_talk import asks, complains, is_small_talk, is_thanks, without_small_talk
from recommenders.languages import has_cyrillic
from storage import chats


async def written(update: Update, context: Context) -> None:
    """A text in a private chat."""
    message = message_of(update)
    if not await addtags.taught_by_reply(context, message):
        await context.reply(message, *await _answer(context, message, message.text or ""))


async def old_similar(update: Update, context: Context) -> None:
    """/similar, a former command: a plain text does the same."""
    message = message_of(update)
    text, keyboard = await _answer(context, message, " ".join(context.args or ()))
    note = context.texts.similar_moved
    await context.reply(message, f"{text}\n\n<i>{note}</i>", keyboard)


async def _answer(context: Context, message: Message, words: str) -> TextAndButtons:
    services, texts = context.services, context.texts
    if is_small_talk(words):
        return texts.welcome if is_thanks(words) else texts.hint, None
    if complains(words):
        return texts.complaint, None
    if asks(words):
        return texts.hint, None
    async with services.database.reading() as session:
        request = await request_in(session, context, message.chat_id)
        chosen = (await chats.get(session, message.chat_id)).language
    # People who write Russian want Russian hashtags too, whatever Telegram's language.
    language = "both" if chosen is None and has_cyrillic(words) else request.language
    hashtags = await services.in_worker(
        partial(
            request.engine.for_words,
            without_small_talk(words),
            top=request.top,
            language=language,
            skip=request.skip,
            audience=request.audience,
        )
    )
    if not hashtags:
        return texts.words_unknown, None
    tags = [hashtag.tag for hashtag in hashtags]
    copied = to_copy(tags, request.own, request.chosen)
    keyboard = InlineKeyboardMarkup(copy_row(texts, copied))
    return answer_text(texts, tags, own=request.own), keyboard
