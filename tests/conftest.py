"""A database for every test that wants one."""

import asyncio
from pathlib import Path

import pytest

from storage.database import Database


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables; a copy of it spares a test the migrations."""
    path = tmp_path_factory.mktemp("database") / "empty.db"

    async def migrate() -> None:
        await (await Database.open(f"sqlite:///{path}")).close()

    asyncio.run(migrate())
    return path
