"""The methods, parameters and objects of the local server are those of the Bot API.

Held against a machine-readable copy of the documentation, which lies beside the repository where
the project is developed; skipped where it is not there.
"""

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from telegram import Bot, CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup

from bot.local import LocalServer, rules
from bot.local.methods import FUNCTIONS
from bot.local.parameters import METHODS
from bot.local.person import Person

SPEC = Path(__file__).parents[4] / "shared" / "telegram" / "bot_api_10.1.json"
JSON_TYPES = {"Integer": int, "String": str, "Boolean": bool, "Float": float, "True": bool}


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    if not SPEC.exists():
        pytest.skip(f"no copy of the Bot API's documentation at ../shared/telegram/{SPEC.name}")
    loaded: dict[str, Any] = json.loads(SPEC.read_text())
    return loaded


def problems(spec: dict[str, Any], value: Any, types: list[str], place: str) -> list[str]:
    """Where a JSON value is none of the documented types; empty when it is one."""
    found: list[str] = []
    for kind in types:
        found = _problems_of_one(spec, value, kind, place)
        if not found:
            return []
    return found if len(types) == 1 else [f"{place} is none of {types}: {value!r}", *found]


def _problems_of_one(spec: dict[str, Any], value: Any, kind: str, place: str) -> list[str]:
    if kind.startswith("Array of "):
        if not isinstance(value, list):
            return [f"{place} is no Array"]
        inner = [kind.removeprefix("Array of ")]
        return [
            p for i, item in enumerate(value) for p in problems(spec, item, inner, f"{place}[{i}]")
        ]
    if kind in JSON_TYPES:
        right = isinstance(value, JSON_TYPES[kind]) and (
            kind == "Boolean" or not isinstance(value, bool)
        )
        return [] if right else [f"{place} is no {kind}: {value!r}"]
    documented = spec["types"][kind]
    if subtypes := documented.get("subtypes"):
        return problems(spec, value, subtypes, place)
    if not isinstance(value, dict):
        return [f"{place} is no {kind}: {value!r}"]
    fields = {field["name"]: field for field in documented.get("fields", [])}
    found = [f"{place}.{name} is no field of {kind}" for name in value if name not in fields]
    found += [
        f"{place}.{name} is missing from {kind}"
        for name, field in fields.items()
        if field["required"] and name not in value
    ]
    for name in value:
        if name in fields:
            found += problems(spec, value[name], fields[name]["types"], f"{place}.{name}")
    return found


def test_every_method_and_parameter_is_in_the_bot_api(spec: dict[str, Any]) -> None:
    for method, parameters in METHODS.items():
        assert method in spec["methods"]
        documented = {field["name"] for field in spec["methods"][method].get("fields", [])}
        assert set(parameters) <= documented, method


def test_every_required_parameter_is_known_here(spec: dict[str, Any]) -> None:
    for method, parameters in METHODS.items():
        fields = spec["methods"][method].get("fields", [])
        assert {field["name"] for field in fields if field["required"]} <= set(parameters), method


def test_every_method_of_the_table_is_answered() -> None:
    assert set(METHODS) == set(FUNCTIONS)


def test_the_fields_of_buttons_are_those_of_the_bot_api(spec: dict[str, Any]) -> None:
    fields = {field["name"] for field in spec["types"]["InlineKeyboardButton"]["fields"]}
    assert {*rules.BUTTON_ACTIONS, *rules.BUTTON_LOOKS} == fields


def test_a_wrong_object_is_noticed(spec: dict[str, Any]) -> None:
    right = {"id": 1, "is_bot": False, "first_name": "Ann"}
    assert problems(spec, right, ["User"], "user") == []
    for wrong in ({**right, "html": ""}, {"id": 1}, {**right, "id": "1"}, {**right, "is_bot": 1}):
        assert problems(spec, wrong, ["User"], "user")
    assert problems(spec, {"command": "a"}, ["BotCommand"], "command")


class Recording(Bot):
    """A bot that keeps what each method answered."""

    answers: list[tuple[str, Any]]

    async def _do_post(self, endpoint: str, *args: Any, **kwargs: Any) -> Any:
        answer = await super()._do_post(endpoint, *args, **kwargs)
        self.answers.append((endpoint, json.loads(json.dumps(answer))))
        return answer


@pytest.fixture
async def recording(server: LocalServer, ann: Person) -> AsyncIterator[Recording]:
    Recording.answers = []
    async with Recording(server.token, server.base_url, server.base_file_url) as bot:
        yield bot


