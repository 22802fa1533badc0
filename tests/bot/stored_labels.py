"""What the database says that people taught."""

from sqlalchemy import select

from storage import sightings
from storage.database import Database
from storage.tables import Label
from tests.person import Message


async def stored_labels(database: Database, message: Message) -> list[list[str]]:
    """The hashtags stored for each photo of a message, in the order they were taught."""
    async with database.reading() as session:
        ids = await sightings.of_message(session, message["chat"]["id"], message["message_id"])
        labels = select(Label.photo_id, Label.hashtag).where(Label.removed_at.is_(None))
        rows = (await session.execute(labels.order_by(Label.id))).all()
    return [list(dict.fromkeys(tag for id_, tag in rows if id_ == one)) for one in ids]
