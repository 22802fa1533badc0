"""Photos that come in, and messages that are none."""

from collections.abc import Sequence

from telegram import Message, Update
from telegram.constants import ChatType

from bot.chat.albums import Album
from bot.chat.answering import answer
from bot.chat.captions import caption_command
from bot.chat.handlers.addtags import captioned
from bot.chat.photo_lookup import kind_of, photo_in
from bot.chat.services import Context
from bot.chat.subject import reply_of


async def sent(update: Update, context: Context) -> None:
    """A photo or any file, alone or in an album; in groups only captioned with a command."""
    message, services = update.message, context.services
    assert message is not None
    if photo_in(message, services.engine.min_side):
        services.last_photos.remember(message)
    if caption_command(message, context.bot.username):
        services.captions.is_new(message)
    album = await services.albums.whole(message)
    if album is None:
        return
    async with album.turn:
        new, messages = album.take_new(), album.messages
        commands = _commands(messages, context)
        if "addtags" in commands:
            await captioned(update, context, new, commands["addtags"])
        elif "tags" in commands or message.chat.type == ChatType.PRIVATE:
            await _answer(context, messages, update, album)


async def edited(update: Update, context: Context) -> None:
    """A photo whose caption was edited: a command in it counts as if it had come with it."""
    message, services = update.edited_message, context.services
    assert message is not None
    album = services.albums.edited(message)
    commands = _commands([message], context)
    if not commands or not services.captions.is_new(message):
        return
    if "addtags" in commands:
        alone = sum(part.caption is not None for part in album) > 1
        await captioned(update, context, [message] if alone else album, commands["addtags"])
    elif "tags" in commands:
        await _answer(context, album, update, Album())


async def asked(update: Update, context: Context) -> None:
    """/tags in reply to a photo, in any chat."""
    message = update.message
    assert message is not None
    about = message if message.external_reply else reply_of(message)
    if about is None or not (about.external_reply or about.effective_attachment):
        await message.reply_html(context.texts.tags_no_photo)
        return
    await _answer(context, [about], update, Album())


def _commands(messages: Sequence[Message], context: Context) -> dict[str, str]:
    """The commands in captions, and what follows them there."""
    commands = {}
    for message in messages:
        if command := caption_command(message, context.bot.username):
            _, *rest = (message.caption or "").split(maxsplit=1)
            commands[command] = " ".join(rest)
    return commands


async def _answer(
    context: Context, messages: Sequence[Message], update: Update, album: Album
) -> None:
    min_side = context.services.engine.min_side
    photos = [photo for part in messages if (photo := photo_in(part, min_side))]
    if photos:
        album.answer_id = await answer(context, photos, update, earlier_answer=album.answer_id)
    else:
        kind = kind_of(messages[0])
        await messages[0].reply_html(context.texts.wrong_file[kind], do_quote=True)
