"""/mydata: people see, export and delete their stored data."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from telegram import CallbackQuery, Message, Update
from telegram.constants import ChatType, FileSizeLimit

from bot.chat.callback_data import TapData
from bot.chat.handlers.buttons import NOTE_LENGTH, edit, stale, tapped
from bot.chat.handlers.commands import Handler, message_of, moved
from bot.chat.identity import acts_for, person_of
from bot.chat.keyboards import forget_keyboard, mydata_keyboard, mytags_keyboard
from bot.chat.replies import TextAndButtons
from bot.chat.services import Context
from storage import forgetting, labels, personal_data

PAGE_SIZE = 8

LARGEST_UPLOAD = int(FileSizeLimit.FILESIZE_UPLOAD)
"""Bytes of a file that Telegram takes from a bot."""


OwnTap = tuple[CallbackQuery, Message, int, TapData]
"""A tap, the bot's message, the person whose data it is about, and the button's data."""


def _on_own(handler: Callable[[OwnTap, Context], Awaitable[None]]) -> Handler:
    """Calls ``handler`` for taps about one's own data; tells others that it is not theirs."""

    async def on_tap(update: Update, context: Context) -> None:
        query, message, data = tapped(update)
        owner = data.number("owner")
        if await acts_for(context.bot, query.from_user.id, owner):
            await handler((query, message, owner, data), context)
            return
        texts, written_as_chat = context.texts, owner < 0 and message.chat.id != owner
        await query.answer(texts.not_your_channel if written_as_chat else texts.not_yours)

    return on_tap


async def mydata(update: Update, context: Context) -> None:
    """/mydata: how much is stored, and buttons for what can be done with it."""
    message = message_of(update)
    await context.reply(message, *await _overview(context, person_of(update), message))


@_on_own
async def opened(tap: OwnTap, context: Context) -> None:
    """Back to the first page, from the hashtags or from the question before deletion."""
    query, message, owner, _ = tap
    await edit(query, *await _overview(context, owner, message))
    await query.answer()


@_on_own
async def turn(tap: OwnTap, context: Context) -> None:
    """A page of the hashtags that a person taught."""
    query, _, owner, data = tap
    await edit(query, *await _hashtags_page(context, owner, data.number("page")))
    await query.answer()


@_on_own
async def remove(tap: OwnTap, context: Context) -> None:
    """Removes a hashtag from every photo that the person gave it to."""
    query, message, owner, data = tap
    async with context.services.database.session() as session:
        removed = await labels.remove(session, owner, data.number("label"))
    if removed is None:
        await stale(query, context)
        return
    hashtag, photo_ids = removed
    context.services.learner.learn_soon(photo_ids, (message.chat.id, owner))
    await edit(query, *await _hashtags_page(context, owner, data.number("page")))
    await query.answer(context.texts.mine_removed.format(tag=hashtag)[:NOTE_LENGTH])


@_on_own
async def exported(tap: OwnTap, context: Context) -> None:
    """The button "export": all data as a file, only in a private chat."""
    query, message, owner, _ = tap
    if message.chat.type != ChatType.PRIVATE:
        await query.answer(context.texts.export_private, show_alert=True)
        return
    await _send_export(context, message, owner)
    await query.answer()


@_on_own
async def forget_decided(tap: OwnTap, context: Context) -> None:
    """The button "delete": asks first, then deletes or cancels."""
    query, _, owner, data = tap
    texts = context.texts
    if data.word("decision") == "ask":
        await edit(query, texts.forget, forget_keyboard(texts, owner))
    elif data.word("decision") == "yes":
        await _forget(context, owner)
        await edit(query, texts.forgotten, None)
    else:
        await edit(query, texts.forget_cancelled, None)
    await query.answer()


async def old_mytags(update: Update, context: Context) -> None:
    """/mytags, now a page of /mydata."""
    message = message_of(update)
    text, keyboard = await _hashtags_page(context, person_of(update), 0)
    await context.reply(message, moved(context, message, "mydata", text), keyboard)


async def old_forget(update: Update, context: Context) -> None:
    """/forget, now a button of /mydata; /forget yes: for channels whose admins it cannot see."""
    message, person = message_of(update), person_of(update)
    if context.args == ["yes"]:
        await _forget(context, person)
        await context.reply(message, context.texts.forgotten, stored=False)
        return
    keyboard = forget_keyboard(context.texts, person)
    text = moved(context, message, "mydata", context.texts.forget)
    await context.reply(message, text, keyboard)


async def old_export(update: Update, context: Context) -> None:
    """/export, now a button of /mydata."""
    message = message_of(update)
    if message.chat.type != ChatType.PRIVATE:
        await context.reply(message, context.texts.export_private)
        return
    await _send_export(context, message, person_of(update))


async def _overview(context: Context, user_id: int, message: Message) -> TextAndButtons:
    texts = context.texts
    async with context.services.database.reading() as session:
        stored = await personal_data.stored(session, user_id)
    text = texts.mydata.format(
        photos=texts.number(stored.photos, texts.photos),
        hashtags=texts.number(stored.hashtags, texts.hashtags),
        votes=texts.number(stored.votes, texts.votes),
    )
    keep_days = context.services.settings.keep_days
    retention = (
        texts.mydata_kept.format(days=texts.number(keep_days, texts.days)) if keep_days else ""
    )
    text = f"{text}\n\n{texts.mydata_why} {retention}".rstrip()
    private = message.chat.type == ChatType.PRIVATE
    return text, mydata_keyboard(texts, user_id, export=private)


async def _hashtags_page(context: Context, user_id: int, page: int) -> TextAndButtons:
    texts = context.texts
    async with context.services.database.reading() as session:
        mine = await labels.mine(session, user_id, page=page, size=PAGE_SIZE)
    number = texts.number(mine.total, texts.hashtags)
    text = texts.mine.format(hashtags=number) if mine.total else texts.mine_none
    return text, mytags_keyboard(texts, user_id, mine)


async def _forget(context: Context, owner: int) -> None:
    services = context.services
    with services.forgotten.deleting(owner):
        async with services.database.reading() as session:
            photo_ids = await labels.photos_of(session, owner)
        services.forget(owner)
        try:
            await forgetting.forget(services.database, owner, is_models=services.engine.is_own)
        finally:  # also what only a part is deleted of: the next try finds no labels of it
            services.learner.learn_soon(photo_ids, [owner])
        services.forget(owner)
    await services.learner.caught_up(owner)


async def _send_export(context: Context, message: Message, user_id: int) -> None:
    async with context.services.database.reading() as session:
        tables = await personal_data.export(session, user_id)
    # In a thread: a heavy user's years take seconds to write.
    name = f"tag4pic-{datetime.now(UTC):%Y-%m-%d}.json"
    name, written = await asyncio.to_thread(_written, tables, name)
    await message.reply_document(
        written, filename=name, caption=context.texts.exported, do_quote=False
    )


def _written(tables: Mapping[str, personal_data.Rows], name: str) -> tuple[str, bytes]:
    """A file's name and content: an export as JSON, in a ZIP where Telegram would not take it."""
    written = json.dumps(tables, ensure_ascii=False, indent=1).encode()
    if len(written) <= LARGEST_UPLOAD:
        return name, written
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        archive.writestr(name, written)
    return f"{name}.zip", packed.getvalue()
