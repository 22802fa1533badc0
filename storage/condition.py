"""The condition of a database, examined without changing anything."""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from storage.backup import is_whole, set_aside
from storage.database import revision_at, sqlite_file
from storage.errors import NEWER, StorageError, explain
from storage.migrations.apply import revisions


@dataclass(frozen=True)
class Condition:
    """The condition of a usable database.

    Attributes:
        folder: where its file is; None for a database server.
        revision: of its tables; None if there is no database yet.
        newest: the revision that this version of tag4pic migrates it to.
        bytes: its size, including the WAL.
        set_aside: the databases beside it that ``db restore`` replaced.
    """

    folder: Path | None
    revision: str | None
    newest: str
    bytes: int = 0
    set_aside: Sequence[Path] = ()


async def condition_of(url: str) -> Condition:
    """Examines a database; reads an SQLite one completely.

    Raises:
        StorageError: why it cannot be used.
    """
    known = revisions()
    file = sqlite_file(url)
    try:
        revision = await revision_at(url) if file is None else _revision_of_sqlite(file)
    except PermissionError as error:
        raise explain(error) from error
    if revision is not None and revision not in known:
        raise StorageError(NEWER)
    if file is None:
        return Condition(None, revision, known[0])
    beside = (file, file.with_name(f"{file.name}-wal"))
    size = sum(one.stat().st_size for one in beside if one.exists())
    old = set_aside(file) if revision is not None else []
    return Condition(_nearest_folder(file), revision, known[0], size, old)


def _revision_of_sqlite(file: Path) -> str | None:
    folder = _nearest_folder(file)
    if not os.access(folder, os.W_OK):
        raise StorageError(f"{folder} cannot be written to: check the rights on it.")
    if not file.exists():
        return None
    if not os.access(file, os.W_OK):
        raise StorageError(f"{file} cannot be written to: check the rights on it.")
    try:
        with closing(
            sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=5)
        ) as connection:
            connection.isolation_level = None
            if not is_whole(connection):
                raise StorageError("The database file is damaged: restore it from a backup.")
            tables = "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
            if connection.execute(tables).fetchone() is None:
                if connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None:
                    return None
                raise StorageError("The file that DATABASE_URL names is not a tag4pic database.")
            revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            # Whether it can be written to, without writing.
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise explain(error) from error
    return str(revision[0]) if revision else None


def _nearest_folder(file: Path) -> Path:
    """The nearest folder above a file that exists."""
    return next(folder for folder in file.absolute().parents if folder.is_dir())
