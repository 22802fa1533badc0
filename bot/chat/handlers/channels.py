"""Channels: adds hashtags to the captions of their photos, and /channel, which switches that."""

from collections.abc import Sequence
from html import escape

from telegram import Chat, ChatFullInfo, Message, Update
from telegram.constants import ChatType, MessageLimit
from telegram.error import BadRequest, Forbidden

from bot.chat.answer_request import language_of
from bot.chat.answering import hashtags_for
from bot.chat.handlers.buttons import NOTE_LENGTH, edit, stale, tapped
from bot.chat.handlers.commands import message_of
from bot.chat.identity import acts_for, sender_of
from bot.chat.keyboards import OFF, ON, channel_keyboard
from bot.chat.photo_lookup import photos_in
from bot.chat.rendering import fitting, line
from bot.chat.replies import TextAndButtons
from bot.chat.services import Context
from recommenders.answers import FIRST
from recommenders.hashtags import in_caption, key
from storage import channels, chats

GAP = "\n\n"
"""Between a caption and the hashtags below it."""


async def posted(update: Update, context: Context) -> None:
    """A channel's photo or album: adds hashtags to its caption, if that is switched on."""
    post, services = update.channel_post, context.services
    assert post is not None
    async with services.database.reading() as session:
        if not await channels.adds_captions(session, post.chat_id):
            return
    album = await services.albums.whole(post)
    if album is None:
        return
    async with album.at_work():
        album.take_new()
        if album.answer_id is not None:
            return  # its caption was edited before this photo came
        posts = _as_edited(context, album.messages)
        photos = photos_in(posts, services.engine)
        tags = await hashtags_for(context, photos) if photos else []
        captioned = None
        # Again if the caption was corrected before the edit arrived.
        while captioned is not (newest := _captioned(_as_edited(context, posts))):
            captioned = newest
            if await _add_hashtags(captioned, tags[:FIRST]):
                album.answer_id = captioned.message_id


async def edited(update: Update, context: Context) -> None:
    """An edited post: hashtags that are still to be added are added to this version."""
    post = update.edited_channel_post
    assert post is not None
    context.services.edited_posts[post.chat_id, post.message_id] = post


def _as_edited(context: Context, posts: Sequence[Message]) -> list[Message]:
    """Posts as they are now."""
    newest = context.services.edited_posts
    return [newest.get((part.chat_id, part.message_id), part) for part in posts]


def _captioned(posts: Sequence[Message]) -> Message:
    """The first of an album's posts with a caption, else its first."""
    return next((part for part in posts if part.caption), posts[0])


async def channel_command(update: Update, context: Context) -> None:
    """/channel @name in private, /channel in a channel's linked chat; on or off switches."""
    message, texts = message_of(update), context.texts
    words = [word for word in context.args or () if word.lower() not in (ON, OFF)]
    choice = next((word.lower() for word in context.args or () if word not in words), None)
    if words:
        channel = await _find_by_name(context, words[0])
    else:
        channel = await _linked_channel(context, message.chat_id)
    if channel is None:
        text = texts.channel_unknown.format(channel=escape(words[0])) if words else None
        await context.reply(message, text or texts.channel_which)
    elif refused := await _why_refused(context, message, channel):
        await context.reply(message, refused)
    else:
        if choice:
            await _switch(context, channel.id, choice)
        await context.reply(message, *await _switch_for(context, channel))


async def switched(update: Update, context: Context) -> None:
    """The on/off button below the answer to /channel."""
    query, _, data = tapped(update)
    channel = await _find(context, data.number("channel"))
    if channel is None:
        await stale(query, context)
    elif not await acts_for(context.bot, query.from_user.id, channel.id):
        name = _name(channel)
        await query.answer(context.texts.channel_not_admin.format(channel=name)[:NOTE_LENGTH])
    else:
        await _switch(context, channel.id, data.word("switch"))
        await edit(query, *await _switch_for(context, channel))
        await query.answer()


async def _switch_for(context: Context, channel: Chat | ChatFullInfo) -> TextAndButtons:
    """HTML that says whether hashtags are added in a channel, and the button to change that."""
    texts, name = context.texts, escape(_name(channel))
    async with context.services.database.reading() as session:
        on = await channels.adds_captions(session, channel.id)
    lines = [(texts.channel_on if on else texts.channel_off).format(channel=name)]
    if on and not await _may_edit(context, channel.id):
        lines.append(texts.channel_no_rights.format(channel=name))
    return "\n".join(lines), channel_keyboard(texts, channel.id, on=on)


async def _linked_channel(context: Context, chat_id: int) -> ChatFullInfo | None:
    """The channel that a group is linked to, if any."""
    group = await _find(context, chat_id, of_any_type=True)
    if group is None or group.linked_chat_id is None:
        return None
    return await _find(context, group.linked_chat_id)


async def _find_by_name(context: Context, name: str) -> ChatFullInfo | None:
    """The channel for ``@name``, ``name`` or ``https://t.me/name``."""
    return await _find(context, f"@{name.rpartition('/')[-1].removeprefix('@')}")


async def _find(
    context: Context, chat_id: int | str, *, of_any_type: bool = False
) -> ChatFullInfo | None:
    try:
        chat = await context.bot.get_chat(chat_id)
    except (BadRequest, Forbidden):
        return None
    return chat if of_any_type or chat.type == ChatType.CHANNEL else None


async def _why_refused(context: Context, message: Message, channel: ChatFullInfo) -> str | None:
    """HTML: why the sender may not decide for the channel; None if they may."""
    person, name = sender_of(message), escape(_name(channel))
    if await acts_for(context.bot, person, channel.id):
        return None
    texts = context.texts
    text = texts.channel_not_admin if person > 0 else texts.channel_unseen
    return text.format(channel=name)


async def _switch(context: Context, channel_id: int, choice: str) -> None:
    async with context.services.database.session() as session:
        await channels.set_captions(session, channel_id, on=choice == ON)
        chat = await chats.get(session, channel_id)
        if choice == ON and chat.language is None:
            # Posts have no user language, so the channel gets its admin's.
            await chats.change(session, channel_id, language=language_of(chat, context.texts))


async def _may_edit(context: Context, channel_id: int) -> bool:
    try:
        me = await context.bot.get_chat_member(channel_id, context.bot.id)
    except (BadRequest, Forbidden):
        return False
    return bool(getattr(me, "can_edit_messages", False))


def _name(channel: Chat | ChatFullInfo) -> str:
    return f"@{channel.username}" if channel.username else channel.title or str(channel.id)


async def _add_hashtags(post: Message, hashtags: list[str]) -> bool:
    """Adds hashtags below a caption, as many as fit, without changing the caption itself."""
    caption = post.caption or ""
    written = {key(tag) for tag in in_caption(caption)}
    gap = GAP if caption else ""
    room = MessageLimit.CAPTION_LENGTH - len(f"{caption}{gap}".encode("utf-16-le")) // 2
    tags = fitting([tag for tag in hashtags if key(tag) not in written], room)
    if not tags:
        return False
    await post.edit_caption(
        f"{caption}{gap}{line(tags)}",
        parse_mode=None,
        caption_entities=post.caption_entities,
        show_caption_above_media=post.show_caption_above_media,
        reply_markup=post.reply_markup,
    )
    return True
