"""What waits in the outbox of a bot."""

from sqlalchemy import select

from storage import Database
from storage.tables import OutgoingMessage
from tests.waiting import until


async def outgoing(database: Database) -> list[OutgoingMessage]:
    """The messages that are not known to have arrived."""
    async with database.reading() as session:
        return list(await session.scalars(select(OutgoingMessage)))


async def waiting(database: Database, *unsure: int) -> bool:
    """Whether so many messages wait, each sent so often without knowing whether it arrived."""
    return [one.unsure for one in await outgoing(database)] == list(unsure)


async def filled(database: Database, messages: int, seconds: float) -> None:
    """Waits until so many wait, or more, for so long at most."""

    async def enough() -> bool:
        return len(await outgoing(database)) >= messages

    await until(enough, seconds)


async def is_empty(database: Database) -> None:
    """Waits until nothing waits to be sent."""
    await until(lambda: waiting(database))
