"""The condition of a database, examined without changing anything."""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from storage.backup import is_whole, set_aside
from storage.database import revision_at, sqlite_file
from storage.errors import NEWER, UNOPENABLE, StorageError, explain
from storage.migrations.apply import revisions
from storage.sqlite import is_empty, is_ours, real_file


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
        if file is None:
            revision = await revision_at(url)
        else:
            file = _where_it_leads(file)
            revision = _revision_of_sqlite(file)
    except PermissionError as error:
        raise explain(error) from error
    except OSError as error:  # a name that is too long
        raise StorageError(UNOPENABLE) from error
    if revision is not None and revision not in known:
        raise StorageError(NEWER)
    if file is None:
        return Condition(None, revision, known[0])
    beside = (file, file.with_name(f"{file.name}-wal"))
    size = sum(one.stat().st_size for one in beside if one.exists())
    old = set_aside(file) if revision is not None else []
    return Condition(_nearest_folder(file), revision, known[0], size, old)


def _where_it_leads(file: Path) -> Path:
    """The file itself where a path is a symbolic link, behind which SQLite makes no folder."""
    real = real_file(file)
    if real != file and not real.parent.is_dir():
        raise StorageError(UNOPENABLE)
    return real


def _revision_of_sqlite(file: Path) -> str | None:
    folder = _nearest_folder(file)
    if not os.access(folder, os.W_OK):
        raise StorageError(f"{folder} cannot be written to: check the rights on it.")
    if not file.exists():
        first = folder / file.absolute().relative_to(folder).parts[0]
        if os.path.lexists(first):  # a loop of links, or what should be a folder
            raise StorageError(UNOPENABLE)
        return None
    if not file.is_file():
        raise StorageError(UNOPENABLE)
    if not os.access(file, os.W_OK):
        raise StorageError(f"{file} cannot be written to: check the rights on it.")
    try:
        with closing(
            sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=5)
        ) as connection:
            connection.isolation_level = None
            if not is_whole(connection):
                raise StorageError("The database file is damaged: restore it from a backup.")
            if is_empty(connection):
                return None
            if not is_ours(connection):
                raise StorageError("The file that DATABASE_URL names is not a tag4pic database.")
            revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            # Whether it can be written to, without writing.
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise explain(error) from error
    return str(revision[0]) if revision else None


def _nearest_folder(file: Path) -> Path:
    """The nearest folder above a file that exists, of / itself /."""
    above = file.absolute().parents or (file,)
    return next(folder for folder in above if folder.is_dir())
