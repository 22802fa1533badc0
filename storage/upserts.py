"""INSERT … ON CONFLICT, which SQLite and PostgreSQL share but SQLAlchemy spells per dialect.

Two users at once cannot make these fail.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import sqlalchemy
from sqlalchemy import Executable, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.dml import ReturningInsert

from storage.tables import Base

Result = TypeVar("Result")


def columns_of(table: type[Base]) -> Table:
    """The table of a model: writing rows through the model takes several times as long."""
    assert isinstance(table.__table__, Table)
    return table.__table__


async def insert(
    session: AsyncSession,
    table: type[Base],
    row: Mapping[str, Any],
    column: InstrumentedAttribute[Result],
) -> Result:
    """Inserts a row and returns its value of ``column``, such as the id that it got."""
    value: Result = (await session.execute(_inserting(table, column), dict(row))).scalar_one()
    return value


@cache
def _inserting(table: type[Base], column: InstrumentedAttribute[Result]) -> ReturningInsert[Any]:
    return sqlalchemy.insert(columns_of(table)).returning(column)


def _dialect(session: AsyncSession) -> str:
    name: str = session.get_bind().dialect.name
    return name


def _insert(dialect: str, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    if dialect == "postgresql":
        return postgresql.insert(columns_of(table))
    return sqlite.insert(columns_of(table))


@cache
def _inserting_missing(
    dialect: str, table: type[Base], *columns: InstrumentedAttribute[Any]
) -> Executable:
    statement = _insert(dialect, table).on_conflict_do_nothing()
    return statement.returning(*columns) if columns else statement


async def insert_missing(
    session: AsyncSession, table: type[Base], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Inserts ``rows``, leaving out those that are there already (by any unique key)."""
    if rows:
        await session.execute(_inserting_missing(_dialect(session), table), list(rows))


async def insert_new(
    session: AsyncSession,
    table: type[Base],
    rows: Sequence[Mapping[str, Any]],
    *columns: InstrumentedAttribute[Any],
) -> set[tuple[Any, ...]]:
    """As ``insert_missing``; returns columns of those rows that were not there."""
    if not rows:
        return set()
    statement = _inserting_missing(_dialect(session), table, *columns)
    return {tuple(row) for row in await session.execute(statement, list(rows))}


async def insert_or_change(
    session: AsyncSession,
    table: type[Base],
    rows: Sequence[Mapping[str, Any]],
    *,
    keys: Sequence[str],
    change: Sequence[str],
) -> None:
    """Inserts ``rows``; where a row's ``keys`` exist, overwrites its columns ``change``."""
    if not rows:
        return
    statement = _inserting_or_changing(_dialect(session), table, tuple(keys), tuple(change))
    await session.execute(statement, list(rows))


@cache
def _inserting_or_changing(
    dialect: str, table: type[Base], keys: tuple[str, ...], change: tuple[str, ...]
) -> postgresql.Insert | sqlite.Insert:
    statement = _insert(dialect, table)
    return statement.on_conflict_do_update(
        index_elements=list(keys), set_={name: statement.excluded[name] for name in change}
    )
