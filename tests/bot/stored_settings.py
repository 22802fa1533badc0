"""What a chat has chosen, as the database has it."""

from storage import chats
from storage.chat_settings import ChatSettings
from tests.bot.running import Running


async def chosen(bot: Running, chat_id: int = 1_000) -> ChatSettings:
    async with bot.database.reading() as session:
        return await chats.get(session, chat_id)
