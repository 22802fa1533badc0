"""Tables of earlier versions."""

from alembic import command
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.migrations.apply import config


async def downgrade(connection: AsyncConnection, revision: str) -> None:
    await connection.run_sync(lambda sync: command.downgrade(config(sync), revision))


async def upgrade(connection: AsyncConnection, revision: str = "head") -> None:
    await connection.run_sync(lambda sync: command.upgrade(config(sync), revision))
