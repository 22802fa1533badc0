"""INSERT … ON CONFLICT, which SQLite and PostgreSQL share but SQLAlchemy spells per dialect.

The only place that knows which of the two is below. Two users at once cannot make these fail.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from storage.tables import Base


def _insert(session: AsyncSession, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


async def insert_missing(
    session: AsyncSession, table: type[Base], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert ``rows``, leaving out those that are there already (by any unique key)."""
    if rows:
        await session.execute(_insert(session, table).on_conflict_do_nothing(), list(rows))


async def insert_new(
    session: AsyncSession,
    table: type[Base],
    rows: Sequence[Mapping[str, Any]],
    *columns: InstrumentedAttribute[Any],
) -> set[tuple[Any, ...]]:
    """As ``insert_missing``; returns columns of those rows that were not there."""
    if not rows:
        return set()
    statement = _insert(session, table).on_conflict_do_nothing().returning(*columns)
    return {tuple(row) for row in await session.execute(statement, list(rows))}


async def inserted(
    session: AsyncSession,
    table: type[Base],
    row: Mapping[str, Any],
    column: InstrumentedAttribute[Any],
) -> bool:
    """Inserts a row unless it is there already (by any unique key); tells whether it was not.

    Args:
        column: any of the table that is never null.
    """
    statement = _insert(session, table).values(dict(row)).on_conflict_do_nothing()
    return await session.scalar(statement.returning(column)) is not None


async def insert_or_change(
    session: AsyncSession,
    table: type[Base],
    rows: Sequence[Mapping[str, Any]],
    *,
    keys: Sequence[str],
    change: Sequence[str],
) -> None:
    """Inserts ``rows``; of one whose ``keys`` are there, the columns ``change`` are overwritten."""
    if not rows:
        return
    statement = _insert(session, table)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=list(keys),
            set_={name: statement.excluded[name] for name in change},
        ),
        list(rows),
    )
