"""/addtags: in reply, as a caption, right after a photo, or asked for by a button."""

from html import escape

from telegram import ForceReply, Message, Update
from telegram.constants import ChatType
from telegram.ext import filters

from bot.chat.handlers.buttons import answer_of, photos_of, stale, tapped
from bot.chat.photo_files import UnreadableError
from bot.chat.services import Context
from bot.chat.teaching import MOST, photos_meant, photos_shown, teach
from bot.chat.texts import LANGUAGES
from storage import sightings


async def addtags(update: Update, context: Context) -> None:
    """/addtags #one #two, for the photo replied to or the last one."""
    message = update.message
    assert message is not None
    _, *rest = (message.text or "").split(maxsplit=1)
    await _teach(update, context, message, " ".join(rest))


async def captioned(update: Update, context: Context, album: list[Message], caption: str) -> None:
    """A photo or an album whose caption is /addtags #one #two."""
    user = update.effective_user
    assert user is not None
    first = album[0]
    try:
        photo_ids = await photos_shown(context, album)
    except UnreadableError as error:
        await first.reply_html(context.texts.wrong_file[error.reason], do_quote=True)
        return
    if not photo_ids:
        await first.reply_html(context.texts.wrong_file["document"], do_quote=True)
        return
    said = await teach(context, first.chat_id, user, photo_ids, caption)
    await first.reply_html(said, do_quote=True)


async def ask(update: Update, context: Context) -> None:
    """The button "add tags": asks for them, in reply to the answer."""
    query, data = tapped(update)
    message, given = await answer_of(context, query, int(data[1]))
    if message is None or given is None:
        await stale(update, context)
        return
    prompt = escape(context.texts.add_prompt.format(most=MOST))
    in_group = message.chat.type != ChatType.PRIVATE
    if in_group:
        # In a group only who tapped is asked to reply, and a mention is how Telegram knows them.
        prompt = f"{query.from_user.mention_html()} {prompt}"
    photo_ids = await photos_of(context, message, given)
    async with context.services.turns(message.chat_id):
        asked = await message.reply_html(
            prompt,
            reply_markup=ForceReply(
                selective=in_group, input_field_placeholder=context.texts.add_placeholder
            ),
            do_quote=True,
        )
        async with context.services.database.session() as session:
            await sightings.answered(
                session, chat_id=message.chat_id, message_id=asked.message_id, photo_ids=photo_ids
            )
    await query.answer()


async def replied(update: Update, context: Context) -> None:
    """The reply to what ``ask`` asked."""
    message = update.message
    assert message is not None
    await _teach(update, context, message, message.text or "")


class RepliesToAsking(filters.MessageFilter):
    """A text in reply to what ``ask`` asked, in whatever language it was asked."""

    def filter(self, message: Message) -> bool:
        about = message.reply_to_message
        if about is None or not about.text or not about.from_user or not about.from_user.is_bot:
            return False
        if about.from_user.id != message.get_bot().id:
            return False
        prompts = [texts.add_prompt.format(most=MOST) for texts in LANGUAGES.values()]
        return about.text.endswith(tuple(prompts))


async def _teach(update: Update, context: Context, message: Message, text: str) -> None:
    user = update.effective_user
    assert user is not None
    try:
        photo_ids = await photos_meant(context, message)
    except UnreadableError as error:
        await message.reply_html(context.texts.wrong_file[error.reason], do_quote=True)
        return
    if not photo_ids:
        await message.reply_html(context.texts.add_no_photo, do_quote=True)
        return
    said = await teach(context, message.chat_id, user, photo_ids, text)
    await message.reply_html(said, do_quote=True)
