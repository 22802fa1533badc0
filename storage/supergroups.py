"""A group that becomes a supergroup gets a new number: moves its rows to that."""

from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import Base, Chat, User, WaitingUpdate


async def move(session: AsyncSession, group_id: int, supergroup_id: int) -> None:
    """Moves all rows of the group to the supergroup; repeating it changes nothing.

    A supergroup numbers its messages from one again, so the group's message ids become negative,
    which no message of the supergroup has.
    """
    for table in Base.metadata.sorted_tables:
        columns = table.columns
        # Waiting updates stay the group's: a replica may be handling them.
        if "chat_id" in columns and table is not WaitingUpdate.__table__:
            values: dict[str, Any] = {"chat_id": supergroup_id}
            if "message_id" in columns:
                values["message_id"] = -columns["message_id"]
            if "reply_to" in columns:
                values |= {"reply_to": None, "thread_id": None}
            of_group = update(table).where(columns["chat_id"] == group_id)
            await session.execute(of_group.values(values))
        if "user_id" in columns:
            # Anonymous admins have the group's number as theirs.
            by_group = update(table).where(columns["user_id"] == group_id)
            await session.execute(by_group.values(user_id=supergroup_id))
    for model in (Chat, User):
        there = await session.scalar(select(model.id).where(model.id == supergroup_id))
        old = model.id == group_id
        # What the supergroup has chosen for itself in the meantime wins.
        if there is None:
            await session.execute(update(model).where(old).values(id=supergroup_id))
        else:
            await session.execute(delete(model).where(old))
