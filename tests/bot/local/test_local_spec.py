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

from bot.local import LocalServer
from bot.local.methods import METHODS
from bot.local.parameters import parameters_of
from bot.local.reply_markup import BUTTON_ACTIONS
from tests.person import Person

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


@pytest.mark.parametrize("name", METHODS)
def test_every_parameter_is_in_the_bot_api(spec: dict[str, Any], name: str) -> None:
    documented = {field["name"] for field in spec["methods"][name].get("fields", [])}
    assert set(parameters_of(METHODS[name])) <= documented


@pytest.mark.parametrize("name", METHODS)
def test_every_required_parameter_is_known_here(spec: dict[str, Any], name: str) -> None:
    fields = spec["methods"][name].get("fields", [])
    required = {field["name"] for field in fields if field["required"]}
    assert required <= set(parameters_of(METHODS[name]))


def test_the_actions_of_buttons_are_in_the_bot_api(spec: dict[str, Any]) -> None:
    fields = {field["name"] for field in spec["types"]["InlineKeyboardButton"]["fields"]}
    assert set(BUTTON_ACTIONS) <= fields


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
    first = await ann.send_text("/start #dog @somebody https://a.org")
    (photo, _) = await ann.send_photo([jpeg(900), jpeg(300)], caption="two #cats")
    await ann.send_document(jpeg(400), "a.jpg", caption="file", reply_to=first)
    for kind in ("video", "sticker", "animation"):
        await ann.send_other(kind, jpeg(64), "a.jpg")
    async with Person(server.page_url, chat=-7, user=5, name="Bob", language="ru") as bob:
        await bob.send_text("hello group")

    keyboard = InlineKeyboardMarkup(
        [
            [
                InlineKeyboardButton("More", callback_data="more"),
                InlineKeyboardButton("Copy", copy_text=CopyTextButton("#dog")),
            ]
        ]
    )
    rich = (
        '<b>b</b><i>i</i><code>c</code><a href="https://a.org">l</a>'
        '<a href="tg://user?id=1000">m</a>'
    )
    sent = await recording.send_message(
        1000,
        rich,
        parse_mode="HTML",
        reply_markup=keyboard,
        reply_to_message_id=first["message_id"],
    )
    assert len(sent.entities) == 5
    await ann.press(await ann.wait_reply(), "More")
    await recording.edit_message_text("edited", 1000, sent.message_id, reply_markup=keyboard)
    await recording.edit_message_caption(
        1000, photo["message_id"], caption="three #dogs", caption_entities=sent.entities[:1]
    )
    await recording.get_chat(1000)
    await recording.get_chat(-7)
    server.state.chats[-7].admins.add(5)
    await recording.get_chat_member(-7, 5)
    await recording.get_chat_member(-7, server.state.bot["id"])
    await recording.get_file(photo["photo"][0]["file_id"])
    await recording.set_my_commands([("help", "how it works")])
    await recording.send_document(1000, b"{}", "a caption", filename="a.json")
    updates = await recording.get_updates()
    assert len(updates) == 9

    assert {name for name, _ in recording.answers} >= {"getMe", "getUpdates", "sendMessage"}
    for method, answer in recording.answers:
        types = spec["methods"][method]["returns"]
        assert problems(spec, answer, types, method) == []


async def test_messages_on_the_page_are_those_of_the_bot_api(
    spec: dict[str, Any], server: LocalServer, ann: Person
) -> None:
    first = await ann.send_text("see https://a.org")
    await ann.send_photo(jpeg(500), caption="#dog", reply_to=first)
    await ann.send_document(jpeg(500), "a.jpg")
    async with Person(server.page_url) as again:
        assert len(again.messages) == 3
        for message in again.messages.values():
            assert problems(spec, message, ["Message"], "message") == []