def jpeg(width: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, 100)).save(out, "JPEG")
    return out.getvalue()


async def test_every_object_that_the_server_gives_is_a_documented_one(
    spec: dict[str, Any], server: LocalServer, ann: Person, recording: Recording
) -> None:
    first = await ann.send_text("/start #dog @somebody https://a.org me@a.org")
    await ann.send_photo([jpeg(900), jpeg(300)], caption="two #cats", reply_to=None)
    await ann.send_document(jpeg(400), "a.jpg", caption="file", reply_to=first)
    for kind in ("video", "sticker", "animation"):
        await ann.send_other(kind, jpeg(64), "a.jpg")
    async with Person(server.url, chat=-7, user=5, name="Bob", language="ru") as bob:
        await bob.send_text("hello group")

    keyboard = InlineKeyboardMarkup(
        [
            [
                InlineKeyboardButton("More", callback_data="more"),
                InlineKeyboardButton("Copy", copy_text=CopyTextButton("#dog")),
                InlineKeyboardButton("Site", url="https://a.org"),
            ]
        ]
    )
    rich = (
        "<b>b</b><i>i</i><u>u</u><s>s</s><tg-spoiler>h</tg-spoiler><code>c</code>"
        '<pre><code class="language-py">p</code></pre><blockquote>q</blockquote>'
        '<blockquote expandable>e</blockquote><a href="a.org">l</a>'
        '<a href="tg://user?id=1000">m</a><tg-emoji emoji-id="5">👍</tg-emoji>'
    )
    sent = await recording.send_message(
        1000,
        rich,
        parse_mode="HTML",
        reply_markup=keyboard,
        protect_content=True,
        reply_to_message_id=first["message_id"],
        disable_web_page_preview=True,
    )
    assert len(sent.entities) == 12
    await ann.press(await ann.wait_reply(), "More")
    await recording.edit_message_text("edited", 1000, sent.message_id, reply_markup=keyboard)
    await recording.edit_message_reply_markup(1000, sent.message_id)
    photo = await recording.send_photo(1000, jpeg(500), caption="c", has_spoiler=True)
    await recording.edit_message_caption(
        1000, photo.message_id, caption="d", show_caption_above_media=True
    )
    await recording.send_document(1000, b"abc", filename="a.txt")
    await recording.forward_message(1000, 1000, first["message_id"])
    await recording.copy_message(1000, 1000, photo.message_id)
    await recording.get_file(photo.photo[0].file_id)
    for chat_id in (1000, -7):
        await recording.get_chat(chat_id)
    for user_id in (5, recording.id):
        await recording.get_chat_member(-7, user_id)
    await recording.get_chat_member(1000, 1000)
    await recording.set_my_commands([("help", "how it works")])
    await recording.get_my_commands()
    await recording.get_my_name()
    await recording.set_my_description("about")
    await recording.get_my_description()
    await recording.get_my_short_description()
    await recording.set_chat_menu_button(1000)
    await recording.get_chat_menu_button(1000)
    await recording.get_webhook_info()
    updates = await recording.get_updates()
    assert len(updates) == 9

    assert {name for name, _ in recording.answers} >= {"getMe", "getUpdates", "sendMessage"}
    for method, answer in recording.answers:
        types = spec["methods"][method]["returns"]
        assert problems(spec, answer, types, method) == []


def without_page_fields(value: Any) -> Any:
    """The Bot API's part: no ``html`` of messages, no ``url`` of files."""
    if isinstance(value, list):
        return [without_page_fields(item) for item in value]
    if not isinstance(value, dict):
        return value
    added = {"html"} if "message_id" in value else {"url"} if "file_id" in value else set()
    return {k: without_page_fields(v) for k, v in value.items() if k not in added}


async def test_messages_on_the_page_are_messages_with_html_and_urls_added(
    spec: dict[str, Any], server: LocalServer, ann: Person
) -> None:
    first = await ann.send_text("see https://a.org")
    await ann.send_photo(jpeg(500), caption="#dog", reply_to=first)
    await ann.send_document(jpeg(500), "a.jpg")
    async with Person(server.url) as again:
        for message in again.messages.values():
            assert problems(spec, without_page_fields(message), ["Message"], "message") == []
        shown = list(again.messages.values())
        assert shown[1]["html"] == '<span class="hashtag">#dog</span>'
        assert shown[1]["reply_to_message"]["html"] == shown[0]["html"]
        assert all(size["url"] for size in shown[1]["photo"])
        assert shown[2]["document"]["thumbnail"]["url"]
