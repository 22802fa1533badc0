"""A group that becomes a supergroup gets a new number: what is stored of it goes along."""

from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import Base, Chat, User, WaitingUpdate


async def move(session: AsyncSession, group_id: int, supergroup_id: int) -> None:
    """Gives everything of the group to the supergroup; doing it again changes nothing.

    A supergroup numbers its messages from one again, so the numbers of the group's own become
    negative, and stand for no message of the supergroup.
    """
    for table in Base.metadata.sorted_tables:
        columns = table.columns
        # What waits to be handled stays that of the group, which a replica may be at.
        if "chat_id" in columns and table is not WaitingUpdate.__table__:
            values: dict[str, Any] = {"chat_id": supergroup_id}
            if "message_id" in columns:
                values["message_id"] = -columns["message_id"]
            if "reply_to" in columns:
                values |= {"reply_to": None, "thread_id": None}
            of_group = update(table).where(columns["chat_id"] == group_id)
            await session.execute(of_group.values(values))
        if "user_id" in columns:
            # Its anonymous admins go by the group's number.
            by_group = update(table).where(columns["user_id"] == group_id)
            await session.execute(by_group.values(user_id=supergroup_id))
    for model in (Chat, User):
        there = await session.scalar(select(model.id).where(model.id == supergroup_id))
        old = model.id == group_id
        # What the supergroup has chosen for itself in the meantime holds.
        if there is None:
            await session.execute(update(model).where(old).values(id=supergroup_id))
        else:
            await session.execute(delete(model).where(old))
