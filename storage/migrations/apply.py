"""Bring a database up to date, from within the program (there is no alembic.ini).

Alembic is imported only for a database that is not: it takes 10 MB and a third of a second.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, inspect, select, text

from storage.errors import NEWER, StorageError

if TYPE_CHECKING:
    from alembic.config import Config

_LOCK = 0x7461673470696300
"""A number no other program on the server is likely to lock (SQLite locks the file itself)."""

_VERSIONS = Path(__file__).parent / "versions"


def config(connection: Connection) -> "Config":
    """Alembic's configuration for work over ``connection``."""
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", "storage:migrations")
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    return settings


def revisions() -> list[str]:
    """Every revision that this version knows, the newest first: files are called v0001_…"""
    return sorted((file.name[1:5] for file in _VERSIONS.glob("v*.py")), reverse=True)


def migrate(connection: Connection) -> None:
    """Applies every migration that is missing, within the connection's transaction.

    A failure half way leaves the database as it was. Two processes may start at once: one waits.

    Raises:
        StorageError: where a newer version of tag4pic has been here.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    if _revision_of(connection) == revisions()[0]:
        return
    from alembic import command
    from alembic.util.exc import CommandError

    try:
        command.upgrade(config(connection), "head")
    except CommandError as error:
        raise StorageError(NEWER) from error


def _revision_of(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision
