"""Commands that talk about the bot itself: what it can do, who answers, how many hashtags."""

from html import escape

from telegram import Message, Update
from telegram.constants import ChatType

from bot.answering import backend_of
from bot.keyboards import COUNTS, count_keyboard, model_keyboard
from bot.platforms import settings_of
from bot.services import Context
from recommenders.engine import BACKENDS, Engine
from storage import chats


async def start(update: Update, context: Context) -> None:
    await _message(update).reply_html(context.texts.start)


async def help_(update: Update, context: Context) -> None:
    text = context.texts.help
    user = update.effective_user
    if user and context.services.is_admin(user.id):
        text += f"\n\n{context.texts.help_admin}"
    await _message(update).reply_html(text)


async def unknown(update: Update, context: Context) -> None:
    await _message(update).reply_html(context.texts.unknown_command)


async def hint(update: Update, context: Context) -> None:
    await _message(update).reply_html(context.texts.hint)


async def model(update: Update, context: Context) -> None:
    """/model shows who answers; /model NAME switches."""
    message = _message(update)
    engine = context.services.engine
    if context.args:
        answer = await switch_model(context, message.chat_id, context.args[0].lower())
        await message.reply_html(answer)
        return
    async with context.services.database.session() as session:
        chat = await chats.get(session, message.chat_id)
    chosen = backend_of(engine, chat)
    await message.reply_html(
        model_text(context, engine, chosen), reply_markup=model_keyboard(engine.backends, chosen)
    )


async def switch_model(context: Context, chat_id: int, backend: str) -> str:
    """Make ``backend`` the one that answers in the chat, if it can; what to say about it."""
    engine, texts = context.services.engine, context.texts
    if backend not in engine.backends:
        said = texts.model_missing if backend in BACKENDS else texts.model_unknown
        installed = ", ".join(f"<b>{name}</b>" for name in engine.backends)
        return said.format(backend=escape(backend[:40]), installed=installed)
    async with context.services.database.session() as session:
        await chats.change(session, chat_id, backend=backend)
    return texts.model_switched.format(backend=backend)


def model_text(context: Context, engine: Engine, chosen: str) -> str:
    lines = "\n".join(
        f"{context.texts.model_lines[backend]} ({' + '.join(engine.backbones[backend])})"
        for backend in engine.backends
    )
    return context.texts.model.format(backend=chosen, lines=lines)


async def count(update: Update, context: Context) -> None:
    """/count shows how many hashtags come; /count N changes it."""
    message = _message(update)
    if context.args:
        await message.reply_html(await change_count(context, message.chat_id, context.args[0]))
        return
    async with context.services.database.reading() as session:
        chat = await settings_of(session, message.chat_id)
    await message.reply_html(
        count_text(context, chat.count), reply_markup=count_keyboard(chat.count)
    )


async def change_count(context: Context, chat_id: int, wanted: str) -> str:
    """Set how many hashtags the chat gets, if it may be that many; what to say about it."""
    if wanted not in map(str, COUNTS):
        return context.texts.count_unknown
    async with context.services.database.session() as session:
        chat = await settings_of(session, chat_id)
        await chats.change(session, chat_id, count=int(wanted), style=chat.style, platform=None)
    texts = context.texts
    return texts.count_changed.format(hashtags=texts.number(int(wanted), texts.hashtags))


def count_text(context: Context, count: int) -> str:
    texts = context.texts
    return texts.count.format(hashtags=texts.number(count, texts.hashtags))


def _message(update: Update) -> Message:
    assert update.message is not None  # the handlers are registered for new messages only
    return update.message


def is_private(message: Message) -> bool:
    return message.chat.type == ChatType.PRIVATE
