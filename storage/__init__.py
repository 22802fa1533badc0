"""What the bot remembers: chats, photos (hashes and features, never pictures), answers, labels.

Every module is a handful of functions over one table or two, each given an ``AsyncSession``::

    database = await Database.open("sqlite+aiosqlite:///data/tag4pic.db")
    async with database.session() as session:
        settings = await chats.change(session, chat_id, backend="als")
    await database.close()

All times are UTC. A failure of the database itself is always a ``StorageError``.
"""

from storage.database import Database
from storage.errors import StorageError

__all__ = ["Database", "StorageError"]
