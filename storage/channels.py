"""Channels that have hashtags added to the captions of their photos; others have no row.

A channel's settings are for its captions only, and are deleted when it no longer wants any.
"""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import CaptionedChannel, Chat
from storage.upserts import insert_missing


async def adds_captions(session: AsyncSession, channel_id: int) -> bool:
    """Whether the channel wants hashtags in its captions."""
    query = select(CaptionedChannel.chat_id).where(CaptionedChannel.chat_id == channel_id)
    return await session.scalar(query) is not None


async def set_captions(session: AsyncSession, channel_id: int, *, on: bool) -> None:
    """Stores whether the channel wants hashtags in its captions."""
    if on:
        await insert_missing(session, CaptionedChannel, [{"chat_id": channel_id}])
    else:
        channel = CaptionedChannel.chat_id == channel_id
        await session.execute(delete(CaptionedChannel).where(channel))
        await session.execute(delete(Chat).where(Chat.id == channel_id))
