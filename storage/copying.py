"""Copies a database into another, empty one: from SQLite to PostgreSQL, or back."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import Table, func, insert, select, text, tuple_
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from storage import outbox, users
from storage.database import Database
from storage.errors import StorageError, explain
from storage.receipts import Receipt, Receipts
from storage.tables import Base, User

_AT_A_TIME = 1000
_DIGEST = 16

Progress = Callable[[str, int, int], None]
"""Called with a table, how many of its rows are copied, and how many there are."""


@dataclass(frozen=True)
class Copied:
    """What both databases have of a table.

    Attributes:
        checksum: of all values of all rows, in whatever order the database has them.
    """

    table: str
    rows: int
    checksum: str


async def copy(source: Database, target: Database, progress: Progress) -> list[Copied]:
    """Copies everything and reads it back; a target whose copy fails stays empty.

    It is one transaction of the target, and reads the source as of one moment.

    Raises:
        StorageError: where the target is not empty, or what is read back is not the same.
    """
    async with source.reading() as reading, target.session() as writing:
        if _is_postgresql(reading):
            await reading.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        for table in Base.metadata.sorted_tables:
            if await _count(writing, table):
                raise StorageError("The database to copy to is not empty: nothing was copied.")
        copied = [
            await _copy(reading, writing, table, progress) for table in Base.metadata.sorted_tables
        ]
        await _take_out_arrived(writing, Receipts(source.file).read())
        if _is_postgresql(writing):
            await writing.execute(text("ANALYZE"))  # else queries are planned for empty tables
    return copied


async def _take_out_arrived(session: AsyncSession, receipts: Sequence[Receipt]) -> None:
    """Takes messages out of the copy that have arrived, which the source does not know yet."""
    waiting = await outbox.stored(session, [receipt.row_id for receipt in receipts])
    for receipt in receipts:
        if receipt.row_id in waiting:
            await outbox.arrived(session, waiting[receipt.row_id], receipt)


async def _copy(
    reading: AsyncSession, writing: AsyncSession, table: Table, progress: Progress
) -> Copied:
    total = await _count(reading, table)
    rows, checksum = 0, 0
    progress(table.name, rows, total)
    async for batch in _batches(reading, table):
        if table is User.__table__:  # earlier versions stored languages of any length
            batch = [row | {"language": users.fitting(row["language"])} for row in batch]
        try:
            await writing.execute(insert(table), batch)
        except DBAPIError as error:
            where = f"It is in the table {table.name}: nothing was copied."
            raise StorageError(f"{explain(error)} {where}") from error
        rows, checksum = rows + len(batch), _added(checksum, batch)
        progress(table.name, rows, total)
    await _copy_counter(reading, writing, table)
    rows_read, checksum_read = 0, 0
    async for batch in _batches(writing, table):
        rows_read, checksum_read = rows_read + len(batch), _added(checksum_read, batch)
    if (rows_read, checksum_read) != (rows, checksum):
        raise StorageError(f"The copy of {table.name} is not the same: nothing was copied.")
    return Copied(table.name, rows, f"{checksum:0{2 * _DIGEST}x}")


async def _count(session: AsyncSession, table: Table) -> int:
    return await session.scalar(select(func.count()).select_from(table)) or 0


async def _batches(session: AsyncSession, table: Table) -> AsyncIterator[list[dict[str, Any]]]:
    """All rows in the order of their primary key, from which each next batch goes on."""
    keys = list(table.primary_key.columns)
    query = select(table).order_by(*keys).limit(_AT_A_TIME)
    after = query
    while batch := [dict(row) for row in (await session.execute(after)).mappings()]:
        yield batch
        last = [batch[-1][key.name] for key in keys]
        after = query.where(tuple_(*keys) > tuple_(*last))


def _added(checksum: int, batch: list[dict[str, Any]]) -> int:
    """Adds the rows' digests: a sum, since databases sort text differently."""
    for row in batch:
        values = json.dumps(list(row.values()), default=_plain, ensure_ascii=False)
        digest = blake2b(values.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).digest()
        checksum += int.from_bytes(digest)
    return checksum % (1 << 8 * _DIGEST)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return bytes(value).hex()


async def _copy_counter(reading: AsyncSession, writing: AsyncSession, table: Table) -> None:
    """Makes the target give new rows ids that the source never used."""
    column = table.autoincrement_column
    if column is None:
        return
    last = await _last_id(reading, table, column.name)
    names = {"table": table.name, "column": column.name, "last": last}
    if last and _is_postgresql(writing):
        sequence = "pg_get_serial_sequence(:table, :column)"
        await writing.execute(text(f"SELECT setval({sequence}, :last)"), names)
    elif last and table.dialect_options["sqlite"]["autoincrement"]:
        # A table that never had a row has no row there to update.
        deleting = text("DELETE FROM sqlite_sequence WHERE name = :table")
        await writing.execute(deleting, names)
        adding = text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :last)")
        await writing.execute(adding, names)


async def _last_id(session: AsyncSession, table: Table, column: str) -> int:
    highest = await session.scalar(select(func.max(table.c[column]))) or 0
    names = {"table": table.name, "column": column}
    if _is_postgresql(session):
        name = await session.scalar(text("SELECT pg_get_serial_sequence(:table, :column)"), names)
        counter = f"SELECT last_value FROM {name} WHERE is_called"
    elif table.dialect_options["sqlite"]["autoincrement"]:
        counter = "SELECT seq FROM sqlite_sequence WHERE name = :table"
    else:
        return highest
    return max(highest, await session.scalar(text(counter), names) or 0)


def _is_postgresql(session: AsyncSession) -> bool:
    return session.get_bind().dialect.name == "postgresql"
