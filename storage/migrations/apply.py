"""Bring a database up to date, from within the program (there is no alembic.ini)."""

from functools import cache

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select

_LOCK = 0x7461673470696300
"""A number no other program on the server is likely to lock (SQLite locks the file itself)."""


def config(connection: Connection) -> Config:
    """Alembic's configuration for work over ``connection``."""
    settings = _settings()
    settings.attributes["connection"] = connection
    return settings


def revisions() -> list[str]:
    """Every revision that this version knows, the newest first."""
    scripts = ScriptDirectory.from_config(_settings())
    return [script.revision for script in scripts.walk_revisions()]


@cache
def _newest() -> str | None:
    return ScriptDirectory.from_config(_settings()).get_current_head()


def _settings() -> Config:
    settings = Config()
    settings.set_main_option("script_location", "storage:migrations")
    settings.set_main_option("path_separator", "os")
    return settings


def migrate(connection: Connection) -> None:
    """Applies every migration that is missing, within the connection's transaction.

    A failure half way leaves the database as it was. Two processes may start at once: one waits.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    if MigrationContext.configure(connection).get_current_revision() != _newest():
        command.upgrade(config(connection), "head")
