"""Answers are stored before they are sent, and arrive once, or twice where nobody can know."""

import asyncio
import sqlite3
from functools import wraps
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy import text as sql

from bot.chat import delivery, outbox
from bot.chat.replies import Reply
from bot.local.methods import METHODS
from bot.local.refusals import RefusalError
from bot.local.server import LocalServer
from bot.local.state import State
from bot.settings import Settings
from storage import recommendations
from storage.receipts import Receipt, Receipts
from storage.tables import HandledUpdate, WaitingUpdate
from tests.bot.conversation import GROUP, edited, hashtags, replied_to, reply
from tests.bot.outgoing import is_empty, outgoing, waiting
from tests.bot.running import Running, Start
from tests.bot.telegram_sends import LATER, Refusing, arrives, is_deleted, text, topic
from tests.colours import jpeg
from tests.person import Person
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("stopped_at_once")

NOTHING_GOES = """CREATE TRIGGER nothing_goes BEFORE DELETE ON outbox
BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"""
NOTHING_COMES = """CREATE TRIGGER nothing_comes BEFORE INSERT ON outbox
BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"""


def stored_messages(settings: Settings) -> int:
    """How many are in the outbox of a bot that has stopped."""
    with sqlite3.connect(settings.database_url.partition("///")[2]) as connection:
        number: int = connection.execute("SELECT count(*) FROM outbox").fetchone()[0]
    return number


