"""Photos that come in, and messages that are none."""

from telegram import Message, Update
from telegram.constants import ChatType, MessageEntityType

from bot.chat.answering import answer
from bot.chat.handlers.addtags import captioned
from bot.chat.photo_lookup import kind_of, photo_in
from bot.chat.services import Context


async def sent(update: Update, context: Context) -> None:
    """A photo or any file, alone or in an album; in groups only captioned with a command."""
    message = update.message
    assert message is not None
    if photo_in(message, context.services.engine.min_side):
        context.services.last_photos.remember(message)
    album = await context.services.albums.whole(message)
    if album is None:
        return
    commands = [caption_command(part, context.bot.username) for part in album]
    captions = [part for part in album if part.caption]
    if len(captions) == 1 and "addtags" in commands:
        # A lone caption is the whole album's, wherever it stands; of several each is its photo's.
        await captioned(update, context, album, captions[0].caption or "")
        return
    to_answer = []
    for part, command in zip(album, commands, strict=True):
        if command == "addtags":
            await captioned(update, context, [part], part.caption or "")
        elif command == "tags" or message.chat.type == ChatType.PRIVATE or len(captions) == 1:
            to_answer.append(part)
    if to_answer and ("tags" in commands or message.chat.type == ChatType.PRIVATE):
        await _answer(context, to_answer, update)


async def asked(update: Update, context: Context) -> None:
    """/tags in reply to a photo, in any chat."""
    message = update.message
    assert message is not None
    replied_to = message.reply_to_message
    if replied_to is None or not replied_to.effective_attachment:
        await message.reply_html(context.texts.tags_no_photo)
        return
    await _answer(context, [replied_to], update)


def caption_command(message: Message, username: str) -> str | None:
    """The command that a caption starts with, if it is for this bot: ``/tags``, ``/tags@name``."""
    first = message.caption_entities[0] if message.caption_entities else None
    if first is None or first.type != MessageEntityType.BOT_COMMAND or first.offset != 0:
        return None
    command, _, name = message.parse_caption_entity(first)[1:].partition("@")
    return command.lower() if name.lower() in ("", username.lower()) else None


async def _answer(context: Context, messages: list[Message], update: Update) -> None:
    min_side = context.services.engine.min_side
    album = [photo for part in messages if (photo := photo_in(part, min_side))]
    if album:
        await answer(context, album, update.effective_user)
    else:
        kind = kind_of(messages[0])
        await messages[0].reply_html(context.texts.wrong_file[kind], do_quote=True)
