"""Messages to be sent, from the transaction that stores their cause until they have arrived.

A message is in the outbox before it is sent, so none is lost with the process. Its row counts each
request before it goes out, so that after a restart it is known that it may have arrived.
"""

from collections.abc import Collection

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage import recommendations, sightings
from storage.receipts import Receipt
from storage.tables import OutgoingMessage, Photo


async def put(session: AsyncSession, message: OutgoingMessage) -> int:
    """Stores a message to be sent, and returns its row's id."""
    session.add(message)
    await session.flush()
    return message.id


async def waiting(session: AsyncSession, bot_id: int) -> list[OutgoingMessage]:
    """The messages that have not arrived as far as is known, oldest first."""
    query = select(OutgoingMessage).where(OutgoingMessage.bot_id == bot_id)
    return list(await session.scalars(query.order_by(OutgoingMessage.id)))


async def stored(session: AsyncSession, row_ids: Collection[int]) -> dict[int, OutgoingMessage]:
    """By id, those of some messages that are not known to have arrived."""
    query = select(OutgoingMessage).where(OutgoingMessage.id.in_(row_ids))
    return {message.id: message for message in await session.scalars(query)}


async def counted(
    session: AsyncSession, row_id: int, change: int, replica: int | None = None
) -> bool:
    """Counts a request for a message that goes out (``change`` 1) or certainly failed (-1).

    Args:
        replica: which sends it, of several.

    Returns:
        Whether the message is still to be sent, by that replica.
    """
    row = update(OutgoingMessage).where(OutgoingMessage.id == row_id)
    if replica is not None:
        row = row.where(OutgoingMessage.replica == replica)
    unsure = OutgoingMessage.unsure + change
    row_ids = await session.scalars(row.values(unsure=unsure).returning(OutgoingMessage.id))
    return row_ids.first() is not None


async def arrived(session: AsyncSession, message: OutgoingMessage, receipt: Receipt) -> None:
    """Removes a message that has arrived, and stores which answer and photos it is about.

    Does nothing if it was withdrawn meanwhile: its person had everything deleted.
    """
    if not await drop(session, message.id):
        return
    chat_id, message_id = receipt.chat_id, receipt.message_id
    answer_id, photo_ids = message.answer_id, message.photo_ids
    if answer_id is not None:
        await recommendations.set_message(session, answer_id, message_id)
    if answer_id is None or len(photo_ids) > 1:  # with its only photo, an answer is deleted too
        there = set(await session.scalars(select(Photo.id).where(Photo.id.in_(photo_ids))))
        photo_ids = [one for one in photo_ids if one in there]
    await sightings.answered(session, chat_id=chat_id, message_id=message_id, photo_ids=photo_ids)


async def drop(session: AsyncSession, row_id: int) -> bool:
    """Removes a message; returns whether it was still to be sent."""
    row = delete(OutgoingMessage).where(OutgoingMessage.id == row_id)
    row_ids = await session.scalars(row.returning(OutgoingMessage.id))
    return row_ids.first() is not None