class Silent:
    """A Telegram that sends messages, and says nothing of it.

    Attributes:
        sent: how many.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent = 0
        send = METHODS["sendMessage"]

        @wraps(send)
        async def silent(state: State, **arguments: Any) -> Any:
            await send(state, **arguments)
            self.sent += 1
            await asyncio.Event().wait()

        monkeypatch.setitem(METHODS, "sendMessage", silent)  # type: ignore[arg-type]


@pytest.mark.parametrize("album", [False, True])
async def test_an_answer_that_was_ready_is_sent_after_the_next_start_and_not_computed_again(
    start: Start, telegram: LocalServer, monkeypatch: pytest.MonkeyPatch, album: bool
) -> None:
    busy = Refusing(monkeypatch, "sendMessage", LATER)
    bot = await start(server=telegram)
    async with Person(telegram.page_url) as ann:
        await ann.send_photo([jpeg("green"), jpeg("green", 1)] if album else jpeg("green"))
        await until(lambda: busy.refused)
        async with bot.database.reading() as session:
            assert not list(await session.scalars(select(WaitingUpdate)))
            assert len(list(await session.scalars(select(HandledUpdate)))) == 1 + album
        await bot.stop()
        busy.over = True
        again = await start(server=telegram)
        message = await ann.wait_reply()
        assert hashtags(message)[0] == "#green1"
        await is_empty(again.database)
        await until(lambda: not Receipts(again.database.file).read())
        assert again.network.photos == 0
        # Its buttons know it.
        assert hashtags(await edited(ann, message, "More"))[0] == "#green1"
        assert len(ann.replies()) == 1


async def test_what_was_taught_is_confirmed_once_and_as_it_was(
    start: Start, telegram: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = await start(server=telegram)
    async with Person(telegram.page_url) as ann:
        await ann.send_photo(jpeg("green"))
        await ann.wait_reply()
        busy = Refusing(monkeypatch, "sendMessage", LATER)
        await ann.send_text("/addtags #sofa")
        await until(lambda: busy.refused)
        await bot.stop()
        busy.over = True
        await start(server=telegram)
        confirmation = (await ann.wait_reply())["text"]
        assert confirmation.startswith("Learnt") and "#sofa" in confirmation
        assert len(ann.replies()) == 2


async def test_all_captions_of_an_album_teach_though_the_bot_dies_after_the_first(
    start: Start, telegram: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = Refusing(monkeypatch, "sendMessage", LATER)
    bot = await start(server=telegram)
    async with Person(telegram.page_url) as ann:
        captions = ["/addtags", "/addtags #two"]
        await ann.send_photo([jpeg("green"), jpeg("red")], caption=captions)
        await until(lambda: busy.refused)
        await bot.stop()
        busy.over = True
        await start(server=telegram)
        while not (await ann.wait_reply())["text"].startswith("Learnt: #two"):
            pass


@pytest.mark.parametrize("stays", [False, True])
async def test_what_may_have_arrived_is_sent_once_more_and_not_after_a_third_start(
    start: Start,
    telegram: LocalServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    stays: bool,
) -> None:
    monkeypatch.setattr(outbox, "FIRST_PAUSE", 0.1)
    silent = Silent(monkeypatch)
    bot = await start(server=telegram)
    async with Person(telegram.page_url) as ann:
        await ann.send_photo(jpeg("green"))
        for times in (1, 2):
            await until(lambda times=times: silent.sent == times)
            assert await waiting(bot.database, times)
            if stays and times == 2:
                async with bot.database.session() as session:
                    await session.execute(sql(NOTHING_GOES))
            await bot.stop()
            bot = await start(server=telegram)
        if stays:
            await until(lambda: "not to be sent is not stored yet" in caplog.text)
            assert not bot.services.outbox.waiting
            async with bot.database.session() as session:
                await session.execute(sql("DROP TRIGGER nothing_goes"))
        await is_empty(bot.database)
    assert silent.sent == 2


async def test_what_goes_out_while_another_of_its_chat_is_on_its_way_is_counted_too(
    bot: Running, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = Silent(monkeypatch)
    for number in (1, 2):
        await ann.send_text("/help")
        await until(lambda number=number: silent.sent == number)
    assert [one.unsure for one in await outgoing(bot.database)] == [1, 1]


@pytest.mark.parametrize("by_another_bot", [False, True])
async def test_what_arrived_and_could_not_be_stored_as_that_is_not_sent_again(
    start: Start,
    telegram: LocalServer,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    by_another_bot: bool,
) -> None:
    bot = await start(server=telegram)
    receipts = Receipts(bot.database.file)
    async with bot.database.session() as session:
        await session.execute(sql(NOTHING_GOES))
    async with Person(telegram.page_url) as ann:
        await ann.send_photo(jpeg("green"))
        message = await ann.wait_reply()
        await until(lambda: "arrived is not stored" in caplog.text)
        assert await waiting(bot.database, 1)
        await bot.stop()
        with sqlite3.connect(settings.database_url.partition("///")[2]) as connection:
            connection.execute("DROP TRIGGER nothing_goes")
            if by_another_bot:
                connection.execute("UPDATE outbox SET bot_id = 1")
                connection.execute("UPDATE handled_updates SET bot_id = 1")
        receipts.add(Receipt(10**6, 1, 2))  # of a row that is gone
        again = await start(server=telegram)
        assert (await outgoing(again.database), receipts.read()) == ([], [])
        async with again.database.reading() as session:
            known = await recommendations.of_message(
                session, message["chat"]["id"], message["message_id"]
            )
        assert bool(known) != by_another_bot  # by whose numbers this bot means other messages
        assert len(ann.replies()) == 1


@pytest.mark.parametrize("arrives", [True, False])
@pytest.mark.parametrize("stops", [True, False])
async def test_what_became_of_a_message_is_stored_as_soon_as_it_can_be(
    start: Start,
    telegram: LocalServer,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    arrives: bool,
    stops: bool,
) -> None:
    monkeypatch.setattr(outbox, "FIRST_PAUSE", 60 if stops else 0.1)
    monkeypatch.setattr(Receipts, "add", lambda *_: None)  # as on a server
    blocked = RefusalError(403, "Forbidden: bot was blocked by the user")
    Refusing(monkeypatch, "sendMessage", blocked).over = arrives
    bot = await start(server=telegram)
    async with bot.database.session() as session:
        await session.execute(sql(NOTHING_GOES))
    async with Person(telegram.page_url) as ann:
        await ann.send_text("/help")
        told = f"That a message {'arrived' if arrives else 'is not to be sent'} is not stored yet"
        await until(lambda: told in caplog.text and not bot.inbox.waiting)
        assert len(await outgoing(bot.database)) == 1
        async with bot.database.session() as session:
            await session.execute(sql("DROP TRIGGER nothing_goes"))
        if stops:
            await bot.stop()
        else:
            await is_empty(bot.database)
        assert len(ann.replies()) == arrives
    assert stored_messages(settings) == 0


async def test_that_a_message_arrived_is_stored_though_its_handler_is_cancelled(
    start: Start, telegram: LocalServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Receipts, "add", lambda *_: None)  # as on a server
    bot = await start(server=telegram)
    send, asked, goes = METHODS["sendMessage"], asyncio.Event(), asyncio.Event()

    @wraps(send)
    async def slow(state: State, **arguments: Any) -> Any:
        asked.set()
        await goes.wait()
        return await send(state, **arguments)

    monkeypatch.setitem(METHODS, "sendMessage", slow)  # type: ignore[arg-type]
    async with Person(telegram.page_url) as ann:
        await ann.send_text("/help")
        await asked.wait()
        async with bot.database.session():  # so that nothing else is stored
            goes.set()
            await until(lambda: not bot.services.outbox.waiting)
            stopping = asyncio.create_task(bot.stop())
            await until(lambda: not bot.inbox.waiting)
        await stopping
    assert stored_messages(settings) == 0


async def test_what_certainly_did_not_arrive_is_sent_after_however_many_starts(
    start: Start, telegram: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Person(telegram.page_url) as ann:
        await ann.send_text("/help")
        for _ in range(3):
            trouble = Refusing(monkeypatch, "sendMessage", RefusalError(500, "Trouble"))
            bot = await start(server=telegram)
            await until(lambda trouble=trouble: trouble.refused)
            await until(lambda bot=bot: waiting(bot.database, 0))
            await bot.stop()
            trouble.over = True
        bot = await start(server=telegram)
        assert "Send a photo" in (await ann.wait_reply())["text"]
        await is_empty(bot.database)
        assert len(ann.replies()) == 1


@pytest.mark.parametrize("deleted", [False, True])
async def test_a_reply_that_cannot_be_stored_is_sent_as_it_would_be(
    bot: Running, deleted: bool
) -> None:
    group, pets = await bot.person(**GROUP), topic(bot, "Pets")
    await group.wait_reply()
    said = []
    for stored in (True, False):
        if not stored:
            async with bot.database.session() as session:
                await session.execute(sql(NOTHING_COMES))
        asked = arrives(bot, GROUP["chat"], text(bot, "/settings", **pets))
        if deleted:
            is_deleted(bot, asked)
        said.append(await group.wait_reply())
        assert replied_to(said[-1]) == (None if deleted else asked["message_id"])
    for one in said:
        del one["message_id"], one["date"]
        one.pop("reply_to_message", None)
    assert said[0] == said[1]
    assert said[0]["message_thread_id"] == pets["message_thread_id"]
    assert said[0]["reply_markup"]


async def test_a_reply_is_stored_with_its_update_and_deleted_with_all_of_theirs(
    bot: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    group, ann = await bot.person(**GROUP), await bot.person(chat=GROUP["user"])
    question = await reply(ann, "/forget")
    monkeypatch.setattr(delivery, "FIRST_PAUSE", 0.2)
    trouble = Refusing(monkeypatch, "sendMessage", RefusalError(500, "Trouble"), GROUP["chat"])
    await group.send_text("/help")
    await until(lambda: trouble.refused)
    async with bot.database.reading() as session:
        assert not list(await session.scalars(select(WaitingUpdate)))
    assert "Nothing about you" in (await edited(ann, question, "Yes"))["text"]
    trouble.over = True
    await until(lambda: not bot.services.outbox.waiting)
    await reply(group, "/settings")
    assert len(group.replies()) == 1


async def test_who_has_all_of_theirs_deleted_gets_no_answer_that_still_waited(
    bot: Running, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = await reply(ann, "/forget")
    monkeypatch.setattr(delivery, "FIRST_PAUSE", 0.2)
    trouble = Refusing(monkeypatch, "sendMessage", RefusalError(500, "Trouble"))
    await ann.send_photo(jpeg("green"))
    await until(lambda: trouble.refused)
    assert "Nothing about you" in (await edited(ann, question, "Yes"))["text"]
    trouble.over = True
    await until(lambda: not bot.services.outbox.waiting)
    assert await outgoing(bot.database) == []
    assert len(ann.replies()) == 1


async def test_what_is_let_go_waits_no_longer_and_is_counted_once_when_begun_again(
    start: Start, telegram: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = Refusing(monkeypatch, "sendMessage", LATER)
    bot = await start(server=telegram)
    async with Person(telegram.page_url) as ann:
        for _ in range(2):
            await ann.send_text("/help")
        await until(lambda: bot.services.outbox.waiting == 2)
        await bot.stop()
        again = await start(server=telegram)
        box = again.services.outbox
        assert box.waiting == 2
        # As where a handler is cancelled before it sends what it has stored.
        async with again.database.session() as session:
            await box.put(session, Reply(1_000, "Later"))
        assert box.waiting == 3
        await box.let_go()
        assert box.waiting == 0
        busy.over = True
        await box.begin(await outgoing(again.database))
        assert box.waiting == 3
        await is_empty(again.database)
        await until(lambda: not box.waiting)
