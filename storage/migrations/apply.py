"""Bring a database up to date, from within the program (there is no alembic.ini)."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def config(connection: Connection) -> Config:
    """Alembic's configuration for work over `connection`."""
    settings = Config()
    settings.set_main_option("script_location", "storage:migrations")
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    return settings


def migrate(connection: Connection) -> None:
    """Apply every migration that is missing, within the connection's transaction: a failure
    half way leaves the database as it was."""
    command.upgrade(config(connection), "head")
