"""What Telegram refuses in everyday use: a line in the log, and a fitting sentence."""

import logging

import pytest

from bot.local.refusals import RefusalError, bad_request
from tests.bot.conversation import GROUP, answer, hashtags, reply_text
from tests.bot.running import Running
from tests.bot.telegram_sends import Refusing
from tests.colours import jpeg
from tests.person import Person

TOO_OLD = bad_request("query is too old and response timeout expired or query ID is invalid")


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log says of updates that failed: each as it is written, traceback and all."""
    formatter = logging.Formatter()
    return [
        formatter.format(record)
        for record in caplog.records
        if record.name == "bot.chat.handlers.errors" and record.levelno >= logging.INFO
    ]


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        (bad_request("message to edit not found"), "is gone"),
        (bad_request("message can't be edited"), "is gone"),
        (bad_request("MESSAGE_ID_INVALID"), "is gone"),
        (bad_request("TOPIC_CLOSED"), "topic is closed"),
        (bad_request("message thread not found"), "topic is closed"),
        (bad_request("not enough rights to send text messages to the chat"), "not allowed"),
        (bad_request("have no rights to send a message"), "not allowed"),
        (bad_request("CHAT_WRITE_FORBIDDEN"), "not allowed"),
        (bad_request("CHAT_SEND_PLAIN_FORBIDDEN"), "not allowed"),
        (bad_request("CHAT_RESTRICTED"), "does not let me"),
        (RefusalError(403, "Forbidden: bot was kicked from the supergroup chat"), "removed"),
        (RefusalError(403, "Forbidden: bot is not a member of the channel chat"), "removed"),
        (bad_request("chat not found"), "cannot find this chat"),
    ],
    ids=lambda value: value.description if isinstance(value, RefusalError) else "",
)
async def test_a_tap_is_told_why_nothing_happens(
    ann: Person,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    refusal: RefusalError,
    sentence: str,
) -> None:
    message = await answer(ann)
    caplog.set_level(logging.INFO)
    Refusing(monkeypatch, "editMessageText", refusal)
    callback = await ann.wait_callback(await ann.press(message, "More"))
    assert sentence in callback["text"] and callback["show_alert"]
    (line,) = lines(caplog)
    assert "\n" not in line


@pytest.mark.parametrize(
    "refusal",
    [
        bad_request("TOPIC_CLOSED"),
        bad_request("not enough rights to send text messages to the chat"),
        bad_request("need administrator rights in the channel chat"),
        bad_request("CHAT_RESTRICTED"),
        bad_request("chat not found"),
        bad_request("PEER_ID_INVALID"),
        RefusalError(403, "Forbidden: bot was blocked by the user"),
        RefusalError(403, "Forbidden: user is deactivated"),
    ],
    ids=lambda refusal: refusal.description,
)
@pytest.mark.parametrize("what", ["a photo", "a command"])
async def test_where_the_bot_cannot_write_it_does_not_try_again(
    bot: Running,
    ann: Person,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    refusal: RefusalError,
    what: str,
) -> None:
    boris = await bot.person(chat=2)
    refusing = Refusing(monkeypatch, "sendMessage", refusal, 2)
    caplog.set_level(logging.INFO)
    if what == "a photo":
        await boris.send_photo(jpeg("red"))
    else:
        await boris.send_text("/help")
    while not lines(caplog):
        assert hashtags(await answer(ann))
    (line,) = lines(caplog)
    assert "\n" not in line
    assert refusing.refused == 1


async def test_a_tap_that_came_too_late_is_one_line(
    ann: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    message = await answer(ann)
    caplog.set_level(logging.INFO)
    Refusing(monkeypatch, "answerCallbackQuery", TOO_OLD)
    await ann.press(message, "More")
    await ann.wait_edit(message)
    while not lines(caplog):
        await reply_text(ann, "/help")
    (line,) = lines(caplog)
    assert "\n" not in line and "too long ago" in line


async def test_a_topic_that_closes_while_a_photo_is_computed_is_one_line(
    bot: Running, ann: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    group = await bot.person(**GROUP)
    Refusing(monkeypatch, "sendMessage", bad_request("TOPIC_CLOSED"), -500)
    caplog.set_level(logging.INFO)
    await group.send_photo(jpeg("red"), caption="/tags")
    while not lines(caplog):
        assert hashtags(await answer(ann))
    assert "topic is closed" in lines(caplog)[0]
    assert group.replies() == []


async def test_what_should_not_happen_still_has_its_traceback(
    ann: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    message = await answer(ann)
    Refusing(monkeypatch, "editMessageText", bad_request("can't parse entities"))
    callback = await ann.wait_callback(await ann.press(message, "More"))
    assert "went wrong" in callback["text"]
    assert "Traceback" in lines(caplog)[0]
