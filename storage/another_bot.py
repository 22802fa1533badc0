"""Another bot on the same database: private chats and basic groups number its messages anew."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import HandledUpdate, Recommendation, Sighting, now

LOCAL = 2**52
"""Bots of local chats have ids from here on, which Telegram gives to none."""

SUPERGROUPS = -1_000_000_000_000
"""Supergroups and channels have smaller ids; a message of theirs has one number for everybody."""


async def number_anew(session: AsyncSession, bot_id: int) -> None:
    """If another bot was the last to handle an update, no message keeps the number it had there.

    It gets a negative one instead, which no message of this bot has. Bots of local chats do not
    count: they number messages by the time, as no other does.
    """
    if bot_id >= LOCAL:
        return
    # What is dated later than now is of a time when the clock was ahead.
    handled = select(HandledUpdate.bot_id).where(
        HandledUpdate.bot_id < LOCAL, HandledUpdate.at <= now()
    )
    last = handled.order_by(HandledUpdate.at.desc()).limit(1)
    if await session.scalar(last) in (None, bot_id):
        return
    for table in (Sighting, Recommendation):
        theirs = (table.chat_id > SUPERGROUPS, table.message_id > 0)
        await session.execute(update(table).where(*theirs).values(message_id=-table.id))
