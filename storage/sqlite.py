"""All that is said to SQLite alone: its pragmas, its files and how its transactions begin."""

import os
from contextlib import closing, suppress
from pathlib import Path
from sqlite3 import Error, connect
from typing import Any

from sqlalchemy import Connection, Engine, event

__all__ = ["WRITE", "WRITE_FOR_GOOD", "Error", "Files", "check", "empty_log", "prepare"]

WRITE = {"begin": "IMMEDIATE", "synchronous": "NORMAL"}
"""Execution options of an engine whose transactions write. A power cut may take the last ones."""

WRITE_FOR_GOOD = WRITE | {"synchronous": "FULL"}
"""The same where each commit reaches the disk: what was confirmed to a person must be kept."""

_BUSY_TIMEOUT = 15_000
_PRAGMAS = (
    f"PRAGMA busy_timeout = {_BUSY_TIMEOUT}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA foreign_keys = ON",
    # Forgetting means it: deleted rows are overwritten, not only unlinked.
    "PRAGMA secure_delete = ON",
)


def prepare(engine: Engine) -> None:
    """Set up every connection of ``engine``; call once, before the first."""
    event.listen(engine, "do_connect", _opened)
    event.listen(engine, "connect", _connect)
    event.listen(engine, "begin", _begin)


def check(file: Path) -> None:
    """Make the folder of the database's file and see that the file, if any, is SQLite's.

    A connection that fails inside the asynchronous driver leaves its thread talking to an event
    loop that may be gone; here it fails plainly. Raises OSError or ``Error``.
    """
    if not file.parent.exists():
        file.parent.mkdir(parents=True)
        file.parent.chmod(0o700)
    for path in (file.parent, file):
        if path.exists() and not os.access(path, os.W_OK):
            raise Error("attempt to write a readonly database")
    _only_ours(file)
    with closing(connect(file)) as connection:
        connection.execute("PRAGMA schema_version")


class Files:
    """The files of a database that is open: SQLite goes on writing to them when they are gone."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._wal = file.with_name(f"{file.name}-wal")
        self._inode = file.stat().st_ino
        # Where the file system takes no WAL there is none to miss.
        self._has_wal = self._wal.exists()

    @classmethod
    def of(cls, file: str | None) -> "Files | None":
        """Those of the database that a URL names by a path."""
        return cls(Path(file)) if file and Path(file).is_file() else None

    def are_there(self) -> bool:
        """Whether what is committed is where it will be looked for; ask while one is connected."""
        try:
            same = self._file.stat().st_ino == self._inode
        except OSError:
            return False
        return same and (self._wal.exists() or not self._has_wal)


def _only_ours(file: Path) -> None:
    """Lets nobody else on the machine read the file: what people taught and sent stands in it.

    SQLite gives the files beside it the same rights. Where the file is another's, nothing changes.
    """
    with suppress(FileExistsError, PermissionError, FileNotFoundError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL, 0o600))
    for one in (file, *(Path(f"{file}{ending}") for ending in ("-wal", "-shm"))):
        with suppress(OSError):
            one.chmod(one.stat().st_mode & ~0o077)


def empty_log(connection: Connection) -> bool:
    """Writes the log (``-wal``) into the file and cuts it to nothing; False: readers keep some."""
    connection.exec_driver_sql("COMMIT")  # a checkpoint is no part of a transaction
    connection.exec_driver_sql("PRAGMA busy_timeout = 200")
    try:
        busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
        return not busy
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT}")
        connection.exec_driver_sql("BEGIN")


def _opened(dialect: Any, _record: object, args: list[Any], options: dict[str, Any]) -> Any:
    # Imported only where SQLite is.
    from storage.sqlite_driver import Connection as Quick

    connection = dialect.dbapi.connect(*args, **options)
    return Quick(connection.dbapi, connection._connection)


def _connect(connection: Any, _record: object) -> None:
    # The driver's own habit of opening transactions late is switched off: ``_begin`` opens them.
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
