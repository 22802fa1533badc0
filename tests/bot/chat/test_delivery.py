"""An answer arrives in spite of trouble on the way, and as a rule once."""

import asyncio
from functools import wraps
from typing import Any

import pytest

from bot.chat import application, delivery, typing_action
from bot.chat.pace import Pace
from bot.chat.telegram_bot import TelegramBot
from bot.local.methods import METHODS
from bot.local.refusals import RefusalError
from bot.local.state import State
from tests.bot.conversation import answer, answer_hashtags, hashtags, reply_text
from tests.bot.running import Running, Start
from tests.bot.telegram_sends import Refusing
from tests.colours import Pause, jpeg
from tests.person import SECONDS, Person
from tests.waiting import until


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "FIRST_PAUSE", 0.01)


@pytest.mark.parametrize("code", [500, 502, 504, 401, 404])
async def test_a_send_that_fails_is_sent_again_and_nobody_hears_of_it(
    ann: Person, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    Refusing(monkeypatch, "sendMessage", RefusalError(code, "Trouble"), times=3)
    assert hashtags(await answer(ann))[0] == "#red1"
    Refusing(monkeypatch, "sendMessage", RefusalError(code, "Trouble"), times=3)
    assert "#sofa" in await reply_text(ann, "/addtags #sofa")
    assert len(ann.replies()) == 2


async def test_a_file_is_asked_for_again_and_a_tap_answered_again(
    ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    trouble = RefusalError(502, "Bad Gateway")
    asking = Refusing(monkeypatch, "getFile", trouble, times=2)
    message = await answer(ann)
    assert hashtags(message)
    tap = Refusing(monkeypatch, "answerCallbackQuery", trouble, times=2)
    editing = Refusing(monkeypatch, "editMessageText", trouble, times=2)
    callback = await ann.wait_callback(await ann.press(message, "More"))
    assert not callback["show_alert"]
    assert (asking.over, tap.over, editing.over) == (True, True, True)


async def test_a_file_that_does_not_come_is_fetched_again(
    bot: Running, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, failures = bot.server.state.files, [RefusalError(502, "Bad Gateway")] * 2
    find = files.by_path

    def failing(path: str) -> Any:
        if failures:
            raise failures.pop()
        return find(path)

    monkeypatch.setattr(files, "by_path", failing)
    assert hashtags(await answer(ann))[0] == "#red1"
    assert not failures


@pytest.mark.parametrize(
    "refusal",
    [
        RefusalError(429, "Too Many Requests: retry after 31", retry_after=31),
        RefusalError(403, "Forbidden: no reason"),
    ],
)
async def test_who_sent_a_file_that_does_not_come_is_told_and_the_rest_of_an_album_answered(
    ann: Person, monkeypatch: pytest.MonkeyPatch, refusal: RefusalError
) -> None:
    Refusing(monkeypatch, "getFile", refusal, times=1)
    await ann.send_photo(jpeg("red"))
    assert "did not hand me the file in time" in (await ann.wait_reply())["text"]
    Refusing(monkeypatch, "getFile", refusal, times=1)
    await ann.send_photo([jpeg("red"), jpeg("green"), jpeg("blue")])
    message = await ann.wait_reply()
    assert hashtags(message)
    assert "1 of the 3" in message["text"]


async def test_others_are_answered_while_one_chat_must_wait(
    bot: Running, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    trouble = Refusing(monkeypatch, "sendMessage", RefusalError(500, "Trouble"), 1_000)
    boris = await bot.person(chat=2)
    for seed in range(6):
        await ann.send_photo(jpeg("red", seed))
    for seed in range(3):
        assert await answer_hashtags(boris, "green", seed)
    assert ann.replies() == []
    trouble.over = True
    for _ in range(6):
        assert hashtags(await ann.wait_reply())


async def test_a_chat_is_answered_although_an_edit_would_have_to_wait_for_long(
    ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = await answer(ann)
    later = RefusalError(429, "Too Many Requests: retry after 3000", retry_after=3_000)
    Refusing(monkeypatch, "editMessageText", later)
    callback = await ann.wait_callback(await ann.press(message, "More"))
    assert "went wrong" in callback["text"]
    assert await answer_hashtags(ann, seed=1)


async def test_a_chat_that_must_wait_is_not_asked_to_show_typing_meanwhile(
    bot: Running, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pause in ("AFTER", "REPEAT_AFTER"):
        monkeypatch.setattr(typing_action, pause, 0.02)
    later = RefusalError(429, "Too Many Requests: retry after 1", retry_after=1)
    sending = Refusing(monkeypatch, "sendMessage", later, times=1)
    bot.network.before_photo = computing = Pause()
    show, shown = TelegramBot.send_chat_action, []

    async def counted(*arguments: Any, **named: Any) -> bool:
        shown.append("waiting" if sending.refused else "computing")
        computing.end()
        return await show(*arguments, **named)

    monkeypatch.setattr(TelegramBot, "send_chat_action", counted)
    assert await answer_hashtags(ann)
    assert sending.over
    assert set(shown) == {"computing"}


async def test_what_waits_its_turn_at_the_end_does_not_count_as_perhaps_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def no_group_moves(*_: int) -> None: ...

    async def never(*_: object) -> bool:
        raise AssertionError("sent")

    monkeypatch.setattr(Pace, "going_out", lambda self: 60.0)
    waiting, attempts = delivery.Delivery(no_group_moves, Pace()), delivery.Attempts()
    sending = asyncio.create_task(
        waiting.process_request(never, (), {}, "sendMessage", {"chat_id": 1}, attempts)
    )
    await until(lambda: attempts.unsure, SECONDS)
    waiting.close()
    await asyncio.wait({sending}, timeout=10)
    assert sending.cancelled() and attempts.unsure == 0


async def test_a_send_of_which_nobody_knows_whether_it_arrived_is_sent_once_more(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(application, "READ_TIMEOUT", 0.5)
    bot = await start()
    ann = await bot.person()
    send = METHODS["sendMessage"]

    @wraps(send)
    async def slow(state: State, **arguments: Any) -> Any:
        message = await send(state, **arguments)
        await asyncio.sleep(1.5)
        return message

    monkeypatch.setitem(METHODS, "sendMessage", slow)  # type: ignore[arg-type]
    await ann.send_text("/help")
    for _ in range(2):
        assert "Send a photo" in (await ann.wait_reply())["text"]
    monkeypatch.setitem(METHODS, "sendMessage", send)
    assert await answer_hashtags(ann)
    assert len(ann.replies()) == 3
