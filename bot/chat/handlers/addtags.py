"""/addtags: in reply to a photo, as its caption, right after it, or asked for by a button."""

import re
from collections.abc import Sequence

from telegram import Message, Update
from telegram.constants import ChatType
from telegram.ext import filters

from bot.chat import answer_message, subject, updates_at_work
from bot.chat.handlers.buttons import AnswerTap, edit, on_answer, show, shown_now
from bot.chat.handlers.commands import message_of
from bot.chat.photo_lookup import UnreadablePhotoError, photos_in
from bot.chat.questions import Questions
from bot.chat.services import Context
from bot.chat.small_talk import asks, cancels, complains, declines, is_thanks
from bot.chat.teaching import MAX_HASHTAGS, ask_for_hashtags, teach, typed_hashtags
from bot.chat.texts import LANGUAGES
from recommenders.hashtags import SIGNS, in_caption
from storage import StorageError, sightings

_MARKED_OR_AND = re.compile(rf"[{SIGNS}]\S+|\b(?:and|и)\b", re.IGNORECASE)
_WORD = re.compile(r"\w")


async def addtags(update: Update, context: Context) -> None:
    """/addtags #one #two, for the photo that it replies to or the sender's last one."""
    message = message_of(update)
    _, *rest = (message.text or "").split(maxsplit=1)
    await _teach_asked(context, message, " ".join(rest))


async def captioned(
    context: Context, album: Sequence[Message], caption: str, *, last: bool = True
) -> None:
    """A photo or an album with the caption /addtags #one #two.

    Args:
        last: as in ``Outbox.put``.
    """
    _, *rest = caption.split(maxsplit=1)
    await _teach(context, album, " ".join(rest), last=last)


async def replied(update: Update, context: Context) -> None:
    """The answer to ``ask_for_hashtags``: a reply to it, or the next hashtags in a private chat."""
    message = message_of(update)
    text = message.text or ""
    if declines(text):
        texts, private = context.texts, message.chat.type == ChatType.PRIVATE
        welcome = texts.welcome if private else texts.welcome_group
        await context.reply(message, welcome if is_thanks(text) else texts.add_declined)
        context.services.questions.close(message.chat_id)  # kept where this is handled again
        return
    await _teach_asked(context, message, text)


async def taught_by_reply(context: Context, message: Message) -> bool:
    """Teaches a reply to a photo, or to an answer, that is hashtags alone; False for other texts.

    Words around them may say that they are wrong, "why #dog?", "not #dog": then it tells how to
    teach, unless there is a better answer.
    """
    text = message.text or ""
    says_more = _WORD.search(_MARKED_OR_AND.sub(" ", text)) is not None
    if subject.reply_of(message) is None or not in_caption(text):
        return False
    if says_more and (asks(text) or complains(text)):
        return False
    try:
        photo_ids = await subject.photos_of(context, message)
    except UnreadablePhotoError as error:
        await context.reply(message, context.texts.wrong_file[error.reason], quote=True)
        return True
    if photo_ids and says_more:
        await context.reply(message, context.texts.add_only_hashtags)
    elif photo_ids:
        await teach(context, message, photo_ids, text)
    return bool(photo_ids)


@on_answer
async def ask(tap: AnswerTap, context: Context) -> None:
    """The button "add tags": asks for them; under an album it first asks for which photo."""
    services, message = context.services, tap.message
    which = tap.data.word("photo")
    async with services.database.reading() as session:
        photo_ids = await subject.photos_under(session, message, tap.answer)
    if len(photo_ids) > 1 and not which:
        shown = await shown_now(context, tap.answer)
        await edit(tap.query, *answer_message.asking_which(context.texts, shown, len(photo_ids)))
        await tap.query.answer()
        return
    about = message.message_id
    if which.isdecimal() and int(which) <= len(photo_ids):
        photo_ids = [photo_ids[int(which) - 1]]
        # In reply to the photo itself, to show which it is.
        async with services.database.reading() as session:
            messages = await sightings.shown_by(session, message.chat_id, photo_ids, before=about)
        about = messages.get(photo_ids[0], about)
    who = tap.query.from_user
    await ask_for_hashtags(context, message, photo_ids, who=who, about=about)
    if which:
        await show(tap, context, tap.answer)
    else:
        await tap.query.answer()


class AnswersToAsking(filters.MessageFilter):
    """Matches a text that answers ``ask_for_hashtags``.

    That is a reply to the question, in any language, or in a private chat the next text with
    hashtags, or one that only refuses.
    """

    def __init__(self, questions: Questions) -> None:
        super().__init__()
        self._questions = questions

    def filter(self, message: Message) -> bool:
        if _replies_to_asking(message):
            return True
        is_open = self._questions.is_open(message.chat_id, message.message_id)
        text = message.text or ""
        return is_open and (bool(in_caption(text)) or cancels(text))


def _asked_about(context: Context, message: Message, text: str) -> Sequence[int]:
    """Closes the chat's question if hashtags answer it; returns its photos, none for a reply.

    Neither a text without hashtags nor a reply to anything but the question answers it.
    """
    replies = message.external_reply is not None or subject.reply_of(message) is not None
    tags, _ = typed_hashtags(text)
    if not tags or (replies and not _replies_to_asking(message)):
        return ()
    photo_ids = context.services.questions.answer(message.chat_id, message.message_id)
    return () if replies else photo_ids


def _replies_to_asking(message: Message) -> bool:
    question = message.reply_to_message
    if question is None or not question.text or not question.from_user:
        return False
    if question.from_user.id != message.get_bot().id:
        return False
    prompts = [texts.add_prompt.format(most=MAX_HASHTAGS) for texts in LANGUAGES.values()]
    return question.text.endswith(tuple(prompts))


async def _teach_asked(context: Context, message: Message, text: str) -> None:
    photo_ids = _asked_about(context, message, text)
    try:
        await _teach(context, [message], text, photo_ids)
    except StorageError as error:
        if photo_ids and not updates_at_work.put_off(error):
            context.services.questions.ask(message.chat_id, photo_ids)  # not answered yet
        raise


async def _teach(
    context: Context,
    messages: Sequence[Message],
    text: str,
    photo_ids: Sequence[int] = (),
    *,
    last: bool = True,
) -> None:
    """Teaches ``photo_ids``, else the photos that the messages contain or are about."""
    first = messages[0]
    carries_file = first.effective_attachment is not None
    unread = 0
    try:
        if photo_ids:
            pass
        elif carries_file:
            photo_ids = await subject.carried_photos(context, messages)
            unread = len(photos_in(messages, context.services.engine)) - len(photo_ids)
        else:
            photo_ids = await subject.photos_of(context, first)
    except UnreadablePhotoError as error:
        wrong = context.texts.wrong_file[error.reason]
        await context.reply(first, wrong, quote=True, last=last)
        return
    if not photo_ids:
        missing = (
            context.texts.wrong_file["document"] if carries_file else context.texts.add_no_photo
        )
        await context.reply(first, missing, quote=True, last=last)
        return
    await teach(context, first, photo_ids, text, unread=unread, last=last)
