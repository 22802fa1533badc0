"""A database with something in every table goes up to this version, back, and up again."""

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from storage import Database
from storage.migrations.apply import revisions
from tests.storage.dialects import on_sqlite
from tests.storage.revisions import downgrade, upgrade

AT = datetime(2026, 1, 1, tzinfo=UTC)


def row_of(table: sa.Table) -> dict[str, Any]:
    """Something for each column; numbers are those of the one photo, answer and chat."""
    row: dict[str, Any] = {}
    for column in table.columns:
        kind = type(column.type).__name__
        if column.name == "status":
            row[column.name] = "approved"
        elif "CHAR" in kind or kind == "TEXT":
            row[column.name] = "sofa" if column.name in ("hashtag", "word") else "als"
        elif kind in ("BLOB", "BYTEA"):
            row[column.name] = b"\0" * 32
        elif kind == "JSON":
            row[column.name] = [["sofa", 0.5]]
        elif kind == "BOOLEAN":
            row[column.name] = True
        elif "DATE" in kind or "TIME" in kind:
            row[column.name] = None if column.name == "removed_at" else AT
        else:
            row[column.name] = 1
    return row


def _rows(connection: sa.Connection) -> dict[str, list[dict[str, Any]]]:
    tables = sa.MetaData()
    tables.reflect(connection)
    return {
        table.name: [
            dict(row)
            for row in connection.execute(sa.text(f'SELECT * FROM "{table.name}"')).mappings()
        ]
        for table in tables.sorted_tables
        if table.name != "alembic_version"
    }


def fill(connection: sa.Connection) -> None:
    tables = sa.MetaData()
    tables.reflect(connection)
    for table in tables.sorted_tables:
        if table.name != "alembic_version":
            connection.execute(table.insert(), row_of(table))


async def test_nothing_is_lost_up_down_and_up_again(database: Database) -> None:
    async with database.engine.begin() as connection:
        await downgrade(connection, "0003")
        await connection.run_sync(fill)
        before = await connection.run_sync(_rows)
        await upgrade(connection)
        upgraded = await connection.run_sync(_rows)
    lost = {name for name in before if not upgraded.get(name)}
    assert lost == {"new_hashtags"}  # which is now of each photo that carries them:
    assert [row["status"] for row in upgraded["label_decisions"]] == ["approved"]
    async with database.engine.begin() as connection:
        await downgrade(connection, "0003")
        downgraded = await connection.run_sync(_rows)
        await upgrade(connection)
        again = await connection.run_sync(_rows)
    assert {name for name in before if not downgraded.get(name)} <= {"new_hashtags"}
    assert {name for name in upgraded if upgraded[name] and not again[name]} <= {"label_decisions"}
    assert again["labels"] == upgraded["labels"]


@on_sqlite
@pytest.mark.parametrize("earlier", revisions()[1:])
async def test_every_earlier_version_comes_here_and_goes_back_with_all_its_rows(
    database: Database, earlier: str
) -> None:
    """But for what was decided of new hashtags, which moves to the photos that carry them."""
    moves = {"new_hashtags", "label_decisions"}
    async with database.engine.begin() as connection:
        await downgrade(connection, earlier)
        await connection.run_sync(fill)
        before = await connection.run_sync(_rows)
        await upgrade(connection)
        here = await connection.run_sync(_rows)
        await downgrade(connection, earlier)
        back = await connection.run_sync(_rows)
    assert before and all(before.values())
    for name in before.keys() - moves:
        assert here[name], f"{name} is lost on the way here"
        if name != "blocked_words":  # where rejected hashtags are now, too
            assert len(back[name]) == len(before[name]), f"{name} is lost on the way back"
    known = [name for name in before.keys() - moves if "id" in before[name][0]]
    assert all(back[name][0]["id"] == before[name][0]["id"] for name in known)


@on_sqlite
async def test_numbers_are_never_given_twice_after_the_upgrade(database: Database) -> None:
    def counting(connection: sa.Connection) -> set[str]:
        made = connection.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE sql NOT NULL"))
        return {row.name for row in made if "AUTOINCREMENT" in row.sql}

    async with database.engine.begin() as connection:
        await downgrade(connection, "0003")
        before = await connection.run_sync(counting)
        await upgrade(connection)
        assert before - {"new_hashtags"} <= await connection.run_sync(counting)
        await downgrade(connection, "0003")
        assert before <= await connection.run_sync(counting)
