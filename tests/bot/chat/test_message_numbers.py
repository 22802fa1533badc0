"""Numbers of messages: in another run of the local chat, or of another bot, they mean others."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.local.server import LocalServer
from storage import another_bot, inbox
from storage.database import Database
from storage.tables import HandledUpdate, now
from tests.bot.conversation import GROUP, answer, answer_hashtags, reply_text
from tests.bot.running import Start
from tests.bot.stored_labels import stored_labels
from tests.bot.telegram_sends import arrives, photo
from tests.colours import jpeg

SUPERGROUP = -1_000_000_000_500


@pytest.fixture
async def another() -> AsyncIterator[LocalServer]:
    """Telegram as another bot sees it."""
    server = LocalServer("7111111111:another-token")
    await server.start(port=0)
    yield server
    await server.stop()


async def test_a_new_run_of_the_local_chat_takes_no_message_for_one_of_the_last(
    start: Start,
) -> None:
    bot = await start()
    await answer(await bot.person(), "red")
    await bot.stop()
    ann = await (await start()).person()
    (sent,) = await ann.send_photo(jpeg("green"))
    await ann.wait_reply()
    await reply_text(ann, "/addtags #frog", sent)
    assert "#frog" in await answer_hashtags(ann, "green")
    assert "#frog" not in await answer_hashtags(ann, "red")


@pytest.mark.parametrize("chat", [1_000, GROUP["chat"]])
async def test_another_bot_takes_no_message_for_one_of_the_bot_before_it(
    start: Start, another: LocalServer, chat: int
) -> None:
    bot = await start()
    ann = await bot.person(chat=chat, user=1_000)
    (sent,) = await ann.send_photo(jpeg("red"), caption="/tags")
    await ann.wait_reply()
    await long_ago(bot.database)
    await bot.stop()
    for server, colour in ((another, "green"), (bot.server, "blue"), (another, "red")):
        bot = await start(server=server)
        ann = await bot.person(chat=chat, user=1_000)
        same_number = {"message_id": sent["message_id"]}
        arrived = arrives(bot, chat, await photo(bot, jpeg(colour), "/tags", **same_number))
        await ann.wait_reply()
        assert f"Learnt: #{colour}" in await reply_text(ann, f"/addtags #{colour}ish", arrived)
        assert await stored_labels(bot.database, arrived) == [[f"{colour}ish"]]
        await bot.stop()


async def test_in_a_supergroup_all_bots_count_alike(start: Start, another: LocalServer) -> None:
    bot = await start()
    ann = await bot.person(chat=SUPERGROUP, user=1_000)
    (sent,) = await ann.send_photo(jpeg("red"), caption="/tags")
    await ann.wait_reply()
    await bot.stop()
    bot = await start(server=another)
    assert await stored_labels(bot.database, sent) == [[]]


async def test_a_bot_of_a_time_when_the_clock_was_ahead_is_not_the_last_one(
    start: Start,
) -> None:
    bot = await start()
    async with bot.database.session() as session:
        ahead = now() + timedelta(days=300)
        session.add(HandledUpdate(bot_id=another_bot.LOCAL - 1, update_id=1, at=ahead))
    ann = await bot.person()
    (sent,) = await ann.send_photo(jpeg("red"))
    await ann.wait_reply()
    await bot.stop()
    assert await stored_labels((await start()).database, sent) == [[]]


async def long_ago(database: Database) -> None:
    """Nobody has written to the bot for a week, and somebody has looked at the local chat."""
    async with database.session() as session:
        await session.execute(update(HandledUpdate).values(at=now() - timedelta(days=7)))
        session.add(HandledUpdate(bot_id=another_bot.LOCAL, update_id=1, at=now()))
        await inbox.purge(session)
