"""What waits in the outbox of a bot."""

import asyncio
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from storage import Database
from storage.tables import OutgoingMessage


async def until(condition: Callable[[], Any]) -> None:
    """Waits until something is so."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def outgoing(database: Database) -> list[OutgoingMessage]:
    """The messages that are not known to have arrived."""
    async with database.reading() as session:
        return list(await session.scalars(select(OutgoingMessage)))


async def is_empty(database: Database) -> None:
    """Waits until nothing waits to be sent."""
    async with asyncio.timeout(60):
        while await outgoing(database):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
