"""SQLite for SQLAlchemy's asyncio, with one round trip to a connection's thread per statement.

SQLAlchemy itself makes one each to create a cursor, execute, fetch and close it, and one more to
roll back what was just committed. A round trip costs more than most of our statements.
"""

from collections import deque
from collections.abc import Sequence
from functools import partial
from sqlite3 import Connection as SqliteConnection
from typing import Any

from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection
from sqlalchemy.util import await_only

_DEFERRED = ("BEGIN", "PRAGMA synchronous =")
"""Statements that begin a transaction; they are sent with the first statement in it."""


class Connection(AsyncAdapt_aiosqlite_connection):
    """SQLAlchemy's connection, with cursors that make one round trip per statement."""

    __slots__ = ("_deferred", "_is_idle")

    def __init__(self, dbapi: Any, connection: Any) -> None:
        super().__init__(dbapi, connection)
        self._is_idle = False  # True only if no transaction is open
        self._deferred: list[str] = []

    def cursor(self, server_side: bool = False) -> Any:
        return super().cursor(True) if server_side else Cursor(self)

    def commit(self) -> None:
        self._drop_begin()
        if not self._is_idle:
            super().commit()
            self._is_idle = True

    def rollback(self) -> None:
        # The pool calls this whenever it gets a connection back.
        self._drop_begin()
        if not self._is_idle:
            super().rollback()
            self._is_idle = True

    def defer(self, statement: str) -> None:
        """Sends a statement with the next one; a BEGIN only if that is in its transaction."""
        self._deferred.append(statement)

    def _drop_begin(self) -> None:
        # The pragma is not about this transaction alone, so it stays.
        self._deferred = [one for one in self._deferred if not one.startswith("BEGIN")]

    async def run(self, method: str, statement: str, parameters: Sequence[Any]) -> Any:
        """Calls ``_run`` in the connection's thread."""
        async with self._execute_mutex:
            self._is_idle = False
            deferred, self._deferred = self._deferred, []
            run = partial(_run, self._connection._conn, deferred)
            return await self._connection._execute(run, method, statement, parameters)


class Cursor:
    """A cursor (PEP 249) that fetches all rows of a statement as it executes it."""

    description: Any = None
    rowcount = -1
    lastrowid: int | None = None
    arraysize = 1

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: deque[Any] = deque()

    def execute(self, statement: str, parameters: Sequence[Any] | None = None) -> None:
        if statement.startswith(_DEFERRED):
            self._connection.defer(statement)
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
        """SQLAlchemy calls this to close a cursor with unread rows; this one is closed already."""

    def _run(self, method: str, statement: str, parameters: Sequence[Any]) -> None:
        try:
            result = await_only(self._connection.run(method, statement, parameters))
        except Exception as error:
            self._connection._handle_exception(error)
        self.description, self.rowcount, self.lastrowid, rows = result
        self._rows.extend(rows)


def _run(
    connection: SqliteConnection,
    deferred: Sequence[str],
    method: str,
    statement: str,
    parameters: Sequence[Any],
) -> tuple[Any, int, int | None, list[Any]]:
    """Executes a statement; returns its columns, row count, last row id and rows."""
    cursor = connection.cursor()
    try:
        for first in deferred:
            cursor.execute(first)
        getattr(cursor, method)(statement, parameters)
        rows = cursor.fetchall() if cursor.description else []
        return cursor.description, cursor.rowcount, cursor.lastrowid, rows
    finally:
        cursor.close()
