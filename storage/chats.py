"""A chat's settings. A chat that has changed nothing has no row."""

from dataclasses import asdict, dataclass, replace

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import Chat
from storage.upserts import insert_or_change


@dataclass(frozen=True)
class ChatSettings:
    """What a chat has chosen. None: whatever the bot's default is."""

    chat_id: int
    backend: str | None = None
    count: int = 10
    style: str = "balanced"
    mix: str | None = None
    platform: str | None = None
    language: str | None = None


async def get(session: AsyncSession, chat_id: int) -> ChatSettings:
    """The chat's settings, defaults where it has chosen nothing."""
    own = (Chat.backend, Chat.count, Chat.style, Chat.mix, Chat.platform, Chat.language)
    row = (await session.execute(select(Chat.id, *own).where(Chat.id == chat_id))).one_or_none()
    return ChatSettings(*row) if row else ChatSettings(chat_id)


async def change(session: AsyncSession, chat_id: int, **fields: str | int | None) -> ChatSettings:
    """Set some of the settings and return all of them.

    Raises TypeError for a name that is no setting. Values are not judged here.
    """
    if "chat_id" in fields:
        raise TypeError("a chat keeps its id")
    settings = replace(ChatSettings(chat_id), **fields)  # type: ignore[arg-type]
    row = asdict(settings)
    row["id"] = row.pop("chat_id")
    await insert_or_change(session, Chat, [row], keys=["id"], change=list(fields) or ["id"])
    return await get(session, chat_id)
