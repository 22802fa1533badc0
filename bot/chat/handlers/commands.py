"""/start, /help, the answer to unknown commands, and what all handlers share."""

from collections.abc import Callable, Coroutine
from typing import Any

from telegram import Message, Update
from telegram.constants import ChatType

from bot.chat.services import Context

Handler = Callable[[Update, Context], Coroutine[Any, Any, None]]


async def start(update: Update, context: Context) -> None:
    message, texts = message_of(update), context.texts
    private = message.chat.type == ChatType.PRIVATE
    text = texts.start if private else texts.start_group
    await context.reply(message, f"{text}\n\n{texts.start_more}")


async def help_(update: Update, context: Context) -> None:
    message, texts, user = message_of(update), context.texts, update.effective_user
    private = message.chat.type == ChatType.PRIVATE
    text = texts.help.format(
        photo=texts.help_photo if private else texts.help_photo_group,
        words=f"\n{texts.help_words}" if private else "",
    )
    if user and context.services.is_admin(user.id):
        text += f"\n\n{texts.help_admin}"
    await context.reply(message, text)


async def unknown(update: Update, context: Context) -> None:
    await context.reply(message_of(update), context.texts.unknown_command)


def message_of(update: Update) -> Message:
    """The update's new message."""
    assert update.message is not None  # what asks for it is registered for new messages only
    return update.message


def moved(context: Context, message: Message, command: str, text: str) -> str:
    """HTML: the answer to a former command, with a note on ``command``, which replaced it."""
    old = (message.text or "").split()[0].partition("@")[0]
    return f"{text}\n\n<i>{context.texts.moved.format(old=old, new=f'/{command}')}</i>"
