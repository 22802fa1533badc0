"""Polling where the database is PostgreSQL: a conversation from a photo to /forget, a restart."""

import asyncio
from collections.abc import AsyncIterator
from unittest.mock import AsyncMock

import pytest

from bot.local.server import LocalServer
from bot.settings import Settings
from storage import StorageError, personal_data
from storage.replicas import LEASE
from tests.bot.conversation import (
    answer,
    answer_hashtags,
    edited,
    hashtags,
    note,
    reply,
    reply_text,
)
from tests.bot.outgoing import is_empty
from tests.bot.running import Start
from tests.bot.storage_failures import (
    connection_is_lost_as_a_message_is_stored,
    server_is_away_as_a_message_is_stored,
)
from tests.bot.telegram_sends import LATER, Refusing
from tests.colours import Pause, jpeg
from tests.person import Person
from tests.postgres import Server
from tests.waiting import until


@pytest.fixture
async def settings(postgres: Server, empty_postgres: str) -> AsyncIterator[Settings]:
    async with postgres.copy(empty_postgres) as url:
        yield Settings(
            _env_file=None,  # type: ignore[call-arg]
            database_url=url,
            admin_ids=frozenset({77}),
        )


async def test_photos_hashtags_admins_and_forgetting(start: Start) -> None:
    bot = await start()
    ann, admin = await bot.person(), await bot.person(chat=77, name="Admin")
    await answer(ann, "red")
    assert (await reply_text(ann, "/addtags #newone #newtwo")).startswith("Learnt: #newone #newtwo")
    assert {"#newone", "#newtwo"} <= set(await answer_hashtags(ann, "red"))
    review = await reply(admin, "/review")
    assert await note(admin, review, "✓ #newone") == "#newone is approved."
    assert await note(admin, review, "✗ #newtwo") == "#newtwo is rejected."
    assert "#newone" in await answer_hashtags(admin, "red")
    opened = await edited(ann, await answer(ann, "blue"), "✎")
    await note(ann, opened, "✕ #blue2")
    await note(ann, opened, "👍")
    assert "#blue2" not in await answer_hashtags(ann, "blue")
    assert "photos" in await reply_text(admin, "/stats")
    mine = await reply(ann, "/mydata")
    for line in ("2 photos", "2 hashtags you taught me", "1 vote on my answers"):
        assert line in mine["text"]
    await edited(ann, await edited(ann, mine, "Delete all"), "Yes")
    async with bot.database.reading() as session:
        stored = await personal_data.stored(session, 1_000)
    assert stored == personal_data.Stored(photos=0, hashtags=0, votes=0)
    assert "For which photo?" in await reply_text(ann, "/addtags #one")


@pytest.mark.usefixtures("stopped_at_once")
async def test_an_answer_that_was_ready_is_sent_after_the_next_start(
    start: Start, telegram: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = Refusing(monkeypatch, "sendMessage", LATER)
    bot = await start(server=telegram)
    async with Person(telegram.page_url) as ann:
        await ann.send_text("/help")
        await until(lambda: busy.refused)
        await bot.stop()
        busy.over = True
        await start(server=telegram)
        async with asyncio.timeout(LEASE / 2):  # nobody waits for the end of the first one's
            assert "Send a photo" in (await ann.wait_reply())["text"]


async def test_what_is_stored_as_the_connection_is_lost_is_answered_once(
    start: Start, telegram: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = await start(server=telegram)
    async with Person(telegram.page_url) as ann:
        await answer_hashtags(ann, "green")
        with connection_is_lost_as_a_message_is_stored(monkeypatch) as happened:
            await ann.send_photo(jpeg("red"))
            async with asyncio.timeout(20):
                await happened.wait()
        message = await ann.wait_reply()
        assert hashtags(message)[0] == "#red1" and "could not save" not in message["text"]
        await is_empty(bot.database)
        await bot.stop()
        again = await start(server=telegram)
        assert (await answer_hashtags(ann, "blue"))[0] == "#blue1"
        await is_empty(again.database)
        assert len(ann.replies()) == 3


async def test_what_the_database_was_away_for_is_handled_once_it_is_back(
    start: Start, telegram: LocalServer, postgres: Server
) -> None:
    bot = await start(server=telegram)
    async with Person(telegram.page_url) as ann:
        await answer_hashtags(ann, "green")
        pause = Pause()
        bot.network.before_photo = pause
        await ann.send_photo(jpeg("red"))
        await pause.reached()
        await asyncio.to_thread(postgres.stop)
        pause.end()
        await ann.send_text("/addtags #sofa")
        await asyncio.sleep(1)
        await asyncio.to_thread(postgres.start)
        texts = [(await ann.wait_reply())["text"] for _ in range(2)]
        assert any(text.startswith("Best five\n#red1") for text in texts)
        assert any(text.startswith("Learnt: #sofa") for text in texts)
        assert len(ann.replies()) == 3


async def test_what_a_killed_bot_was_at_is_answered_at_its_next_start(
    start: Start, telegram: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.inbox.FINISHING", 0.01)
    monkeypatch.setattr("storage.replicas.leave", AsyncMock())  # it had no time for that
    bot = await start(server=telegram)
    pause = bot.network.before_photo = Pause()
    async with Person(telegram.page_url) as ann:
        await ann.send_photo(jpeg("red"))
        await pause.reached()
        await bot.stop()
        pause.end()
        await start(server=telegram)
        async with asyncio.timeout(LEASE / 2):
            assert hashtags(await ann.wait_reply())[0] == "#red1"


async def test_a_photo_that_was_at_work_as_the_lease_ran_out_is_begun_again(
    start: Start,
    telegram: LocalServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("storage.replicas.LEASE", 5)
    monkeypatch.setattr("bot.shared_inbox.RENEW_EVERY", 0.2)
    bot = await start(server=telegram)
    pause = bot.network.before_photo = Pause()
    async with Person(telegram.page_url) as ann:
        await ann.send_photo(jpeg("red"))
        await pause.reached()
        with monkeypatch.context() as away:
            away.setattr("storage.replicas.renew", AsyncMock(side_effect=StorageError("gone")))
            await until(lambda: "lease was not renewed" in caplog.text)
        pause.end()
        assert hashtags(await ann.wait_reply())[0] == "#red1"
        assert "/model" in await reply_text(ann, "/help")
        await is_empty(bot.database)
        assert len(ann.replies()) == 2


async def test_a_command_that_is_handled_again_tells_what_it_did(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = await (await start()).person(chat=77, name="Admin")
    for command, told in (
        ("/block one", "Blocked: one"),
        ("/unblock one", "No longer blocked: one"),
    ):
        with server_is_away_as_a_message_is_stored(monkeypatch) as happened:
            assert (await reply_text(admin, command)).startswith(told)
            assert happened.is_set()
