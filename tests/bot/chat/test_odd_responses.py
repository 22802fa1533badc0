"""What Telegram has done is done, though its response is one that the library cannot read."""

from functools import wraps
from typing import Any

import pytest

from bot.chat.telegram_bot import TelegramBot
from bot.local.methods import METHODS
from bot.local.refusals import RefusalError
from bot.local.server import LocalServer
from bot.local.state import State
from tests.bot.conversation import edited, hashtags, reply
from tests.bot.outgoing import filled, outgoing
from tests.bot.running import Running, Start
from tests.bot.telegram_sends import Refusing, part
from tests.colours import jpeg
from tests.person import SECONDS, Person
from tests.waiting import until

ODD_PHOTO = {"photo": [{"file_id": "a", "file_unique_id": "b"}]}
READABLE_NUMBERS: tuple[dict[str, Any], ...] = (
    {"date": 10**15},
    {"date": None},
    {"reply_to_message": {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}}}
    | ODD_PHOTO,
)
NO_NUMBERS: tuple[Any, ...] = (
    True,
    {"message_id": None},
    {"chat": {"type": "private"}},
    {"message_id": 2**64},
)


def responds(monkeypatch: pytest.MonkeyPatch, method: str, odd: Any) -> None:
    """Telegram does as it is asked; in its response some fields are odd or lack (None), or all."""
    call = METHODS[method]

    @wraps(call)
    async def responding(state: State, **arguments: Any) -> Any:
        result = await call(state, **arguments)
        if not isinstance(odd, dict):
            return odd
        return {name: value for name, value in {**result, **odd}.items() if value is not None}

    monkeypatch.setitem(METHODS, method, responding)  # type: ignore[arg-type]


async def is_idle(bot: Running) -> None:
    async def idle() -> bool:
        return not (bot.inbox.waiting or await outgoing(bot.database))

    await until(idle, SECONDS)


@pytest.mark.parametrize("odd", [*READABLE_NUMBERS, *NO_NUMBERS])
async def test_an_answer_that_arrived_is_no_failure_and_not_sent_again(
    start: Start,
    telegram: LocalServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    odd: Any,
) -> None:
    responds(monkeypatch, "sendMessage", odd)
    bot = await start(server=telegram)
    async with Person(telegram.page_url) as ann:
        await ann.send_photo(jpeg("green"))
        message = await ann.wait_reply()
        await is_idle(bot)
        assert "(failed" not in caplog.text and "failed:" not in caplog.text
        # Its buttons know it.
        assert hashtags(await edited(ann, message, "More"))[0] == "#green1"
        if odd in READABLE_NUMBERS:
            confirmation = await reply(ann, "/addtags #sofa", message)
            assert "#sofa" in confirmation["text"]
        await bot.stop()
        again = await start(server=telegram)
        await is_idle(again)
        assert len(ann.replies()) == 1 + (odd in READABLE_NUMBERS)


async def test_a_chats_other_answers_do_not_wait_for_one_that_cannot_be_sent(
    start: Start,
    telegram: LocalServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    down = Refusing(monkeypatch, "sendMessage", RefusalError(502, "Bad Gateway"))
    bot = await start(server=telegram)
    async with Person(telegram.page_url) as ann:
        for seed, colour in enumerate(("red", "green", "blue")):
            await ann.send_photo(jpeg(colour))
            await filled(bot.database, seed + 1, SECONDS)
        await bot.stop()
        down.over = True
        post = TelegramBot.post

        async def broken_for_red(*arguments: Any) -> Any:
            if "red" in arguments[1]["text"]:
                raise ValueError(arguments[1]["text"])
            return await post(*arguments)

        monkeypatch.setattr(TelegramBot, "post", broken_for_red)
        caplog.clear()
        await start(server=telegram)
        assert [hashtags(await ann.wait_reply())[0] for _ in range(2)] == ["#green1", "#blue1"]
        assert "ValueError" in caplog.text and "red" not in caplog.text


@pytest.mark.parametrize("odd", [*READABLE_NUMBERS, *NO_NUMBERS])
async def test_an_edit_that_was_made_is_no_failure(
    bot: Running,
    ann: Person,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    odd: Any,
) -> None:
    responds(monkeypatch, "editMessageText", odd)
    await part(bot, jpeg("blue", 1))
    message = await ann.wait_reply()
    for seed in (2, 3):
        await part(bot, jpeg("red", seed))
    while hashtags(await ann.wait_edit(message))[0] != "#red1":
        pass
    assert len(hashtags(await edited(ann, message, "More"))) > 10
    await is_idle(bot)
    assert "failed" not in caplog.text
    assert len(ann.replies()) == 1


@pytest.mark.parametrize("odd", [*READABLE_NUMBERS, *NO_NUMBERS])
async def test_a_file_that_was_sent_is_no_failure(
    bot: Running,
    ann: Person,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    odd: Any,
) -> None:
    responds(monkeypatch, "sendDocument", odd)
    page = await reply(ann, "/mydata")
    await ann.press(page, "file")
    assert "document" in await ann.wait_reply()
    await is_idle(bot)
    assert "failed" not in caplog.text


async def test_a_photo_is_fetched_by_its_address_alone(
    ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    responds(monkeypatch, "getFile", {"file_id": None, "file_unique_id": None, "file_size": "big"})
    await ann.send_photo(jpeg("green"))
    assert hashtags(await ann.wait_reply())[0] == "#green1"


@pytest.mark.parametrize("odd", [True, {"file_path": None}, {"file_path": 1}])
async def test_a_photo_without_an_address_is_told_of(
    ann: Person, monkeypatch: pytest.MonkeyPatch, odd: Any
) -> None:
    responds(monkeypatch, "getFile", odd)
    await ann.send_photo(jpeg("green"))
    assert "Telegram" in (await ann.wait_reply())["text"]
    assert len(ann.replies()) == 1
