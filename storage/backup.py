"""Backs up an SQLite database while it is in use, and restores one.

The latest writes are in the WAL, so a copy of the database file alone lacks them. SQLite's own
backup copies everything as of one moment, while others go on writing.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from storage import receipts
from storage.database import sqlite_file
from storage.errors import StorageError
from storage.migrations.apply import revisions
from storage.sqlite import is_ours, real_file

_BEFORE = ".before-"
"""Between a database's name and the time, in the name of one that was replaced."""

BESIDE = ("-wal", "-shm", "-journal", receipts.ENDING)
"""Endings of the files beside the database that belong to it: SQLite's, and ours."""


class BackupError(StorageError):
    """Why nothing was copied or put back; the message is a sentence for people."""


@dataclass(frozen=True)
class DatabaseFile:
    """A whole database in one file.

    Attributes:
        revision: of its tables, such as ``0010``.
        bytes: its size.
        left_out: how many updates and answers waited in the backup that it was restored from.
    """

    path: Path
    revision: str
    bytes: int
    left_out: int = 0


def back_up(url: str, file: Path) -> DatabaseFile:
    """Copies the database at ``url`` to ``file``, whole or not at all, readable by its owner alone.

    A backup that is there already is replaced; a bot may write meanwhile.

    Raises:
        BackupError: where there is nothing to copy, or ``file`` cannot be written.
    """
    database = _file_of(url)
    _check_access(database)
    if not database.is_file():
        raise BackupError(f"There is no database yet: {database} does not exist.")
    with _errors_explained(file):
        file = real_file(file)
        _check_no_other(file, database)
    with _copied(database, file, checked=False) as copy, _errors_explained(file):
        copy.path.replace(file)
    _flush(file.parent)
    return DatabaseFile(file, copy.revision, copy.bytes)


def restore(url: str, file: Path) -> tuple[DatabaseFile, Path | None]:
    """Replaces the database at ``url`` by ``file``, whole or not at all.

    What waited for an answer when the backup was made is left out: it has been answered since, and
    would be again.

    Returns:
        The database, and where the previous one is now, if there was one.

    Raises:
        BackupError: if this version cannot open ``file`` as a database, or a bot or another
            program uses the database.
    """
    database = _file_of(url)
    _check_access(database)
    try:
        is_file = file.is_file()
    except OSError as error:
        raise BackupError(f"{file} cannot be read ({error.strerror}).") from error
    if not is_file:
        raise BackupError(f"{file} does not exist, or is not a file.")
    with _errors_explained(database):
        database = real_file(database)
        if os.path.lexists(database) and not database.is_file():
            raise BackupError(f"DATABASE_URL names {database}, which is not a file.")
        if database.exists() and file.samefile(database):
            raise BackupError(f"{file} is the database itself: name a backup.")
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _copied(file, database, checked=True) as copy:
        _give_to_owner_of(database if database.exists() else database.parent, copy.path)
        before = _set_aside(database)
        with _errors_explained(database):
            copy.path.replace(database)
    _flush(database.parent)
    return replace(copy, path=database), before


def _file_of(url: str) -> Path:
    file = sqlite_file(url)
    if file is None:
        raise BackupError(
            "DATABASE_URL names no SQLite file. A PostgreSQL database is copied with "
            "pg_dump --format=custom --exclude-table-data=inbox --exclude-table-data=outbox "
            "--file FILE NAME, and put back into an empty database with "
            "pg_restore --dbname NAME --exit-on-error FILE."
        )
    return file


def _check_access(database: Path) -> None:
    try:
        database.exists()
    except PermissionError:
        raise BackupError(
            f"{database.parent} is another user's: do this as the user that runs the bot, such as "
            "with sudo -u tag4pic."
        ) from None
    except OSError as error:  # a name that is too long
        raise BackupError(
            f"{database}, which DATABASE_URL names, cannot be a file ({error.strerror})."
        ) from error


def _check_no_other(file: Path, database: Path) -> None:
    """Refuses a backup to ``file`` where something else is."""
    if file.is_dir():
        raise BackupError(f"{file} is a folder: name a file in it.")
    if not os.path.lexists(file):
        return
    if not file.is_file():  # a device, a pipe, a loop of links
        raise BackupError(f"{file} exists and is not a file: name another.")
    if file.samefile(database):
        raise BackupError(f"{file} is the database itself: name another file.")
    if not _is_ours(file):
        raise BackupError(f"{file} exists and is not a backup: name another file.")


@contextmanager
def _copied(source: Path, place: Path, *, checked: bool) -> Iterator[DatabaseFile]:
    """A copy in the folder of ``place``, deleted at the end unless it was moved away."""
    partial = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        with _errors_explained(place):
            partial.unlink(missing_ok=True)  # a killed process with the same number left it
            os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            with closing(_reading(source)) as old:
                _check_is_database(old, source)
                with closing(sqlite3.connect(partial)) as new:
                    # In one step: in several, a bot's writes would make it start over.
                    old.backup(new)
                    # One file, without a WAL beside it.
                    new.execute("PRAGMA journal_mode = DELETE")
                    revision = _checked(new, source) if checked else _revision(new, source)
                    left_out = _empty_queues(new) if checked else 0
        except (sqlite3.Error, OSError) as error:
            raise _explained(error, source, place) from error
        _flush(partial)
        yield DatabaseFile(partial, revision, partial.stat().st_size, left_out)
    finally:
        for name in (partial, *(partial.with_name(partial.name + end) for end in BESIDE)):
            with suppress(OSError):  # nothing is there if nothing could be written
                name.unlink()


