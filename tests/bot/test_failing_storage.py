"""Where nothing can be stored people are told so, and nothing is confirmed that is not there."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.settings import Settings
from storage import Database, StorageError
from tests.bot.conversation import answer, answer_hashtags, buttons, hashtags, reply_text
from tests.bot.running import Running
from tests.person import SECONDS, Person

REFUSAL = """CREATE TRIGGER refusal_{event}_{table} BEFORE {event} ON {table}
BEGIN SELECT RAISE(ABORT, '{reason}'); END"""


async def refuse_everything(database: Database, reason: str) -> None:
    """As a full disk does, or another program that is at the file for long."""
    async with database.session() as session:
        query = text("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sq%'")
        for table in list(await session.scalars(query)):
            for event in ("INSERT", "UPDATE", "DELETE"):
                await session.execute(text(REFUSAL.format(event=event, table=table, reason=reason)))


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("database or disk is full", "disk that holds the database is full"),
        ("database is locked", "database is busy with another program"),
    ],
)
async def test_a_photo_still_gets_its_hashtags_and_nothing_else_is_confirmed(
    bot: Running, ann: Person, caplog: pytest.LogCaptureFixture, reason: str, told: str
) -> None:
    assert await answer_hashtags(ann, "green")
    await refuse_everything(bot.database, reason)
    message = await answer(ann, "red")
    assert hashtags(message)[0] == "#red1"
    assert "could not save" in message["text"]
    assert buttons(message) == []
    assert "cannot save anything" in await reply_text(ann, "/addtags #sofa")
    assert len(ann.replies()) == 3
    assert told in caplog.text


@pytest.mark.parametrize("gone", ["bot.db", "bot.db-wal"])
async def test_files_that_are_deleted_under_the_bot_are_noticed(
    bot: Running, ann: Person, folder_in_memory: Path, gone: str
) -> None:
    assert await answer_hashtags(ann)
    (folder_in_memory / gone).unlink()
    assert "cannot save anything" in await reply_text(ann, "/addtags #sofa")
    with pytest.raises(StorageError, match="deleted or replaced"):
        async with asyncio.timeout(SECONDS):
            await bot.database.vanishes(check_every=0.01)


async def test_a_database_that_cannot_be_written_to_is_told_of_at_the_start(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(StorageError, match="cannot be written to"):
        await Database.open(settings.database_url)
