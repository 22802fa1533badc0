"""A group becomes a supergroup."""

from telegram import Update

from bot.chat.handlers.commands import message_of
from bot.chat.services import Context


async def moved(update: Update, context: Context) -> None:
    """A group has become a supergroup; both chats get an update, in either order."""
    message = message_of(update)
    if message.migrate_to_chat_id:
        await context.services.group_moved(message.chat_id, message.migrate_to_chat_id)
    elif message.migrate_from_chat_id:
        await context.services.group_moved(message.migrate_from_chat_id, message.chat_id)
