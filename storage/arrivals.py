"""One query for all that is looked up when photos arrive: the chat, the block list, the files."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.chat_settings import ChatSettings
from storage.chats import COLUMNS, settings_of
from storage.moderation import VERSION, Version
from storage.tables import Chat, PhotoFile


@dataclass(frozen=True)
class Arrival:
    """What is stored when photos arrive.

    Attributes:
        blocklist: its version.
        photos: ids of known photos by ``file_unique_id``.
    """

    chat: ChatSettings
    blocklist: Version
    photos: dict[str, int]


async def read(session: AsyncSession, chat_id: int, files: Collection[str]) -> Arrival:
    """What is known of a chat and of files, by Telegram's ``file_unique_id``."""
    rows = (await session.execute(_query(), {"chat_id": chat_id, "files": list(files)})).all()
    words, last_at, *_ = rows[0]
    return Arrival(
        settings_of(chat_id, rows[0][4:]),
        Version(words, last_at),
        {row.file_unique_id: row.photo_id for row in rows if row.file_unique_id is not None},
    )


@cache
def _query() -> Select[Any]:
    """The query of ``read``, cached: building it takes longer than running it."""
    one = select(literal(1).label("one")).subquery()
    return (
        select(*VERSION, PhotoFile.file_unique_id, PhotoFile.photo_id, *COLUMNS)
        .select_from(one)
        .outerjoin(Chat, Chat.id == bindparam("chat_id"))
        .outerjoin(PhotoFile, PhotoFile.file_unique_id.in_(bindparam("files")))
    )
