"""``tag4pic db``: copies of a database that is being written to, and putting them back."""

import asyncio
import os
import sqlite3
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from storage import Database
from storage.receipts import Receipt, Receipts

Tag4pic = Callable[..., Any]


def chats_in(file: Path) -> list[int]:
    with closing(sqlite3.connect(file)) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM chats ORDER BY id")]


def write_chat(connection: sqlite3.Connection, chat: int) -> None:
    connection.execute("INSERT INTO chats (id) VALUES (?)", (chat,))
    connection.commit()


@pytest.fixture
def database(folder: Path, empty_database: Path, tmp_path: Path) -> Path:
    file = tmp_path / "bot.db"
    file.write_bytes(empty_database.read_bytes())
    return file


@pytest.fixture
def bot(database: Path) -> Iterator[sqlite3.Connection]:
    """Holds the database as a running bot does, with a chat that is in the WAL alone."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        write_chat(connection, 1)
        yield connection


def test_a_backup_has_what_only_the_wal_has_and_is_one_file_for_its_owner(
    tag4pic: Tag4pic, folder: Path, database: Path, bot: sqlite3.Connection
) -> None:
    result = tag4pic("db", "backup", "copy.db")
    assert result.exit_code == 0 and "copy.db holds the database" in result.stdout
    assert [file.name for file in folder.iterdir()] == ["copy.db"]
    assert stat.S_IMODE((folder / "copy.db").stat().st_mode) == 0o600
    assert chats_in(folder / "copy.db") == [1]
    write_chat(bot, 2)
    assert tag4pic("db", "backup", "copy.db").exit_code == 0
    assert chats_in(folder / "copy.db") == [1, 2]


def test_a_copy_of_the_file_alone_lacks_what_the_backup_has(
    folder: Path, database: Path, bot: sqlite3.Connection
) -> None:
    (folder / "copied.db").write_bytes(database.read_bytes())
    assert chats_in(folder / "copied.db") == []


def test_restoring_puts_the_backup_in_place_and_keeps_what_was_there(
    tag4pic: Tag4pic, database: Path, bot: sqlite3.Connection
) -> None:
    tag4pic("db", "backup", "copy.db")
    write_chat(bot, 2)
    refused = tag4pic("db", "restore", "copy.db")
    assert refused.exit_code == 1 and "stop it, then restore again" in refused.stderr
    assert chats_in(database) == [1, 2]
    bot.close()
    result = tag4pic("db", "restore", "copy.db")
    assert result.exit_code == 0, result.stderr
    assert chats_in(database) == [1]
    assert stat.S_IMODE(database.stat().st_mode) == 0o600
    [before] = database.parent.glob("bot.db.before-*")
    assert chats_in(before) == [1, 2]
    assert "it keeps what people have deleted" in result.stdout
    doctor = tag4pic("doctor", env={"TELEGRAM_API_URL": "http://127.0.0.1:9"})
    assert f"Delete {before.name}" in doctor.stdout
    before.unlink()
    doctor = tag4pic("doctor", env={"TELEGRAM_API_URL": "http://127.0.0.1:9"})
    assert "✓ database" in doctor.stdout


def test_what_waited_when_the_backup_was_made_is_not_answered_again(
    tag4pic: Tag4pic, database: Path
) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(
            "INSERT INTO inbox (bot_id, update_id, content, received_at) "
            "VALUES (1, 1, 'a private message', '2026-01-01')"
        )
        connection.execute(
            "INSERT INTO outbox (bot_id, chat_id, text, photo_ids, unsure, at) "
            "VALUES (1, 1, 'an answer', '[]', 0, '2026-01-01')"
        )
        connection.commit()
    tag4pic("db", "backup", "copy.db")
    result = tag4pic("db", "restore", "copy.db")
    assert "Left out: 2 messages and answers that still waited when" in result.stdout
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT 1 FROM inbox UNION SELECT 1 FROM outbox").fetchall() == []
    assert b"a private message" not in database.read_bytes()


def test_a_backup_from_before_anything_could_wait_is_restored(
    tag4pic: Tag4pic, database: Path
) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(
            "DROP TABLE inbox; DROP TABLE outbox; UPDATE alembic_version SET version_num = '0010'"
        )
        write_chat(connection, 1)
    tag4pic("db", "backup", "copy.db")
    result = tag4pic("db", "restore", "copy.db")
    assert result.exit_code == 0, result.stderr
    assert "waited" not in result.stdout
    assert chats_in(database) == [1]


async def test_a_bot_that_does_nothing_holds_its_database_too(
    tag4pic: Tag4pic, database: Path
) -> None:
    bot = await Database.open(f"sqlite:///{database}")
    assert (await asyncio.to_thread(tag4pic, "db", "backup", "copy.db")).exit_code == 0
    refused = await asyncio.to_thread(tag4pic, "db", "restore", "copy.db")
    assert refused.exit_code == 1 and "stop it, then restore again" in refused.stderr
    await bot.close()
    assert (await asyncio.to_thread(tag4pic, "db", "restore", "copy.db")).exit_code == 0


def test_a_damaged_database_can_be_replaced_with_its_wal_and_receipts_out_of_the_way(
    tag4pic: Tag4pic, database: Path
) -> None:
    tag4pic("db", "backup", "copy.db")
    Receipts(database).add(Receipt(1, 2, 3))
    database.write_bytes(b"nothing that SQLite knows" * 99)
    database.with_name("bot.db-wal").write_bytes(b"of another database")
    assert tag4pic("db", "restore", "copy.db").exit_code == 0
    assert chats_in(database) == []
    assert not database.with_name("bot.db-wal").exists()
    assert Receipts(database).read() == []


def test_what_a_deleted_database_left_behind_does_not_get_into_the_restored_one(
    tag4pic: Tag4pic, database: Path, bot: sqlite3.Connection
) -> None:
    tag4pic("db", "backup", "copy.db")
    write_chat(bot, 2)
    Receipts(database).add(Receipt(1, 2, 3))
    wal = database.with_name("bot.db-wal")
    of_a_killed_bot = wal.read_bytes()
    bot.close()
    database.unlink()
    wal.write_bytes(of_a_killed_bot)
    result = tag4pic("db", "restore", "copy.db")
    assert result.exit_code == 0, result.stderr
    assert chats_in(database) == [1]
    assert Receipts(database).read() == []


def test_what_a_killed_backup_of_the_same_process_number_left_is_no_hindrance(
    tag4pic: Tag4pic, folder: Path, database: Path
) -> None:
    (folder / f".copy.db.{os.getpid()}").touch()
    assert tag4pic("db", "backup", "copy.db").exit_code == 0
    assert [file.name for file in folder.iterdir()] == ["copy.db"]


def newer(file: Path, backup: bytes) -> None:
    file.write_bytes(backup)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()


def damaged(file: Path, backup: bytes) -> None:
    file.write_bytes(backup[:8192] + b"\xff" * 8192 + backup[16384:])


def another_programs(file: Path, _: bytes) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE notes (text)")


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (newer, "made by a newer version of tag4pic"),
        (damaged, "is damaged"),
        (another_programs, "is not a tag4pic database"),
        (lambda file, _: file.write_text("a text" * 200), "is not a tag4pic database"),
        (lambda file, _: file.write_bytes(b""), "is not a tag4pic database"),
        (lambda file, _: file.mkdir(), "not a file"),
        (lambda file, _: None, "does not exist"),
    ],
)
def test_what_cannot_be_restored_is_a_sentence_and_changes_nothing(
    tag4pic: Tag4pic,
    folder: Path,
    database: Path,
    make: Callable[[Path, bytes], None],
    sentence: str,
) -> None:
    with closing(sqlite3.connect(database)) as connection:
        write_chat(connection, 7)
    make(folder / "bad.db", database.read_bytes())
    result = tag4pic("db", "restore", "bad.db")
    assert result.exit_code == 1 and sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert chats_in(database) == [7]
    assert not [file.name for file in database.parent.iterdir() if file.name.startswith(".")]


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("../bot.db", "is the database itself"),
        ("nowhere/copy.db", "does not exist"),
        (".", "is a folder"),
        ("letter.txt", "is not a backup"),
        ("/sys/copy.db", "/sys cannot be written to"),
    ],
)
def test_where_no_backup_can_be_written_is_a_sentence(
    tag4pic: Tag4pic, folder: Path, database: Path, target: str, sentence: str
) -> None:
    (folder / "letter.txt").write_text("Dear Ann")
    result = tag4pic("db", "backup", target)
    assert result.exit_code == 1 and sentence in result.stderr
    assert [file.name for file in folder.iterdir()] == ["letter.txt"]
    assert (folder / "letter.txt").read_text() == "Dear Ann"


def test_a_full_disk_leaves_the_backup_of_before(
    tag4pic: Tag4pic, folder: Path, database: Path, command: list[str]
) -> None:
    tag4pic("db", "backup", "copy.db")
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE much (bytes)")
        connection.execute("INSERT INTO much VALUES (zeroblob(3000000))")
        connection.commit()
    before = (folder / "copy.db").read_bytes()
    # No file of this process may become larger, as on a disk without room.
    limited = """
import resource, sys
from bot.cli.main import main
resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))
sys.argv[1:] = ["db", "backup", "copy.db"]
main()
"""
    result = subprocess.run([command[0], "-c", limited], capture_output=True, text=True)
    assert result.returncode == 1 and result.stderr.startswith("Error: ")
    assert (folder / "copy.db").read_bytes() == before
    assert [file.name for file in folder.iterdir()] == ["copy.db"]


def test_of_postgresql_it_says_what_to_use(tag4pic: Tag4pic) -> None:
    env = {"DATABASE_URL": "postgresql+asyncpg://bot:secret@db/tag4pic"}
    result = tag4pic("db", "backup", "copy.db", env=env)
    assert result.exit_code == 1 and "pg_restore --dbname NAME" in result.stderr
    assert "secret" not in result.stderr


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root gives files away")
def test_what_root_restores_is_the_bots_users(tag4pic: Tag4pic, database: Path) -> None:
    assert tag4pic("db", "backup", "copy.db").exit_code == 0
    os.chown(database, 10001, 10002)
    assert tag4pic("db", "restore", "copy.db").exit_code == 0
    assert (database.stat().st_uid, database.stat().st_gid) == (10001, 10002)
