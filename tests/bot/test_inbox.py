"""Updates are handled once, whatever dies in between."""

import asyncio
import json
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy import text as sql

from bot.local.refusals import RefusalError
from bot.local.server import LocalServer
from bot.settings import Settings
from storage import Database, inbox
from storage.tables import WaitingUpdate, now
from tests.bot.conversation import GROUP, answer_hashtags, edited, hashtags, reply, reply_text
from tests.bot.running import Running, Start
from tests.bot.telegram_sends import ANN, Refusing, arrives, photo, text
from tests.colours import Pause, jpeg
from tests.person import SECONDS, Message, Person
from tests.waiting import until

STAYS = """CREATE TRIGGER stays BEFORE DELETE ON inbox
BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"""


async def waits(settings: Settings, server: LocalServer, *messages: Message) -> None:
    """Messages were stored, and then the process died."""
    await update_waits(settings, server, *({"message": message} for message in messages))


async def update_waits(settings: Settings, server: LocalServer, *updates: dict[str, Any]) -> None:
    numbered = [{"update_id": number, **update} for number, update in enumerate(updates, 10)]
    contents = {one["update_id"]: inbox.NewUpdate(json.dumps(one)) for one in numbered}
    database = await Database.open(settings.database_url)
    async with database.session() as session:
        await inbox.store(session, server.state.bot["id"], contents)
    await database.close()


async def came_long_ago(settings: Settings) -> None:
    """What waits is too old to be answered."""
    database = await Database.open(settings.database_url)
    async with database.session() as session:
        long_ago = now() - timedelta(hours=1, seconds=1)
        await session.execute(update(WaitingUpdate).values(received_at=long_ago))
    await database.close()


async def still_waiting(database: Database) -> list[int]:
    async with database.reading() as session:
        return list(await session.scalars(select(WaitingUpdate.update_id)))


async def at_work(bot: Running, updates: int) -> None:
    """So many updates are at work."""
    await until(lambda: bot.inbox.waiting == updates, SECONDS)


async def is_empty(database: Database) -> None:
    async def nothing_waits() -> bool:
        return not await still_waiting(database)

    await until(nothing_waits)


async def test_what_waits_at_the_start_is_answered_and_then_taken_out(
    settings: Settings, start: Start, telegram: LocalServer
) -> None:
    async with Person(telegram.page_url) as ann:
        red = await ann.send_photo(jpeg("red"))
        await waits(settings, telegram, *red, {**red[0], "message_id": 77})
        await telegram.state.updates.get(2**40)  # confirmed, so that Telegram has it no more
        bot = await start(server=telegram)
        for _ in range(2):
            assert hashtags(await ann.wait_reply())[0] == "#red1"
        await is_empty(bot.database)


async def test_what_telegram_sends_again_is_answered_once_and_what_comes_with_it_too(
    settings: Settings, start: Start, telegram: LocalServer
) -> None:
    async with Person(telegram.page_url) as ann:
        for colour in ("red", "green"):
            await ann.send_photo(jpeg(colour))
        again, _ = await telegram.state.updates.get()
        await update_waits(settings, telegram, again)
        await start(server=telegram)
        answers = {hashtags(await ann.wait_reply())[0] for _ in range(2)}
        assert answers == {"#red1", "#green1"}
        assert "/addtags" in await reply_text(ann, "/help")


async def test_what_is_too_old_gets_one_word_a_chat_and_no_answer(
    settings: Settings, start: Start, telegram: LocalServer, caplog: pytest.LogCaptureFixture
) -> None:
    url = telegram.page_url
    async with (
        Person(url) as ann,
        Person(url, chat=1_002, name="Боря", language="ru") as bob,
        Person(url, **GROUP) as group,
    ):
        texts = [(ann, "sunset"), (bob, "закат"), (ann, "beach"), (group, "hello all")]
        await waits(settings, telegram, *[await one.send_text(words) for one, words in texts])
        await telegram.state.updates.get(2**40)
        await came_long_ago(settings)
        bot = await start(server=telegram)
        assert "could not answer you in time" in (await ann.wait_reply())["text"]
        assert "вы остались без ответа" in (await bob.wait_reply())["text"]
        await at_work(bot, 0)
        for one in (ann, bob, group):  # and nothing before
            assert "/addtags" in await reply_text(one, "/help")
        assert "failed" not in caplog.text


