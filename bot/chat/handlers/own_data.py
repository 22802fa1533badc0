"""What is stored of a person: /mytags lists and removes, /forget deletes all of it."""

from telegram import InlineKeyboardMarkup, Update

from bot.chat.handlers.buttons import edit, stale, tapped
from bot.chat.handlers.commands import message_of
from bot.chat.keyboards import forget_keyboard, mytags_keyboard
from bot.chat.services import Context
from storage import labels, users

PAGE_SIZE = 8


async def mytags(update: Update, context: Context) -> None:
    """Lists the hashtags that a person taught, a page at a time."""
    user = update.effective_user
    assert user is not None
    text, keyboard = await _page(context, user.id, 0)
    await message_of(update).reply_html(text, reply_markup=keyboard)


async def turn(update: Update, context: Context) -> None:
    """Another page of the list."""
    query, data = tapped(update)
    if int(data[1]) != query.from_user.id:
        await query.answer(context.texts.not_yours)
        return
    await edit(query, *await _page(context, query.from_user.id, int(data[2])))
    await query.answer()


async def remove(update: Update, context: Context) -> None:
    """Takes a hashtag back from every photo that the person gave it to."""
    query, data = tapped(update)
    if int(data[1]) != query.from_user.id:
        await query.answer(context.texts.not_yours)
        return
    async with context.services.database.session() as session:
        removed = await labels.remove(session, query.from_user.id, int(data[2]))
    if removed is None or query.message is None:
        await stale(update, context)
        return
    hashtag, photo_ids = removed
    chats = (query.message.chat.id, query.from_user.id)
    context.services.learner.learn_soon(photo_ids, chats)
    await edit(query, *await _page(context, query.from_user.id, int(data[3])))
    await query.answer(context.texts.mine_removed.format(tag=hashtag)[:200])


async def forget(update: Update, context: Context) -> None:
    """Asks before it deletes."""
    user = update.effective_user
    assert user is not None
    keyboard = forget_keyboard(context.texts, user.id)
    await message_of(update).reply_html(context.texts.forget, reply_markup=keyboard)


async def forget_decided(update: Update, context: Context) -> None:
    """Deletes, or does not."""
    query, data = tapped(update)
    if int(data[1]) != query.from_user.id:
        await query.answer(context.texts.not_yours)
        return
    text = context.texts.forget_cancelled
    if data[2] == "yes":
        text = context.texts.forgotten
        async with context.services.database.session() as session:
            photo_ids = await labels.photos_of(session, query.from_user.id)
            await users.forget(session, query.from_user.id)
        context.services.last_photos.forget(query.from_user.id)
        context.services.learner.learn_soon(photo_ids, [query.from_user.id])
    await edit(query, text, None)
    await query.answer()


async def _page(
    context: Context, user_id: int, page: int
) -> tuple[str, InlineKeyboardMarkup | None]:
    texts = context.texts
    async with context.services.database.reading() as session:
        mine = await labels.mine(session, user_id, page=page, size=PAGE_SIZE)
    if not mine.total:
        return texts.mine_none, None
    number = texts.number(mine.total, texts.hashtags)
    return texts.mine.format(hashtags=number), mytags_keyboard(texts, user_id, mine)
