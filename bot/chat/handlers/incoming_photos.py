"""Photos and other files that people send, and /tags."""

import asyncio
import logging
from collections.abc import Sequence

from telegram import Message, Update
from telegram.constants import ChatType

from bot.chat import updates_at_work
from bot.chat.albums import Album
from bot.chat.answering import answer, answer_unsaved
from bot.chat.captions import caption_command
from bot.chat.handlers.addtags import captioned
from bot.chat.handlers.commands import message_of
from bot.chat.photo_lookup import kind_of, photo_in, photos_in
from bot.chat.request_log import logged
from bot.chat.services import Context
from bot.chat.subject import reply_of
from storage import StorageError

log = logging.getLogger(__name__)


async def sent(update: Update, context: Context) -> None:
    """A photo or any file, alone or in an album; in groups only with a command as caption."""
    message, services = message_of(update), context.services
    is_photo = photo_in(message, services.engine.min_side) is not None
    if is_photo and services.last_photos.remember(message):
        services.questions.close(message.chat_id)
    if caption_command(message, context.bot.username):
        services.captions.is_new(message)
    album = await services.albums.whole(message)
    if album is None:
        return
    async with album.at_work():
        if new := album.take_new():  # else an earlier turn has taken them along
            await _follow(context, album, new)


async def edited(update: Update, context: Context) -> None:
    """An edited caption or photo: a command counts as if the photo had been sent with it now."""
    message, services = update.edited_message, context.services
    assert message is not None
    services.last_photos.change(message)
    parts = await services.albums.edited(message)
    if not caption_command(message, context.bot.username):
        return
    if services.captions.is_new(message) and parts:
        new = parts if _only_captioned(parts) else [message]
        try:
            await _follow(context, Album(parts), new)
        except (StorageError, asyncio.CancelledError):
            services.captions.forget(message)  # the update may come again
            raise


async def tags_command(update: Update, context: Context) -> None:
    """/tags in reply to a photo, in any chat, or after the sender's last one."""
    message = message_of(update)
    replied_to = message if message.external_reply else reply_of(message)
    about = [replied_to] if replied_to else context.services.last_photos.before(message)
    if not about or not (about[0].external_reply or about[0].effective_attachment):
        await context.reply(message, context.texts.tags_no_photo)
        return
    await _answer(context, about, Album())


async def _follow(context: Context, album: Album, new: Sequence[Message]) -> None:
    """Follows the commands in an album's captions; a private chat gets an answer without any."""
    parts, username = album.messages, context.bot.username
    commands = {part.message_id: caption_command(part, username) for part in parts}
    private = parts[0].chat.type == ChatType.PRIVATE
    lone = _only_captioned(parts)
    if lone is not None and "addtags" in commands.values():
        # A single caption is for the whole album; of several, each is for its own photo.
        await captioned(context, new, lone.caption or "")
        return
    taught = [part for part in parts if commands[part.message_id] == "addtags" and part in new]
    to_answer = [
        part
        for part in parts
        if (command := commands[part.message_id]) != "addtags"
        and (command == "tags" or private or lone is not None)
    ]
    asked_for = private or "tags" in commands.values()
    answers = asked_for and any(part in new for part in to_answer)
    for part in taught:
        last = part is taught[-1] and not answers
        await captioned(context, [part], part.caption or "", last=last)
    if answers:
        await _answer(context, to_answer, album)


def _only_captioned(parts: Sequence[Message]) -> Message | None:
    """The only message of an album with a caption; None if there are none or several."""
    captions = [part for part in parts if part.caption]
    return captions[0] if len(captions) == 1 else None


async def _answer(context: Context, messages: Sequence[Message], album: Album) -> None:
    services = context.services
    if photos := photos_in(messages, services.engine):
        try:
            with logged(services.metrics, photos[0].message.chat_id, len(photos)):
                album.answer_id = await answer(context, photos, earlier_answer=album.answer_id)
        except StorageError as error:
            if updates_at_work.put_off(error):
                raise
            await answer_unsaved(context, photos)
            log.error("A photo was answered, but nothing of it is saved: %s", error)
    else:
        kind = kind_of(messages[0])
        await context.reply(messages[0], context.texts.wrong_file[kind], quote=True)
