"""A person and a bot of python-telegram-bot talk through the local server."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeChat,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    ReplyParameters,
)

from bot.local import LocalServer
from tests.person import NotSentError, Person

Picture = Callable[..., bytes]


async def test_a_text_is_answered(echo: Any, ann: Person) -> None:
    await ann.send_text("good morning")
    assert (await ann.wait_reply())["text"] == "You said good morning"


async def test_a_command_is_recognised_and_formatting_shown(echo: Any, ann: Person) -> None:
    sent = await ann.send_text("/start")
    assert sent["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
    reply = await ann.wait_reply()
    assert reply["text"] == "Hello, Ann"
    assert reply["entities"] == [{"type": "bold", "offset": 7, "length": 3}]


async def test_a_photo_is_downloaded_in_its_smallest_size_and_replied_to(
    echo: Any, ann: Person, picture: Picture
) -> None:
    (sent,) = await ann.send_photo(picture(1000, 500))
    reply = await ann.wait_reply()
    assert reply["text"] == "90x45"
    assert reply["reply_to_message"]["message_id"] == sent["message_id"]
    assert reply["reply_to_message"]["photo"] == sent["photo"]


async def test_a_pressed_button_is_answered_and_the_message_edited(echo: Any, ann: Person) -> None:
    await ann.send_text("/start")
    menu = await ann.wait_reply()
    callback = await ann.press(menu, "More")
    assert (await ann.wait_callback(callback))["text"] == "You asked for more"
    edited = await ann.wait_edit(menu)
    assert edited["text"] == "Here is more: #cat"
    assert edited["entities"] == [{"type": "hashtag", "offset": 14, "length": 4}]
    assert "reply_markup" not in edited
    with pytest.raises(NotSentError):
        await ann.press(menu, "More")


async def test_a_copy_button_asks_the_bot_nothing(echo: Any, ann: Person) -> None:
    await ann.send_text("/start")
    menu = await ann.wait_reply()
    assert menu["reply_markup"]["inline_keyboard"][0][1]["copy_text"] == {"text": "#dog #beach"}
    with pytest.raises(NotSentError, match="does not ask the bot"):
        await ann.press(menu, "Copy")


async def test_an_album_is_one_group_with_the_caption_on_its_first_photo(
    server: LocalServer, api: Bot, ann: Person, picture: Picture
) -> None:
    await ann.send_photo([picture(200 + i) for i in range(3)], caption="holidays #sea")
    updates = await api.get_updates()
    messages = [update.message for update in updates if update.message]
    assert len(messages) == 3
    assert len({message.media_group_id for message in messages}) == 1
    assert [message.caption for message in messages] == ["holidays #sea", None, None]
    assert messages[0].parse_caption_entities(["hashtag"])


async def test_a_single_photo_belongs_to_no_album(api: Bot, ann: Person, picture: Picture) -> None:
    (message,) = await ann.send_photo(picture(), caption="one")
    assert "media_group_id" not in message


@pytest.mark.parametrize("kind", ["sticker", "video", "animation"])
async def test_other_media_reach_the_bot_as_what_they_are(
    echo: Any, ann: Person, kind: str
) -> None:
    await ann.send_other(kind)
    assert (await ann.wait_reply())["text"] == f"A {kind}"


async def test_any_bytes_can_be_a_document(echo: Any, ann: Person) -> None:
    sent = await ann.send_document(b"\0\1\2", "notes.pdf")
    assert sent["document"]["mime_type"] == "application/pdf"
    assert (await ann.wait_reply())["text"] == "A document"


async def test_two_people_at_once_each_get_their_own_answer(echo: Any, server: LocalServer) -> None:
    async with (
        Person(server.page_url, chat=1, name="Ann") as ann,
        Person(server.page_url, chat=2, name="Bob") as bob,
    ):
        await asyncio.gather(ann.send_text("from Ann"), bob.send_text("from Bob"))
        replies = await asyncio.gather(ann.wait_reply(), bob.wait_reply())
        assert [reply["text"] for reply in replies] == ["You said from Ann", "You said from Bob"]
        assert len(ann.replies()) == len(bob.replies()) == 1


async def test_a_hundred_texts_at_once_are_all_answered(echo: Any, ann: Person) -> None:
    await asyncio.gather(*(ann.send_text(f"number {i}") for i in range(100)))
    answers = {(await ann.wait_reply())["text"] for _ in range(100)}
    assert answers == {f"You said number {i}" for i in range(100)}


async def test_everyone_in_a_group_sees_its_messages_and_the_bot_knows_who_wrote(
    api: Bot, server: LocalServer
) -> None:
    async with (
        Person(server.page_url, chat=-5, user=1, name="Ann") as ann,
        Person(server.page_url, chat=-5, user=2, name="Bob") as bob,
    ):
        await ann.send_text("hello everyone")
        await bob.wait_event("message", lambda message: message["text"] == "hello everyone")
        await bob.send_text("hello Ann")
        messages = [update.message for update in await api.get_updates() if update.message]
        assert [message.from_user.first_name for message in messages if message.from_user] == [
            "Ann",
            "Bob",
        ]
        assert {message.chat.type for message in messages} == {"supergroup"}
        await api.send_message(-5, "hello both")
        assert (await ann.wait_reply())["text"] == (await bob.wait_reply())["text"]


async def test_only_the_one_who_pressed_sees_the_answer(api: Bot, server: LocalServer) -> None:
    async with (
        Person(server.page_url, chat=-5, user=1, name="Ann") as ann,
        Person(server.page_url, chat=-5, user=2, name="Bob") as bob,
    ):
        keyboard = InlineKeyboardMarkup.from_button(InlineKeyboardButton("Go", callback_data="go"))
        await api.send_message(-5, "press", reply_markup=keyboard)
        callback = await bob.press(await bob.wait_reply(), "Go")
        (update,) = await api.get_updates()
        assert update.callback_query and update.callback_query.from_user.id == 2
        await update.callback_query.answer("done", show_alert=True)
        assert await bob.wait_callback(callback) == {
            "id": callback,
            "text": "done",
            "show_alert": True,
        }
        await api.send_message(-5, "after")
        await ann.wait_event("message", lambda message: message["text"] == "after")
        assert "callback_answer" not in [name for name, _ in ann.events]


async def test_in_a_group_only_those_who_are_meant_are_asked_to_reply(
    api: Bot, server: LocalServer
) -> None:
    async with (
        Person(server.page_url, chat=-100, user=1, name="Ann") as ann,
        Person(server.page_url, chat=-100, user=2, name="Bob") as bob,
        Person(server.page_url, chat=-100, user=3, name="Cid") as cid,
    ):
        mine = await ann.send_text("hello")
        asked = await api.send_message(
            -100,
            '<a href="tg://user?id=2">Bob</a>?',
            parse_mode="HTML",
            reply_markup=ForceReply(selective=True, input_field_placeholder="#one"),
            reply_parameters=ReplyParameters(mine["message_id"]),
        )
        asking = {"message_id": asked.message_id, "placeholder": "#one"}
        assert await ann.wait_event("force_reply") == asking
        assert await bob.wait_event("force_reply") == asking
        assert asked.reply_markup is None
        await api.send_message(-100, "all?", reply_markup=ForceReply())
        assert (await cid.wait_event("force_reply"))["message_id"] == asked.message_id + 1


async def test_the_menu_of_commands_is_in_the_persons_language(
    api: Bot, server: LocalServer
) -> None:
    await api.set_my_commands([BotCommand("help", "how it works")])
    await api.set_my_commands([BotCommand("help", "как это работает")], language_code="ru")
    async with (
        Person(server.page_url, chat=7, language="ru") as olga,
        Person(server.page_url, chat=8) as bob,
    ):
        assert olga.commands == [{"command": "help", "description": "как это работает"}]
        assert bob.commands == [{"command": "help", "description": "how it works"}]


async def test_one_chat_can_have_a_menu_of_its_own(api: Bot, server: LocalServer) -> None:
    await api.set_my_commands([BotCommand("help", "how it works")])
    async with (
        Person(server.page_url, chat=7) as ann,
        Person(server.page_url, chat=8) as bob,
    ):
        await api.set_my_commands([BotCommand("admin", "for you")], scope=BotCommandScopeChat(8))
        menu = await bob.wait_event("commands")
        assert menu == {"commands": [{"command": "admin", "description": "for you"}]}
        assert (await ann.wait_event("commands"))["commands"][0]["command"] == "help"


async def test_groups_have_a_menu_of_their_own(server: LocalServer, api: Bot, ann: Person) -> None:
    await api.set_my_commands([BotCommand("help", "how it works")])
    await api.set_my_commands(
        [BotCommand("tags", "for groups")], scope=BotCommandScopeAllGroupChats()
    )
    async with Person(server.page_url, chat=-9, user=8) as bob, Person(server.page_url) as again:
        assert [one["command"] for one in bob.commands] == ["tags"]
        assert [one["command"] for one in again.commands] == ["help"]


async def test_the_bot_shows_that_it_types(api: Bot, ann: Person) -> None:
    await api.send_chat_action(1000, "typing")
    await ann.wait_event("action")
    assert ann.actions() == ["typing"]


async def test_a_page_that_comes_later_sees_what_was_said(echo: Any, server: LocalServer) -> None:
    async with Person(server.page_url) as ann:
        await ann.send_text("first")
        await ann.wait_reply()
    async with Person(server.page_url) as ann:
        assert [m["text"] for m in ann.messages.values()] == ["first", "You said first"]
        await ann.reset()
        await ann.wait_event("snapshot", lambda data: not data["messages"])
    async with Person(server.page_url) as ann:
        assert ann.messages == {}


async def test_updates_stay_until_a_higher_offset_confirms_them(api: Bot, ann: Person) -> None:
    for text in ("one", "two", "three"):
        await ann.send_text(text)
    first = await api.get_updates()
    assert [u.message.text for u in first if u.message] == ["one", "two", "three"]
    rest = await api.get_updates(offset=first[1].update_id)
    assert [u.message.text for u in rest if u.message] == ["two", "three"]
    assert await api.get_updates(offset=rest[-1].update_id + 1) == ()


async def test_a_waiting_poll_gets_what_comes_and_only_kinds_it_asked_for(
    api: Bot, ann: Person
) -> None:
    await api.get_updates(allowed_updates=["callback_query"])
    await ann.send_text("not asked for")
    assert await api.get_updates() == ()
    await api.get_updates(allowed_updates=[])
    poll = asyncio.create_task(api.get_updates(timeout=30))
    await ann.send_text("asked for")
    (update,) = await poll
    assert update.message and update.message.text == "asked for"


async def test_the_server_stops_while_a_bot_polls_and_a_page_listens(picture: Picture) -> None:
    server = LocalServer("1:x")
    await server.start(port=0)
    async with Person(server.page_url) as ann, Bot("1:x", server.base_url) as api:
        poll = asyncio.create_task(api.get_updates(timeout=50))
        await ann.send_text("hello")
        assert len(await poll) == 1
        poll = asyncio.create_task(api.get_updates(offset=2, timeout=50))
        await asyncio.sleep(0)
        await server.stop()
        await asyncio.gather(poll, return_exceptions=True)
