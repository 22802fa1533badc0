"""A text without a photo: hashtags for its words, or a friendly sentence if none fits."""

from functools import partial

from telegram import InlineKeyboardMarkup, Message, Update
from telegram.constants import ChatType

from bot.chat import subject
from bot.chat.answer_request import request_in
from bot.chat.handlers import addtags
from bot.chat.handlers.commands import message_of
from bot.chat.identity import sender_of
from bot.chat.keyboards import copy_row
from bot.chat.rendering import answer_text, to_copy
from bot.chat.replies import TextAndButtons
from bot.chat.services import Context
from bot.chat.small_talk import (
    asks,
    asks_for_hashtags,
    complains,
    ends_in_question_mark,
    is_small_talk,
    is_thanks,
    praises,
    without_small_talk,
)
from recommenders.languages import has_cyrillic
from storage import chats, sightings


async def written(update: Update, context: Context) -> None:
    """A text in a private chat."""
    message = message_of(update)
    if not await addtags.taught_by_reply(context, message):
        await context.reply(message, *await _answer(context, message, message.text or ""))


async def old_similar(update: Update, context: Context) -> None:
    """/similar, a former command: a plain text does the same."""
    message = message_of(update)
    text, keyboard = await _answer(context, message, " ".join(context.args or ()))
    if message.chat.type == ChatType.PRIVATE:  # a group's words are not for the bot
        text += f"\n\n<i>{context.texts.similar_moved}</i>"
    await context.reply(message, text, keyboard)


async def _answer(context: Context, message: Message, words: str) -> TextAndButtons:
    services, texts = context.services, context.texts
    is_kind = is_thanks(words) or praises(words)
    if is_small_talk(words):
        return texts.welcome if is_kind else texts.hint, None
    if complains(words):
        can_edit = await _is_about_photo(context, message)
        return texts.complaint if can_edit else texts.complaint_words, None
    if asks(words) and not asks_for_hashtags(words):
        return texts.hint, None
    services.last_words[message.chat_id] = message.message_id
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
    if not hashtags and (asks(words) or ends_in_question_mark(words)):
        return texts.hint, None
    if not hashtags:
        return texts.welcome if is_kind else texts.words_unknown, None
    tags = [hashtag.tag for hashtag in hashtags]
    copied = to_copy(tags, request.own, request.chosen)
    keyboard = InlineKeyboardMarkup(copy_row(texts, copied))
    return answer_text(texts, tags, own=request.own), keyboard


async def _is_about_photo(context: Context, message: Message) -> bool:
    """Whether a text in a private chat is about the answer to a photo, not to words.

    That is the answer replied to, else the last one.
    """
    services, chat_id, replied_to = context.services, message.chat_id, subject.reply_of(message)
    await services.chat_locks.wait(chat_id)
    async with services.database.reading() as session:
        if replied_to is not None:
            return bool(await sightings.of_message(session, chat_id, replied_to.message_id))
        answer = await subject.last_answer(session, message, sender_of(message))
    last_words = services.last_words.get(chat_id, 0)
    return answer is not None and (answer.message_id or 0) > last_words
