"""Polling where the database is PostgreSQL: a conversation from a photo to /forget, a restart."""

from collections.abc import AsyncIterator

import pytest

from bot.local.server import LocalServer
from bot.settings import Settings
from storage import personal_data
from tests.bot.conversation import answer, answer_hashtags, edited, note, reply, reply_text
from tests.bot.running import Start
from tests.bot.telegram_sends import LATER, Refusing
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
        assert "Send a photo" in (await ann.wait_reply())["text"]
