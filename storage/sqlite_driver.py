"""SQLite for SQLAlchemy's asyncio, with one visit to a connection's thread for each statement.

SQLAlchemy's own way goes there to make a cursor, to execute, to fetch and to close it, and again to
roll back what was just committed. A visit costs more than most of our statements.
"""

from collections import deque
from collections.abc import Sequence
from functools import partial
from sqlite3 import Connection as SqliteConnection
from typing import Any

from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection
from sqlalchemy.util import await_only

_OPENING = ("BEGIN", "PRAGMA synchronous =")
"""What begins a transaction goes along with the first statement in it."""


class Connection(AsyncAdapt_aiosqlite_connection):
    """A connection as SQLAlchemy takes it, whose cursors make one visit for each statement."""

    __slots__ = ("_is_idle", "_opening")

    def __init__(self, dbapi: Any, connection: Any) -> None:
        super().__init__(dbapi, connection)
        self._is_idle = False  # where True, no transaction is open for sure
        self._opening: list[str] = []

    def cursor(self, server_side: bool = False) -> Any:
        return super().cursor(True) if server_side else Cursor(self)

    def commit(self) -> None:
        self._begin_nothing()
        if not self._is_idle:
            super().commit()
            self._is_idle = True

    def rollback(self) -> None:
        # The pool asks for it whenever it gets a connection back.
        self._begin_nothing()
        if not self._is_idle:
            super().rollback()
            self._is_idle = True

    def opens(self, statement: str) -> None:
        """The statement comes before the next one; a BEGIN only if that is in its transaction."""
        self._opening.append(statement)

    def _begin_nothing(self) -> None:
        # What is not about one transaction, such as how safely it is written, is still to come.
        self._opening = [one for one in self._opening if not one.startswith("BEGIN")]

    async def run(self, method: str, statement: str, parameters: Sequence[Any]) -> Any:
        """What ``_run`` returns, from the connection's thread."""
        async with self._execute_mutex:
            self._is_idle = False
            opening, self._opening = self._opening, []
            run = partial(_run, self._connection._conn, opening)
            return await self._connection._execute(run, method, statement, parameters)


class Cursor:
    """A cursor (PEP 249) that has all rows of a statement once it is executed."""

    description: Any = None
    rowcount = -1
    lastrowid: int | None = None
    arraysize = 1

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: deque[Any] = deque()

    def execute(self, statement: str, parameters: Sequence[Any] | None = None) -> None:
        if statement.startswith(_OPENING):
            self._connection.opens(statement)
        else:
            self._run("execute", statement, parameters or ())

    def executemany(self, statement: str, parameters: Sequence[Sequence[Any]]) -> None:
        self._run("executemany", statement, parameters)

    def fetchone(self) -> Any:
        return self._rows.popleft() if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        count = min(self.arraysize if size is None else size, len(self._rows))
        return [self._rows.popleft() for _ in range(count)]

    def fetchall(self) -> list[Any]:
        rows = list(self._rows)
        self._rows.clear()
        return rows

    def close(self) -> None:
        self._rows.clear()

    async def _async_soft_close(self) -> None:
        """SQLAlchemy closes a cursor whose rows are yet to be read; this one is closed by then."""

    def _run(self, method: str, statement: str, parameters: Sequence[Any]) -> None:
        try:
            result = await_only(self._connection.run(method, statement, parameters))
        except Exception as error:
            self._connection._handle_exception(error)
        self.description, self.rowcount, self.lastrowid, rows = result
        self._rows.extend(rows)


def _run(
    connection: SqliteConnection,
    opening: Sequence[str],
    method: str,
    statement: str,
    parameters: Sequence[Any],
) -> tuple[Any, int, int | None, list[Any]]:
    """Executes a statement: its columns, how many rows it changed, the last row's id, its rows."""
    cursor = connection.cursor()
    try:
        for first in opening:
            cursor.execute(first)
        getattr(cursor, method)(statement, parameters)
        rows = cursor.fetchall() if cursor.description else []
        return cursor.description, cursor.rowcount, cursor.lastrowid, rows
    finally:
        cursor.close()
