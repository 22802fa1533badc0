"""A chat's settings. A chat that has changed nothing has no row."""

from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.chat_settings import ChatSettings
from storage.tables import Chat
from storage.upserts import insert_or_change

COLUMNS = tuple(
    getattr(Chat, field.name) for field in fields(ChatSettings) if field.name != "chat_id"
)


def settings_of(chat_id: int, row: Sequence[Any]) -> ChatSettings:
    """The settings of ``COLUMNS``, all None where the chat has no row."""
    chosen = dict(zip((column.key for column in COLUMNS), row, strict=True))
    own_hashtags = tuple(chosen.pop("own_hashtags") or ())
    return ChatSettings(chat_id, **chosen, own_hashtags=own_hashtags)


async def get(session: AsyncSession, chat_id: int) -> ChatSettings:
    """The chat's settings, defaults where it has chosen nothing."""
    row = (await session.execute(select(*COLUMNS).where(Chat.id == chat_id))).one_or_none()
    return ChatSettings(chat_id) if row is None else settings_of(chat_id, row)


async def change(
    session: AsyncSession, chat_id: int, **chosen: str | int | Sequence[str] | None
) -> ChatSettings:
    """Sets some of the settings, whose values are not checked here, and returns all of them.

    Raises:
        TypeError: a name is no setting's.
    """
    settings = replace(ChatSettings(chat_id), **chosen)  # type: ignore[arg-type]
    row = asdict(settings)
    row["id"] = row.pop("chat_id")
    row["own_hashtags"] = list(row["own_hashtags"]) or None
    await insert_or_change(session, Chat, [row], keys=["id"], change=list(chosen) or ["id"])
    return await get(session, chat_id)
