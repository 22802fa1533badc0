"""What is specific to SQLite: its pragmas, its files and how its transactions begin."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event

UNCONFIRMED = {"begin": "IMMEDIATE", "synchronous": "NORMAL"}
"""Execution options of an engine that writes, whose last commits may be lost in a power cut."""

CONFIRMED = UNCONFIRMED | {"synchronous": "FULL"}
"""The same, but each commit reaches the disk: what was confirmed to a person must not be lost."""

_BUSY_TIMEOUT = 15_000
_PRAGMAS = (
    f"PRAGMA busy_timeout = {_BUSY_TIMEOUT}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA foreign_keys = ON",
    # Deleted rows are overwritten, not only unlinked, so that they cannot be recovered.
    "PRAGMA secure_delete = ON",
)
_OURS = {"alembic_version", "photo_features", "recommendations", "sightings"}
"""Tables that every revision has. Other programs, too, have Alembic's."""


def prepare(engine: Engine) -> None:
    """Sets up every connection of ``engine``; call once, before the first."""
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)


def real_file(file: Path) -> Path:
    """What a symbolic link leads to, where SQLite puts its other files; else the path as it is.

    Raises:
        OSError: it cannot be looked up.
    """
    return Path(os.path.realpath(file)) if file.is_symlink() else file


def is_empty(connection: sqlite3.Connection) -> bool:
    """Whether a database has no tables."""
    return connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None


def is_ours(connection: sqlite3.Connection) -> bool:
    """Whether a database has our tables, of any revision."""
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {name for (name,) in names} >= _OURS


def check(file: Path) -> None:
    """Creates the folder of the database's file and checks that the file, if any, is ours.

    A connection that fails inside the asynchronous driver leaves a thread with an event loop that
    may be gone; here it fails plainly. Its end empties a WAL that a killed process left, in which
    deleted rows are still readable.

    Raises:
        OSError: the folder cannot be created.
        sqlite3.Error: the file cannot be written, or is another program's.
    """
    if not file.parent.exists():
        file.parent.mkdir(parents=True)
        file.parent.chmod(0o700)
    for path in (file.parent, file):
        if path.exists() and not os.access(path, os.W_OK):
            raise sqlite3.Error("attempt to write a readonly database")
    with suppress(FileExistsError, PermissionError, FileNotFoundError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(file)) as connection:
        if not is_empty(connection) and not is_ours(connection):
            raise sqlite3.Error("not a database of tag4pic")
    _only_ours(file)


class Files:
    """The files of an open database: SQLite goes on writing to them even once they are deleted."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._wal = file.with_name(f"{file.name}-wal")
        self._inode = file.stat().st_ino
        # On some file systems SQLite cannot use a WAL.
        self._has_wal = self._wal.exists()

    @classmethod
    def of(cls, file: str | None) -> "Files | None":
        """The files of the database that a URL names by a path."""
        return cls(Path(file)) if file and Path(file).is_file() else None

    def are_there(self) -> bool:
        """Whether commits still reach the database's path; ask while a connection is open."""
        try:
            same = self._file.stat().st_ino == self._inode
        except OSError:
            return False
        return same and (self._wal.exists() or not self._has_wal)


def _only_ours(file: Path) -> None:
    """Makes the file unreadable for other users: it holds what people taught and sent.

    SQLite gives the files beside it the same permissions. Another owner's file stays as it is.
    """
    for one in (file, *(Path(f"{file}{ending}") for ending in ("-wal", "-shm"))):
        with suppress(OSError):
            if one.is_file():
                one.chmod(one.stat().st_mode & ~0o077)


def empty_log(connection: Connection) -> bool:
    """Writes the WAL into the file and truncates it; False if readers hold on to parts of it."""
    connection.exec_driver_sql("COMMIT")  # a checkpoint is no part of a transaction
    connection.exec_driver_sql("PRAGMA busy_timeout = 200")
    try:
        busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
        return not busy
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT}")
        connection.exec_driver_sql("BEGIN")


def _connect(dialect: Any, _record: object, args: list[Any], options: dict[str, Any]) -> Any:
    # Imported only with SQLite.
    from storage.sqlite_driver import Connection as Quick

    connection = dialect.dbapi.connect(*args, **options)
    return Quick(connection.dbapi, connection._connection)


def _set_pragmas(connection: Any, _record: object) -> None:
    # The driver must not begin transactions itself: ``_begin`` does.
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        for pragma in _PRAGMAS:
            cursor.execute(pragma)
    finally:
        cursor.close()


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    synchronous = options.get("synchronous", "NORMAL")
    if connection.info.get("synchronous") != synchronous:
        connection.exec_driver_sql(f"PRAGMA synchronous = {synchronous}")
        connection.info["synchronous"] = synchronous
    connection.exec_driver_sql(f"BEGIN {options.get('begin', 'DEFERRED')}")
