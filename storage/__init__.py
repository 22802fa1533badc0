"""What the bot remembers: chats, photos (hashes and features, never pictures), answers, labels.

Every module is a handful of functions over one or two tables that take an ``AsyncSession``::

    database = await Database.open("sqlite+aiosqlite:///data/tag4pic.db")
    async with database.session() as session:
        settings = await chats.change(session, chat_id, backend="als")
    await database.close()

All times are UTC. A failure of the database itself is always a ``StorageError``.
"""

from typing import TYPE_CHECKING

from storage.errors import StorageError

if TYPE_CHECKING:
    from storage.database import Database

__all__ = ["Database", "StorageError"]


def __getattr__(name: str) -> "type[Database]":
    """Imports ``Database`` on demand, so that the block list can be read without SQLAlchemy."""
    if name != "Database":
        raise AttributeError(f"module {__name__} has no attribute {name}")
    from storage.database import Database

    return Database
