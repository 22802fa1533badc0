"""What the bot says about itself, and to what it does not understand."""

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
    """The message that holds a command."""
    assert update.message is not None  # the handlers are registered for new messages only
    return update.message


def moved(context: Context, message: Message, command: str, text: str) -> str:
    """HTML: an answer to a command of old, and what it is called now."""
    old = (message.text or "").split()[0].partition("@")[0]
    return f"{text}\n\n<i>{context.texts.moved.format(old=old, new=f'/{command}')}</i>"