@pytest.mark.parametrize("late", [False, True])
async def test_what_waits_and_cannot_be_read_or_is_of_no_chat_is_set_aside_at_the_start(
    settings: Settings,
    start: Start,
    telegram: LocalServer,
    caplog: pytest.LogCaptureFixture,
    late: bool,
) -> None:
    asked = {"id": "1", "from": ANN, "query": "", "offset": ""}
    await update_waits(settings, telegram, {"message": {"no": "message"}}, {"inline_query": asked})
    if late:
        await came_long_ago(settings)
    telegram.state.updates.add("inline_query", asked)
    bot = await start(server=telegram)
    await is_empty(bot.database)
    assert await answer_hashtags(await bot.person(), "green")
    assert "Update 10 cannot be read (KeyError) and is set aside" in caplog.text
    assert "failed" not in caplog.text


async def test_an_update_that_cannot_be_read_is_set_aside_and_the_others_go_on(
    bot: Running, ann: Person, caplog: pytest.LogCaptureFixture
) -> None:
    sizeless = await photo(bot, jpeg("red"), "a secret of mine")
    del sizeless["photo"][-1]["width"]
    for odd in (sizeless, text(bot, "a secret of mine", date=10**15)):
        arrives(bot, 1_000, odd)
    assert await answer_hashtags(ann, "green")
    lines = [line for line in caplog.messages if "set aside" in line]
    assert len(lines) == 2
    assert "secret" not in caplog.text
    await is_empty(bot.database)


async def test_an_id_that_no_database_can_store_is_set_aside_and_the_others_go_on(
    bot: Running, ann: Person
) -> None:
    for odd in (2**70, -(2**70)):
        chat = {"id": odd, "type": "private", "first_name": "Odd"}
        sender = {"id": 5, "is_bot": False, "first_name": "Odd"}
        message = {"message_id": 1, "date": 1, "chat": chat, "from": sender, "text": "hello"}
        bot.server.state.updates.add("message", message)
    assert await answer_hashtags(ann, "green")
    await is_empty(bot.database)


@pytest.mark.parametrize("in_caption", [False, True])
async def test_what_is_too_old_is_apologised_for_where_it_was_said(
    settings: Settings, start: Start, telegram: LocalServer, in_caption: bool
) -> None:
    async with Person(telegram.page_url, **GROUP) as group:
        if in_caption:
            [asked] = await group.send_photo(jpeg("green"), caption="/tags")
        else:
            asked = await group.send_text("/tags")
        created = {"forum_topic_created": {"name": "Pets", "icon_color": 7_322_096}}
        state = telegram.state
        topic = state.post(state.chats[GROUP["chat"]], state.bot, created)
        assert await group.wait_reply() == topic
        thread = {"message_thread_id": topic["message_id"], "is_topic_message": True}
        await waits(settings, telegram, {**asked, **thread})
        await telegram.state.updates.get(2**40)
        await came_long_ago(settings)
        await start(server=telegram)
        apology = await group.wait_reply()
    assert apology["message_thread_id"] == topic["message_id"]
    assert apology["reply_to_message"]["message_id"] == asked["message_id"]


