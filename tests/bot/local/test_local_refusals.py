"""The local server refuses what Telegram refuses, in Telegram's words."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from telegram import Bot
from telegram.error import Forbidden, InvalidToken

from bot.local import LocalServer
from bot.local.refusals import RUSSIAN
from tests.person import NotSentError, Person

Call = Callable[..., Any]
TOKEN = "4242:a-secret-token"


@pytest.fixture
async def call(server: LocalServer, ann: Person) -> Call:
    """Calls a method with a JSON body; returns the result, or (code, description)."""

    async def made(method: str, **parameters: Any) -> Any:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{server.base_url}{TOKEN}/{method}", json=parameters) as response,
        ):
            body = await response.json()
            assert body["ok"] == (response.status == 200)
            if body["ok"]:
                return body["result"]
            assert body["error_code"] == response.status
            return response.status, body["description"]

    return made


def one_button(**button: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[button]]}


def button(markup: dict[str, Any], description: str) -> tuple[dict[str, Any], str]:
    """A case of a keyboard that is refused."""
    return {"text": "x", "reply_markup": markup}, description


@pytest.mark.parametrize(
    ("parameters", "description"),
    [
        ({"text": ""}, "message text is empty"),
        ({}, "message text is empty"),
        ({"text": " \n "}, "message text is empty"),
        ({"text": "<b></b>", "parse_mode": "HTML"}, "message text is empty"),
        ({"text": "x" * 4097}, "message is too long"),
        ({"text": "🐶" * 2049}, "message is too long"),
        ({"text": "x", "chat_id": 5}, "chat not found"),
        ({"text": "x", "chat_id": ""}, "chat_id is empty"),
        (
            {"text": "x", "parse_mode": "BBCode"},
            "unsupported parse_mode (the local chat reads HTML)",
        ),
        (
            {"text": "a <b>b", "parse_mode": "HTML"},
            "can't parse entities: Can't find end tag corresponding to start tag \"b\"",
        ),
        (
            {"text": "ж <c>b</c>", "parse_mode": "HTML"},
            'can\'t parse entities: Unsupported start tag "c" at byte offset 3 '
            "(the local chat reads a, b, code, i)",
        ),
        ({"text": "x", "reply_parameters": {"message_id": 99}}, "message to be replied not found"),
        ({"text": "x", "reply_markup": "nonsense"}, "can't parse reply_markup JSON object"),
        ({"text": "x", "reply_markup": [1]}, "object expected as reply markup"),
        button({"keyboard": [["x"]]}, "inline keyboard expected"),
        button(
            {"force_reply": True, "input_field_placeholder": "x" * 65},
            "INPUT_FIELD_PLACEHOLDER_INVALID",
        ),
        button({"inline_keyboard": [[{"text": "x"}] * 9]}, "REPLY_MARKUP_TOO_LONG"),
        button({"inline_keyboard": [[{"text": "x"}]] * 101}, "reply markup is too long"),
        button(one_button(text="b", callback_data=""), "BUTTON_DATA_INVALID"),
        button(one_button(text="b", callback_data="ж" * 33), "BUTTON_DATA_INVALID"),
        button(one_button(text="b", copy_text={"text": ""}), "BUTTON_COPY_TEXT_INVALID"),
        button(one_button(text="b", copy_text={"text": "x" * 257}), "BUTTON_COPY_TEXT_INVALID"),
        (
            {"text": "x", "reply_markup": one_button(text="b")},
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            {"text": "x", "reply_markup": one_button(text="b", callback_data="a", copy_text={})},
            "can't parse inline keyboard button: "
            "exactly one action is allowed, found callback_data and copy_text",
        ),
        (
            {"text": "x", "reply_markup": one_button(callback_data="a")},
            "can't parse inline keyboard button: Can't find field \"text\"",
        ),
        (
            {"text": "x", "reply_markup": one_button(text="b", url="https://example.org")},
            "can't parse inline keyboard button: the local chat has no field url",
        ),
        (
            {"text": "x", "disable_web_page_preview": True},
            'the method has no parameter "disable_web_page_preview" in the local chat',
        ),
    ],
)
async def test_a_message_that_telegram_would_not_take_is_refused(
    call: Call, parameters: dict[str, Any], description: str
) -> None:
    refused = await call("sendMessage", **{"chat_id": 1000, **parameters})
    assert refused == (400, f"Bad Request: {description}")


@pytest.mark.parametrize(
    "parameters",
    [
        {"text": "x" * 4096},
        {"text": "🐶" * 2048},
        {"text": "<b>" + "x" * 4096 + "</b>", "parse_mode": "HTML"},
        {"text": "x", "reply_markup": one_button(text="b", callback_data="ж" * 32)},
        {"text": "x", "reply_markup": one_button(text="b", copy_text={"text": "ж" * 256})},
        {"text": "x", "reply_parameters": {"message_id": 99, "allow_sending_without_reply": True}},
        {"text": "x", "reply_markup": {"force_reply": True, "input_field_placeholder": "x" * 64}},
    ],
)
async def test_a_message_within_the_limits_is_sent(call: Call, parameters: dict[str, Any]) -> None:
    sent = await call("sendMessage", chat_id=1000, **parameters)
    assert sent["message_id"]


NOT_MODIFIED = (
    400,
    "Bad Request: message is not modified: specified new message content and reply markup "
    "are exactly the same as a current content and reply markup of the message",
)


async def test_an_edit_that_changes_nothing_is_refused(call: Call) -> None:
    keyboard = one_button(text="b", callback_data="a")
    same = {"text": "<b>x</b> ", "parse_mode": "HTML", "reply_markup": keyboard}
    sent = await call("sendMessage", chat_id=1000, **same)
    where = {"chat_id": 1000, "message_id": sent["message_id"]}
    assert await call("editMessageText", **where, **same) == NOT_MODIFIED


async def test_another_format_or_no_keyboard_is_another_message(call: Call) -> None:
    keyboard = one_button(text="b", callback_data="a")
    same = {"text": "<b>x</b> ", "parse_mode": "HTML", "reply_markup": keyboard}
    sent = await call("sendMessage", chat_id=1000, **same)
    where = {"chat_id": 1000, "message_id": sent["message_id"]}
    assert "entities" not in await call("editMessageText", **where, text="x", reply_markup=keyboard)
    assert "reply_markup" not in await call("editMessageText", **where, text="x")


@pytest.mark.parametrize(
    ("whose", "text", "description"),
    [
        ("nobody's", "y", "message to edit not found"),
        ("", "y", "message identifier is not specified"),
        ("Ann's", "y", "message can't be edited"),
        ("the bot's", "x" * 4097, "MESSAGE_TOO_LONG"),
        ("the bot's", "", "message text is empty"),
    ],
)
async def test_edits_of_what_is_not_there_or_not_the_bots_are_refused(
    call: Call, ann: Person, whose: str, text: str, description: str
) -> None:
    ids = {"": 0, "nobody's": 999, "Ann's": (await ann.send_text("mine"))["message_id"]}
    ids["the bot's"] = (await call("sendMessage", chat_id=1000, text="x"))["message_id"]
    refused = await call("editMessageText", chat_id=1000, message_id=ids[whose], text=text)
    assert refused == (400, f"Bad Request: {description}")


TOO_OLD = (
    400,
    "Bad Request: query is too old and response timeout expired or query ID is invalid",
)


@pytest.fixture
async def menu(call: Call, ann: Person) -> dict[str, Any]:
    """A message with a button to press."""
    keyboard = one_button(**{"text": "Go", "callback_data": "go"})
    await call("sendMessage", chat_id=1000, text="x", reply_markup=keyboard)
    return await ann.wait_reply()


async def test_a_callback_is_answered_once(call: Call, ann: Person, menu: dict[str, Any]) -> None:
    pressed = await ann.press(menu, "Go")
    long = await call("answerCallbackQuery", callback_query_id=pressed, text="x" * 201)
    assert long == (400, "Bad Request: MESSAGE_TOO_LONG")
    assert await call("answerCallbackQuery", callback_query_id=pressed, text="x" * 200) is True
    assert await call("answerCallbackQuery", callback_query_id=pressed) == TOO_OLD


async def test_a_callback_is_answered_in_time(
    call: Call, ann: Person, menu: dict[str, Any], server: LocalServer
) -> None:
    late = await ann.press(menu, "Go")
    now = server.state.clock()
    server.state.clock = lambda: now + 3600
    assert await call("answerCallbackQuery", callback_query_id=late) == TOO_OLD


async def test_a_callback_that_never_was_is_not_answered(call: Call) -> None:
    assert await call("answerCallbackQuery", callback_query_id="1") == TOO_OLD


@pytest.mark.parametrize(
    ("commands", "description"),
    [
        ([{"command": "", "description": "x"}], "command must be non-empty"),
        ([{"command": "x" * 33, "description": "x"}], "command length must not exceed 32"),
        ([{"command": "Model", "description": "x"}], "BOT_COMMAND_INVALID"),
        ([{"command": "model", "description": " "}], "command description must be non-empty"),
        (
            [{"command": "model", "description": "x" * 257}],
            "command description length must not exceed 256",
        ),
        ([{"command": f"c{i}", "description": "x"} for i in range(101)], "BOT_COMMANDS_TOO_MUCH"),
    ],
)
async def test_commands_that_telegram_would_not_take_are_refused(
    call: Call, server: LocalServer, commands: list[dict[str, str]], description: str
) -> None:
    assert await call("setMyCommands", commands=commands) == (400, f"Bad Request: {description}")
    async with Person(server.page_url) as again:
        assert again.commands == []


async def test_a_language_of_commands_has_two_letters(call: Call) -> None:
    refused = await call("setMyCommands", commands=[], language_code="russian")
    assert refused == (400, "Bad Request: invalid language code specified")


async def test_a_file_that_is_named_and_not_uploaded_is_refused(call: Call) -> None:
    refused = await call("sendDocument", chat_id=1000, document="https://a.org/a.pdf")
    assert refused == (400, "Bad Request: document must be uploaded in the local chat")
    assert await call("sendDocument", chat_id=1000) == (
        *(400, "Bad Request: there is no document in the request"),
    )


async def test_a_scope_of_commands_that_is_not_served_is_named(call: Call) -> None:
    refused = await call("setMyCommands", commands=[], scope={"type": "all_chat_administrators"})
    assert refused == (
        400,
        "Bad Request: can't parse BotCommandScope "
        "(the local chat knows default, all_group_chats, chat)",
    )


@pytest.mark.parametrize("method", ["sendTelepathy", "sendPhoto", "setWebhook"])
async def test_a_method_that_is_not_served_is_refused_by_name(call: Call, method: str) -> None:
    refused = await call(method, chat_id=1000)
    assert refused == (404, f"Not Found: the local chat has no method {method}")


async def test_a_method_that_is_not_served_is_one_warning_in_the_log(
    call: Call, caplog: pytest.LogCaptureFixture
) -> None:
    await call("sendPhoto", chat_id=1000)
    warnings = [record for record in caplog.records if record.levelname == "WARNING"]
    assert [record.getMessage() for record in warnings] == [
        "The bot called sendPhoto, a method that the local chat does not have"
    ]


async def test_an_unknown_chat_action_is_refused(call: Call) -> None:
    assert await call("sendChatAction", chat_id=1000, action="thinking") == (
        400,
        "Bad Request: wrong parameter action in request (the local chat shows typing)",
    )


async def test_parameters_may_come_in_every_form_that_the_bot_api_allows(
    server: LocalServer, ann: Person
) -> None:
    url = f"{server.base_url}{TOKEN}/sendMessage"
    keyboard = one_button(text="b", callback_data="a")
    plain = {"chat_id": "1000", "text": "a & б", "reply_markup": json.dumps(keyboard)}
    multipart = aiohttp.FormData(plain, default_to_multipart=True)
    async with aiohttp.ClientSession() as session:
        for answer in (
            session.get(url, params=plain),
            session.post(url, params=plain),
            session.post(url, data=plain),
            session.post(url, data=multipart),
            session.post(url, json={"chat_id": 1000, "text": "a & б", "reply_markup": keyboard}),
        ):
            async with answer as response:
                result = (await response.json())["result"]
                assert result["text"] == "a & б"
                assert result["reply_markup"] == keyboard
        async with session.post(
            url, data=b"{broken", headers={"Content-Type": "application/json"}
        ) as response:
            assert response.status == 400


async def test_a_wrong_token_is_unauthorized(server: LocalServer) -> None:
    with pytest.raises(InvalidToken):
        async with Bot("4242:another-token", server.base_url):
            pass
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{server.base_url}wrong/getMe") as response:
            assert (response.status, (await response.json())["description"]) == (
                401,
                "Unauthorized",
            )
        async with session.get(f"{server.base_file_url}wrong/photos/file_0.jpg") as response:
            assert response.status == 401


async def test_a_person_who_blocked_the_bot_gets_nothing(
    api: Bot, server: LocalServer, ann: Person
) -> None:
    server.state.chats[1000].blocked = True
    with pytest.raises(Forbidden, match="blocked by the user"):
        await api.send_message(1000, "hello?")
    assert ann.replies() == []


async def test_a_caption_has_a_limit(ann: Person, picture: Callable[..., bytes]) -> None:
    with pytest.raises(NotSentError, match="at most 1024 characters"):
        await ann.send_photo(picture(), caption="x" * 1025)
    await ann.send_photo(picture(), caption="x" * 1024)


@pytest.mark.parametrize(
    ("text", "reason"), [("", "nothing to send"), ("x" * 4097, "at most 4096"), (" ", "nothing")]
)
async def test_a_person_is_told_kindly_what_cannot_be_sent(
    ann: Person, text: str, reason: str
) -> None:
    with pytest.raises(NotSentError, match=reason):
        await ann.send_text(text)
    assert ann.messages == {}


async def test_a_text_far_too_long_is_refused_at_once(ann: Person) -> None:
    started = time.monotonic()
    with pytest.raises(NotSentError, match="at most 4096"):
        await ann.send_text("#a " * 30_000)
    assert time.monotonic() - started < 3


async def test_a_person_is_told_in_their_language(server: LocalServer) -> None:
    async with Person(server.page_url, language="ru") as olga:
        with pytest.raises(NotSentError, match="Можно отправить файлом"):
            await olga.send_photo(b"no picture")
        with pytest.raises(NotSentError, match="не больше 4096 знаков"):
            await olga.send_text("x" * 4097)


def test_every_russian_sentence_has_the_places_of_the_english_one() -> None:
    for english, russian in RUSSIAN.items():
        assert re.findall(r"{\w+}", english) == re.findall(r"{\w+}", russian)


async def test_half_a_character_is_refused_wherever_it_stands(
    call: Call, server: LocalServer, ann: Person
) -> None:
    half = "\ud83d"
    keyboard = one_button(text=half, callback_data="a")
    for parameters in (
        {"text": half},
        {"text": "x", "reply_markup": keyboard},
        {"text": "x", "reply_markup": json.dumps(keyboard)},
    ):
        assert (await call("sendMessage", chat_id=1000, **parameters))[0] == 400
    await ann.send_text("still here")
    async with Person(server.page_url) as again:
        assert [m["text"] for m in again.messages.values()] == ["still here"]


async def test_at_most_ten_photos_are_sent_at_once(
    ann: Person, picture: Callable[..., bytes]
) -> None:
    with pytest.raises(NotSentError, match="At most 10 photos"):
        await ann.send_photo([picture(20, 20)] * 11)
    assert len(await ann.send_photo([picture(20, 20)] * 10)) == 10