def _reading(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=15)


def _check_is_database(connection: sqlite3.Connection, file: Path) -> None:
    try:
        connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.DatabaseError as error:
        if "not a database" in str(error):
            raise BackupError(f"{file} is not a tag4pic database.") from error
        raise


def _revision(connection: sqlite3.Connection, file: Path) -> str:
    row = None
    if is_ours(connection):
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if row is None:
        raise BackupError(f"{file} is not a tag4pic database.")
    return str(row[0])


def _checked(connection: sqlite3.Connection, file: Path) -> str:
    revision = _revision(connection, file)
    if revision not in revisions():
        raise BackupError(f"{file} was made by a newer version of tag4pic: update tag4pic.")
    if not is_whole(connection):
        raise BackupError(f"{file} is damaged: take another backup.")
    return revision


def _empty_queues(connection: sqlite3.Connection) -> int:
    """Deletes the updates and answers that wait, and returns how many."""
    connection.execute("PRAGMA secure_delete = ON")
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master")]
    queues = [name for name in ("inbox", "outbox") if name in tables]  # early versions had none
    gone = sum(connection.execute(f"DELETE FROM {queue}").rowcount for queue in queues)
    connection.commit()
    return gone


def is_whole(connection: sqlite3.Connection) -> bool:
    """Whether SQLite finds nothing damaged; reads the whole file."""
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()
    return bool(verdict) and verdict[0] == "ok"


def _is_ours(file: Path) -> bool:
    try:
        with closing(_reading(file)) as connection:
            _revision(connection, file)
    except (sqlite3.Error, BackupError):
        return file.stat().st_size == 0
    return True


def _give_to_owner_of(path: Path, file: Path) -> None:
    """Gives a file the owner of another, who may be the bot's user where root restores."""
    owner = path.stat()
    if hasattr(os, "chown"):
        with suppress(PermissionError):
            os.chown(file, owner.st_uid, owner.st_gid)


def _set_aside(database: Path) -> Path | None:
    """Renames the database that is to be replaced, if any, and what is left beside it."""
    is_there = database.exists()
    if is_there:
        _check_unused(database)
    aside = database.with_name(f"{database.name}{_BEFORE}{datetime.now(UTC):%Y%m%d-%H%M%S-%f}")
    with _errors_explained(database):
        if is_there:
            try:
                os.link(database, aside)
            except OSError:  # no hard links here
                database.rename(aside)
            aside.chmod(0o600)
        # The WAL of one database damages another, also that of one whose file was deleted.
        for end in BESIDE:
            with suppress(FileNotFoundError):
                database.with_name(database.name + end).rename(f"{aside}{end}")
    return aside if is_there else None


def set_aside(database: Path) -> list[Path]:
    """The databases that ``restore`` replaced and that are still beside it, the oldest first."""
    return sorted(
        file
        for file in database.parent.iterdir()
        if file.name.startswith(f"{database.name}{_BEFORE}") and not file.name.endswith(BESIDE)
    )


def _check_unused(database: Path) -> None:
    """Refuses if anybody is using the database."""
    try:
        with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as connection:
            # Granted only if nobody else is connected; moves the WAL's content into the file.
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise BackupError(
                "A bot, or another program, is using the database: stop it, then restore again. "
                "Nothing was changed."
            ) from error
        raise _explained(error, database, database) from error
    except sqlite3.DatabaseError:
        pass  # Damaged, which may be why another is put in its place.


@contextmanager
def _errors_explained(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _explained(error, file, file) from error


def _explained(error: Exception, source: Path, place: Path) -> BackupError:
    words = str(error).lower()
    folder = place.parent
    if "full" in words or "no space" in words or "quota" in words:
        return BackupError(
            f"The disk that holds {folder} is full: free some space and try again. Nothing was "
            "changed."
        )
    if "malformed" in words:
        return BackupError(f"{source} is damaged.")
    if "locked" in words:
        return BackupError(f"{source} is busy: try again in a moment.")
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return BackupError(f"The folder {folder} does not exist.")
    if isinstance(error, PermissionError) or "readonly" in words or "read-only" in words:
        return BackupError(f"{folder} cannot be written to: check the rights on it.")
    if "unable to open" in words:
        return BackupError(f"{source} cannot be read: check the rights on it and its folder.")
    reason = getattr(error, "strerror", None) or error
    return BackupError(f"{place} cannot be written ({reason}). Nothing was changed.")


def _flush(path: Path) -> None:
    """Flushes a file, or a folder's list of files, to disk."""
    with suppress(PermissionError, IsADirectoryError):  # not every system can open a folder
        descriptor = os.open(path, os.O_RDONLY)
        try:
            with suppress(OSError):
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