@pytest.mark.parametrize("seconds", [60, 3_000])
async def test_what_cannot_be_sent_before_the_stop_is_sent_after_the_next_start(
    start: Start, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    bot = await start()
    ann = await bot.person()
    monkeypatch.setattr("bot.inbox.FINISHING", 0.1)
    later = RefusalError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
    busy = Refusing(monkeypatch, "sendMessage", later, 1_000)
    await ann.send_photo(jpeg("green"))
    await until(lambda: busy.refused)
    async with asyncio.timeout(SECONDS):
        await bot.stop()
    busy.over = True
    async with Person(bot.server.page_url) as ann:
        again = await start(server=bot.server)
        assert hashtags(await ann.wait_reply())[0] == "#green1"
        await is_empty(again.database)


async def test_who_has_all_of_theirs_deleted_waits_for_nothing_any_more(
    bot: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    pause = Pause()
    bot.network.before_photo = pause
    group, ann = await bot.person(**GROUP), await bot.person(chat=GROUP["user"])
    await group.send_photo(jpeg("green"), caption="/tags")
    await pause.reached()
    async with bot.database.reading() as session:
        [waiting] = await session.scalars(select(WaitingUpdate))
    assert (waiting.chat_id, waiting.user_id) == (GROUP["chat"], GROUP["user"])
    assert "Nothing about you" in (await edited(ann, await reply(ann, "/forget"), "Yes"))["text"]
    assert await still_waiting(bot.database) == []
    pause.end()


async def test_who_has_all_of_theirs_deleted_gets_no_apology_that_still_waited(
    settings: Settings, start: Start, telegram: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.chat.delivery.FIRST_PAUSE", 0.2)
    trouble = Refusing(monkeypatch, "sendMessage", RefusalError(500, "Trouble"), GROUP["chat"])
    async with (
        Person(telegram.page_url, **GROUP) as group,
        Person(telegram.page_url, chat=GROUP["user"]) as ann,
    ):
        await waits(settings, telegram, await group.send_text("/tags"))
        await telegram.state.updates.get(2**40)
        await came_long_ago(settings)
        bot = await start(server=telegram)
        await is_empty(bot.database)  # what is to be sent waits in the outbox
        assert (
            "Nothing about you" in (await edited(ann, await reply(ann, "/forget"), "Yes"))["text"]
        )
        trouble.over = True
        await at_work(bot, 0)
        assert "/addtags" in await reply_text(group, "/help")


async def test_that_updates_were_handled_is_stored_as_soon_as_it_can_be(
    bot: Running, ann: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.inbox.STORE_AGAIN_AFTER", 0.1)
    async with bot.database.session() as session:
        await session.execute(sql(STAYS))
    assert "/addtags" in await reply_text(ann, "/help")
    await until(lambda: "handled is not stored yet" in caplog.text, SECONDS)
    assert len(await still_waiting(bot.database)) == 1
    async with bot.database.session() as session:
        await session.execute(sql("DROP TRIGGER stays"))
    await is_empty(bot.database)


async def test_a_full_inbox_leaves_updates_at_telegram_until_one_is_handled(
    start: Start, telegram: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.inbox.MOST", 2)
    monkeypatch.setattr("bot.chat.delivery.FIRST_PAUSE", 0.05)
    monkeypatch.setattr("bot.chat.delivery.LONGEST_PAUSE", 0.05)
    refusal = RefusalError(500, "Trouble")
    busy = [Refusing(monkeypatch, "sendMessage", refusal, 1_000 + i) for i in range(3)]
    async with AsyncExitStack() as stack:
        people = [
            await stack.enter_async_context(Person(telegram.page_url, chat=1_000 + i))
            for i in range(3)
        ]
        for person in people:
            await person.send_text("/help")
        bot = await start(server=telegram)
        await at_work(bot, 3)
        busy[0].over = True
        assert "/addtags" in (await people[0].wait_reply())["text"]
        await at_work(bot, 2)
        assert bot.inbox.is_full
        await people[0].send_text("/help")
        await asyncio.sleep(0.2)
        assert len(people[0].replies()) == 1
        busy[1].over = True
        assert "/addtags" in (await people[0].wait_reply())["text"]
        busy[0].over = False
        await people[0].send_text("/help")
        await at_work(bot, 2)
        assert bot.inbox.is_full
        busy[0].over = busy[2].over = True
        await at_work(bot, 0)
        assert not bot.inbox.is_full
