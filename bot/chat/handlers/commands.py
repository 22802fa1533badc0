"""/start, /help, and the answer to unknown commands."""

from telegram import Message, Update

from bot.chat.services import Context


async def start(update: Update, context: Context) -> None:
    await context.reply(message_of(update), context.texts.start)


async def help_(update: Update, context: Context) -> None:
    text = context.texts.help
    user = update.effective_user
    if user and context.services.is_admin(user.id):
        text += f"\n\n{context.texts.help_admin}"
    await context.reply(message_of(update), text)


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
