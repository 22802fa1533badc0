"""What nobody could have sent: forged taps, numbers beyond 64 bits, half characters, no sender."""

import itertools
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Update

from bot.chat.callback_data import VERBS, read
from bot.chat.texts import ENGLISH
from storage.tables import LARGEST_INTEGER
from tests.bot.conversation import answer
from tests.bot.running import Running, Start
from tests.person import Person

NONSENSE = (
    *("", "-1", "0", "1", "007", "+1", "1.5", "1e3", "٣", "²", "1 ", "x", "яд", "\ud83d", "\0"),
    *(str(2**63), str(-(2**63)), "9" * 5000, "None", "nan", "yes", "on", "all", "deadbeef", "../x"),
)
PART = st.sampled_from(NONSENSE) | st.integers().map(str) | st.text(max_size=8)


@given(st.sampled_from([*VERBS, "", "moree"]), st.lists(PART, max_size=5))
def test_whatever_a_button_says_is_read_within_its_range_or_not_at_all(
    verb: str, parts: list[str]
) -> None:
    data = read(":".join([verb, *parts]))
    if data is None:
        return
    assert data.verb == verb
    for part, text in itertools.zip_longest(VERBS[verb], ":".join(parts).split(":")):
        value = data.parts[part.name]
        assert str(value) == text or (not text and value == part.missing)
        if isinstance(value, int):
            assert -LARGEST_INTEGER <= value <= LARGEST_INTEGER


def test_missing_and_surplus_parts_are_no_tap() -> None:
    for verb in VERBS:
        check_parts(verb)


def check_parts(verb: str) -> None:
    needed = [part for part in VERBS[verb] if part.missing is None]
    good = [
        next(text for text in (*NONSENSE, "ask") if part.read(text) is not None)
        for part in VERBS[verb]
    ]
    assert read(":".join([verb, *good])) is not None
    assert read(":".join([verb, *good[: len(needed) - 1]])) is None
    assert read(":".join([verb, *good, "1"])) is None


def tapped(update_id: int, data: str | None, shown: dict[str, Any]) -> dict[str, Any]:
    query: dict[str, Any] = {"id": str(update_id), "chat_instance": "1", "message": shown}
    query["from"] = {"id": 1_000, "is_bot": False, "first_name": "Ann"}
    return {"update_id": update_id, "callback_query": query | ({"data": data} if data else {})}


async def test_forged_taps_end_in_a_word_and_no_traceback(
    start: Start, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = await start(updates_per_minute=0)
    ann = await bot.person()
    shown = bot.server.state.chats[1_000].messages[(await answer(ann))["message_id"]]
    notes: list[str] = []

    async def answered(*_: object, text: str = "", **__: object) -> bool:
        notes.append(text)
        return True

    monkeypatch.setattr(type(bot.application.bot), "answer_callback_query", answered)
    forged = [None, "moree:1"]
    for verb, parts in VERBS.items():
        forged += [f"{verb}:{text}" for text in NONSENSE] + [verb + ":1" * (len(parts) + 1)]
    forged = [data for data in forged if read(data) is None]
    # Well written, but of nothing that is there.
    numbers = (str(LARGEST_INTEGER), "1000000", "deadbeef", "all")
    guessed = [
        f"{verb}:{':'.join(some)}"
        for verb, parts in VERBS.items()
        for some in itertools.product(numbers, repeat=len(parts))
    ]
    guessed = [data for data in guessed if read(data) is not None]
    with caplog.at_level(logging.INFO):
        for number, data in enumerate([*forged, *guessed]):
            update = Update.de_json(tapped(number, data, shown), bot.application.bot)
            await bot.application.process_update(update)
            if number + 1 == len(forged):
                halves = sum("\ud83d" in (one or "") for one in forged)
                assert notes == [ENGLISH.button_stale] * (len(forged) - halves)
    assert [one for one in caplog.records if one.levelno > logging.INFO or one.exc_info] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"from": None},
        {"text": "/start \ud83d"},
        {"chat": {"id": 2**63, "type": "private"}},
        {"message_id": 2**70},
    ],
)
async def test_messages_that_nobody_could_send_are_set_aside_in_one_line(
    wrong: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    bot: Running,
    ann: Person,
) -> None:
    message = dict(await ann.send_text("hello"))
    await ann.wait_reply()
    message = {key: value for key, value in (message | wrong).items() if value is not None}
    update = Update.de_json({"update_id": 9, "message": message}, bot.application.bot)
    with caplog.at_level(logging.INFO):
        await bot.application.process_update(update)
    (line,) = [one.getMessage() for one in caplog.records if one.name == "bot.chat.gate"]
    assert line.startswith("Update 9 was set aside: ")
    assert len(ann.replies()) == 1
    assert not [record for record in caplog.records if record.levelno > logging.INFO]
