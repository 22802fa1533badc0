"""Where nothing can be stored people are told so, and nothing is confirmed that is not there."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from sqlalchemy import text

from bot.monitoring import monitored
from bot.settings import Settings
from storage import Database, StorageError, feedback, moderation
from tests.bot.conversation import (
    answer,
    answer_hashtags,
    buttons,
    edited,
    hashtags,
    note,
    reply,
    reply_text,
)
from tests.bot.running import Running
from tests.colours import jpeg
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


async def allow_everything(database: Database) -> None:
    async with database.session() as session:
        query = text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for trigger in list(await session.scalars(query)):
            await session.execute(text(f"DROP TRIGGER {trigger}"))


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


async def test_health_is_503_from_what_cannot_be_saved_to_what_can(
    bot: Running, ann: Person, unused_tcp_port: int
) -> None:
    async def wrong() -> list[str]:
        async with http.get(f"http://127.0.0.1:{unused_tcp_port}/health") as response:
            told = await response.json()
            assert response.status == (503 if told["wrong"] else 200)
            return list(told["wrong"])

    async with (
        monitored(bot.services, bot.inbox, unused_tcp_port, polls=True),
        ClientSession() as http,
    ):
        await refuse_everything(bot.database, "database or disk is full")
        await answer(ann, "red")
        [sentence] = await wrong()
        assert sentence.startswith("nothing is saved: The disk that holds the database is full")
        await allow_everything(bot.database)
        await answer_hashtags(ann, "green")
        assert await wrong() == []


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


async def test_what_is_saved_and_cannot_be_shown_is_not_told_as_what_cannot_be_saved(
    bot: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*_: Any, **__: Any) -> None:
        raise StorageError("The database is gone.")

    admin = await bot.person(chat=77, name="Admin")
    opened = await edited(admin, await answer(admin), "✎")
    await admin.send_photo(jpeg("blue"), caption="/addtags #sofa")
    await admin.wait_reply()
    review = await reply(admin, "/review")
    monkeypatch.setattr(moderation, "pending", refused)
    monkeypatch.setattr(feedback, "thumbs", refused)
    for message, label in ((review, "✓ #sofa"), (opened, "👍")):
        assert await note(admin, message, label) == "Done, but I cannot show it right now."
    monkeypatch.undo()
    monkeypatch.setattr("storage.users.seen", refused)
    for _ in range(2):  # nothing comes between the two
        assert await reply_text(admin, "/review") == "No hashtags are waiting."
