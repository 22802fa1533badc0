"""``tag4pic db`` where other programs' databases, links and devices are in the way."""

import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from storage.receipts import Receipt, Receipts
from tests.rights import without_privileges

Tag4pic = Callable[..., Any]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links and pipes as POSIX has them")

LONG = "a" * 300


def add_chat(file: Path, chat: int) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("INSERT INTO chats (id) VALUES (?)", (chat,))
        connection.commit()


def chats_in(file: Path) -> list[int]:
    with closing(sqlite3.connect(file)) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM chats ORDER BY id")]


@pytest.fixture
def database(folder: Path, empty_database: Path, tmp_path: Path) -> Path:
    file = tmp_path / "bot.db"
    file.write_bytes(empty_database.read_bytes())
    add_chat(file, 1)
    return file


@pytest.fixture(params=["0015", "9999", "abc"])
def another_programs(folder: Path, request: pytest.FixtureRequest) -> Path:
    """The database of a program that migrates with Alembic, too."""
    file = folder / "other.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(
            "CREATE TABLE alembic_version (version_num); CREATE TABLE users (name);"
            f"INSERT INTO alembic_version VALUES ('{request.param}')"
        )
    return file


def test_a_backup_replaces_no_database_of_another_program(
    tag4pic: Tag4pic, database: Path, another_programs: Path
) -> None:
    before = another_programs.read_bytes()
    result = tag4pic("db", "backup", "other.db")
    assert result.exit_code == 1 and "is not a backup: name another file" in result.stderr
    assert another_programs.read_bytes() == before


def test_a_database_of_another_program_is_not_restored(
    tag4pic: Tag4pic, database: Path, another_programs: Path
) -> None:
    result = tag4pic("db", "restore", "other.db")
    assert result.exit_code == 1 and "is not a tag4pic database" in result.stderr
    assert chats_in(database) == [1]


def test_no_bot_makes_its_tables_in_the_database_of_another_program(
    tag4pic: Tag4pic, another_programs: Path
) -> None:
    before = another_programs.read_bytes(), another_programs.stat().st_mode
    env = {"DATABASE_URL": "sqlite:///other.db", "TELEGRAM_API_URL": "http://127.0.0.1:9"}
    start = tag4pic("run", "--port", "0", env=env)
    assert start.exit_code == 1 and "is not a tag4pic database" in start.stderr
    assert (another_programs.read_bytes(), another_programs.stat().st_mode) == before
    doctor = tag4pic("doctor", env=env)
    assert "✗ database  The file that DATABASE_URL names is not a tag4pic" in doctor.stdout


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to(path)])
def test_a_backup_replaces_neither_a_pipe_nor_a_loop_of_links(
    tag4pic: Tag4pic, folder: Path, database: Path, make: Callable[[Path], None]
) -> None:
    make(folder / "copy.db")
    kind = stat.S_IFMT((folder / "copy.db").lstat().st_mode)
    result = tag4pic("db", "backup", "copy.db")
    assert result.exit_code == 1 and "copy.db exists and is not a file" in result.stderr
    assert stat.S_IFMT((folder / "copy.db").lstat().st_mode) == kind


def test_a_backup_to_a_link_is_written_where_the_link_leads(
    tag4pic: Tag4pic, folder: Path, database: Path
) -> None:
    (folder / "disk").mkdir()
    (folder / "copy.db").symlink_to("disk/copy.db")
    for _ in range(2):
        assert tag4pic("db", "backup", "copy.db").exit_code == 0
        assert (folder / "copy.db").is_symlink()
        assert chats_in(folder / "disk" / "copy.db") == [1]


def test_a_database_behind_a_link_is_replaced_where_the_link_leads(
    tag4pic: Tag4pic, folder: Path, database: Path
) -> None:
    link = folder / "link.db"
    link.symlink_to(database)
    env = {"DATABASE_URL": "sqlite:///link.db", "TELEGRAM_API_URL": "http://127.0.0.1:9"}
    assert tag4pic("db", "backup", "copy.db", env=env).exit_code == 0
    add_chat(database, 2)
    Receipts(link).add(Receipt(1, 2, 3))
    result = tag4pic("db", "restore", "copy.db", env=env)
    assert result.exit_code == 0, result.stderr
    assert link.is_symlink() and chats_in(database) == [1]
    assert Receipts(link).read() == []
    [before] = [file for file in database.parent.glob("bot.db.before-*") if file.is_file()]
    assert chats_in(before) == [1, 2]
    assert f"Delete {before.name}" in tag4pic("doctor", env=env).stdout


def test_a_pipe_as_the_database_is_left_alone(
    tag4pic: Tag4pic, folder: Path, database: Path
) -> None:
    assert tag4pic("db", "backup", "copy.db").exit_code == 0
    os.mkfifo(folder / "pipe")
    result = tag4pic("db", "restore", "copy.db", env={"DATABASE_URL": "sqlite:///pipe"})
    assert result.exit_code == 1 and "which is not a file" in result.stderr
    assert (folder / "pipe").is_fifo()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("backup", "private/copy.db"), "private cannot be written to: check the rights on it."),
        (("restore", "private/copy.db"), "private/copy.db cannot be read (Permission denied)."),
        (("backup", f"{LONG}.db"), "cannot be written (File name too long)."),
        (("restore", f"{LONG}.db"), "cannot be read (File name too long)."),
    ],
)
def test_a_path_that_cannot_be_looked_up_is_a_sentence(
    tag4pic: Tag4pic, folder: Path, database: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    (folder / "private").mkdir()
    (folder / "private" / "copy.db").touch()
    (folder / "private").chmod(0)
    with without_privileges():
        result = tag4pic("db", *arguments)
    assert result.exit_code == 1 and sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_database_whose_name_is_too_long_is_a_sentence(tag4pic: Tag4pic, database: Path) -> None:
    assert tag4pic("db", "backup", "copy.db").exit_code == 0
    env = {"DATABASE_URL": f"sqlite:///{LONG}.db"}
    for what in ("backup", "restore"):
        result = tag4pic("db", what, "copy.db", env=env)
        assert result.exit_code == 1 and "(File name too long)" in result.stderr
