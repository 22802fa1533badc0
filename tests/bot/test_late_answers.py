"""Who cannot be answered in time gets a word of apology after the next start."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.chat import delivery
from bot.local.server import LocalServer
from storage.tables import OutgoingMessage, now
from tests.bot.conversation import GROUP, replied_to
from tests.bot.outgoing import filled, is_empty
from tests.bot.running import Running, Start
from tests.bot.telegram_sends import (
    ANN,
    LATER,
    Refusing,
    arrives,
    is_deleted,
    photo,
    text,
    topic,
)
from tests.colours import jpeg
from tests.person import Person
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("stopped_at_once")


async def gets_old(bot: Running, messages: int) -> None:
    """So many messages wait until it is too late to send them."""
    await filled(bot.database, messages, 60)
    async with bot.database.session() as session:
        long_ago = now() - timedelta(seconds=delivery.HOUR + 1)
        await session.execute(update(OutgoingMessage).values(at=long_ago))


@pytest.mark.parametrize("photos", [0, 2])
async def test_an_answer_that_is_too_old_is_a_word_of_apology(
    start: Start, telegram: LocalServer, monkeypatch: pytest.MonkeyPatch, photos: int
) -> None:
    busy = Refusing(monkeypatch, "sendMessage", LATER)
    bot = await start(server=telegram)
    async with Person(telegram.page_url) as ann:
        for seed in range(photos):
            await ann.send_photo(jpeg("green", seed))
        if not photos:
            await ann.send_text("/help")
        await gets_old(bot, photos or 1)
        await bot.stop()
        busy.over = True
        again = await start(server=telegram)
        assert "could not answer you in time" in (await ann.wait_reply())["text"]
        await is_empty(again.database)
        await until(lambda: not again.services.outbox.waiting)
        assert len(ann.replies()) == 1


@pytest.mark.parametrize("deleted", [False, True])
async def test_a_word_of_apology_is_in_their_language_and_where_the_answer_would_have_been(
    start: Start, telegram: LocalServer, monkeypatch: pytest.MonkeyPatch, deleted: bool
) -> None:
    busy = Refusing(monkeypatch, "sendMessage", LATER)
    bot = await start(server=telegram)
    ann = ANN | {"language_code": "ru"}
    async with Person(telegram.page_url, **GROUP) as group:
        pets = topic(bot, "Pets")
        await group.wait_reply()
        asked = arrives(bot, GROUP["chat"], await photo(bot, jpeg("red"), "/tags", **pets), ann)
        await gets_old(bot, 1)
        arrives(bot, GROUP["chat"], text(bot, "/help", **pets), ann)
        await gets_old(bot, 2)
        await bot.stop()
        if deleted:
            is_deleted(bot, asked)
        busy.over = True
        await start(server=telegram)
        apology = await group.wait_reply()
    assert "вы остались без ответа" in apology["text"]
    assert apology["message_thread_id"] == pets["message_thread_id"]
    assert replied_to(apology) == (None if deleted else asked["message_id"])
