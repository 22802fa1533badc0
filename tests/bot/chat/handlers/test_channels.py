"""A channel that chose so gets hashtags in the captions of its photos."""

from functools import wraps
from typing import Any

import pytest

from bot.local.entities import utf16_length
from bot.local.methods import METHODS
from bot.local.state import State
from storage import chats
from tests.bot.conversation import GROUP, edited, labels, note, reply, reply_text
from tests.bot.running import Running
from tests.bot.telegram_sends import (
    CHANNEL_BOT,
    GROUP_ANONYMOUS_BOT,
    arrives,
    caption,
    is_edited,
    photo,
    text,
)
from tests.colours import Pause, jpeg
from tests.person import Message, Person

NEWS = -700
FIVE = "#green1 #green2 #green3 #green4 #green5"


@pytest.fixture
async def channel(bot: Running) -> Person:
    """A reader of a channel whose own chat is the group; its admins are Ann (1001) and the bot."""
    reader = await bot.person(chat=NEWS, user=1_002)
    chat, group = bot.server.state.chats[NEWS], bot.server.state.open_chat(-500)
    chat.details |= {"type": "channel", "title": "News", "username": "news"}
    group.details["linked_chat_id"] = NEWS
    chat.admins |= {1_001, bot.server.state.bot["id"]}
    chat.members[1_001] = {"id": 1_001, "is_bot": False, "first_name": "Ann"}
    return reader


@pytest.fixture
async def admin(bot: Running) -> Person:
    return await bot.person(chat=1_001)


@pytest.fixture
async def chosen(channel: Person, admin: Person) -> Person:
    """The channel, once its admin has chosen it."""
    assert "are added to the captions" in await reply_text(admin, "/channel @news on")
    return channel


async def posted(bot: Running, caption: str = "", colour: str = "green", **fields: Any) -> Message:
    fields |= {"sender_chat": bot.server.state.chats[NEWS].as_object()}
    content = await photo(bot, jpeg(colour), caption, **fields)
    return arrives(bot, NEWS, content, kind="channel_post")


async def test_a_photos_caption_gets_the_five_below_it(bot: Running, chosen: Person) -> None:
    message = await posted(bot, "A walk in the park")
    assert (await chosen.wait_edit(message))["caption"] == f"A walk in the park\n\n{FIVE}"


async def test_a_photo_without_a_caption_gets_the_five(bot: Running, chosen: Person) -> None:
    message = await posted(bot)
    assert (await chosen.wait_edit(message))["caption"] == FIVE


async def test_the_text_is_kept_to_the_letter_with_its_formatting(
    bot: Running, chosen: Person
) -> None:
    formatting = [
        {"type": "bold", "offset": 3, "length": 4},
        {"type": "text_link", "offset": 8, "length": 3, "url": "https://a.org"},
    ]
    message = await posted(bot, "🌳 <b>& the", caption_entities=formatting)
    after = await chosen.wait_edit(message)
    assert after["caption"] == f"🌳 <b>& the\n\n{FIVE}"
    assert [one for one in after["caption_entities"] if one["type"] != "hashtag"] == formatting


async def test_buttons_and_the_place_of_a_caption_are_kept(bot: Running, chosen: Person) -> None:
    markup = {"inline_keyboard": [[{"text": "Vote", "callback_data": "vote"}]]}
    message = await posted(bot, reply_markup=markup, show_caption_above_media=True)
    after = await chosen.wait_edit(message)
    assert after["reply_markup"] == markup
    assert after["show_caption_above_media"]


async def test_a_hashtag_that_is_written_is_not_added_again(bot: Running, chosen: Person) -> None:
    message = await posted(bot, "My #green2!")
    after = await chosen.wait_edit(message)
    assert after["caption"] == "My #green2!\n\n#green1 #green3 #green4 #green5"


async def test_a_caption_never_grows_over_telegrams_limit(bot: Running, chosen: Person) -> None:
    written = "🌳" * ((1024 - 2 - len("#green1 #green2")) // 2)
    message = await posted(bot, written)
    after = await chosen.wait_edit(message)
    assert after["caption"] == f"{written}\n\n#green1 #green2"
    assert utf16_length(after["caption"]) <= 1024


async def test_a_full_caption_is_left_as_it_is(bot: Running, chosen: Person) -> None:
    full = await posted(bot, "x" * 1020)
    message = await posted(bot, "short")
    await chosen.wait_edit(message)
    assert chosen.messages[full["message_id"]]["caption"] == "x" * 1020


async def test_an_album_gets_its_five_where_its_caption_is(bot: Running, chosen: Person) -> None:
    first = await posted(bot, media_group_id="album")
    second = await posted(bot, "Two", media_group_id="album")
    assert (await chosen.wait_edit(second))["caption"] == f"Two\n\n{FIVE}"
    assert "caption" not in chosen.messages[first["message_id"]]


@pytest.mark.parametrize("album", [None, "album"])
async def test_a_caption_that_is_corrected_meanwhile_stays_corrected(
    bot: Running, chosen: Person, admin: Person, album: str | None
) -> None:
    pause = bot.network.before_photo = Pause()
    fields = {"media_group_id": album} if album else {}
    message = await posted(bot, "A walk in teh park", **fields)
    await pause.reached()
    is_edited(bot, message, **caption(bot, "A walk in the park"))
    await chosen.wait_edit(message)
    await reply_text(admin, "/channel @news")  # so that the edit has come
    pause.end()
    assert (await chosen.wait_edit(message))["caption"] == f"A walk in the park\n\n{FIVE}"


async def test_a_caption_that_is_corrected_while_hashtags_are_being_added_stays_corrected(
    bot: Running, chosen: Person, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = METHODS["editMessageCaption"]

    @wraps(call)
    async def slow(state: State, **arguments: Any) -> Any:
        monkeypatch.setitem(METHODS, "editMessageCaption", call)
        is_edited(bot, message, **caption(bot, "A walk in the park"))
        await reply_text(admin, "/channel @news")  # so that the edit has come
        return await call(state, **arguments)

    monkeypatch.setitem(METHODS, "editMessageCaption", slow)  # type: ignore[arg-type]
    message = await posted(bot, "A walk in teh park")
    for after in ("A walk in the park", f"A walk in teh park\n\n{FIVE}"):
        assert (await chosen.wait_edit(message))["caption"] == after
    assert (await chosen.wait_edit(message))["caption"] == f"A walk in the park\n\n{FIVE}"


async def test_until_it_is_chosen_nothing_is_added(
    bot: Running, channel: Person, admin: Person
) -> None:
    before = await posted(bot, "before")
    assert "No hashtags are added" in await reply_text(admin, "/channel @news")
    await reply_text(admin, "/channel @news on")
    await channel.wait_edit(await posted(bot, "between"))
    await reply_text(admin, "/channel @news off")
    after = await posted(bot, "after")
    await reply_text(admin, "/channel @news on")
    await channel.wait_edit(await posted(bot, "at last"))
    for message in (before, after):
        assert channel.messages[message["message_id"]]["caption"] == message["caption"]


async def test_a_button_switches_it(channel: Person, admin: Person) -> None:
    message = await reply(admin, "/channel https://t.me/news")
    message = await edited(admin, message, "Add hashtags to photos")
    assert "are added to the captions of photos in @news" in message["text"]
    assert labels(message) == ["Stop adding hashtags"]


async def test_nobody_but_an_admin_of_the_channel_chooses(
    bot: Running, channel: Person, admin: Person
) -> None:
    stranger = await bot.person(chat=1_002)
    assert "Only admins of @news" in await reply_text(stranger, "/channel @news on")
    message = await reply(admin, "/channel @news")
    bot.server.state.chats[NEWS].admins.remove(1_001)
    assert "Only admins of @news" in await note(admin, message, "Add hashtags")
    assert "No hashtags are added" in admin.messages[message["message_id"]]["text"]


async def test_in_the_channels_own_chat_it_needs_no_name(bot: Running, channel: Person) -> None:
    group = await bot.person(**GROUP)
    assert "added to the captions of photos in @news" in await reply_text(group, "/channel on")


@pytest.mark.parametrize("writer", ["the channel", "the group"])
async def test_who_writes_as_the_channel_chooses_and_who_writes_as_the_group_is_not_seen(
    bot: Running, channel: Person, writer: str
) -> None:
    group = await bot.person(**GROUP)
    as_channel = writer == "the channel"
    chat = bot.server.state.chats[NEWS if as_channel else -500].as_object()
    sender = CHANNEL_BOT if as_channel else GROUP_ANONYMOUS_BOT
    arrives(bot, -500, text(bot, "/channel on", sender_chat=chat), sender)
    expected = "are added to" if as_channel else "cannot see whether you are an admin"
    assert expected in (await group.wait_reply())["text"]


async def test_a_channel_gets_hashtags_in_the_language_of_who_chose(
    bot: Running, channel: Person
) -> None:
    admin = await bot.person(chat=1_001, language="ru")
    assert "@news" in await reply_text(admin, "/channel @news on")
    async with bot.database.reading() as session:
        assert (await chats.get(session, NEWS)).language == "both"


async def test_a_missing_right_is_told(bot: Running, channel: Person, admin: Person) -> None:
    bot.server.state.chats[NEWS].admins.remove(bot.server.state.bot["id"])
    assert "right to edit posts in @news" in await reply_text(admin, "/channel @news on")


@pytest.mark.parametrize(
    ("command", "sentence"),
    [("/channel @nowhere on", "cannot find the channel @nowhere"), ("/channel", "/channel @name")],
)
async def test_a_channel_that_cannot_be_found_is_told(
    admin: Person, command: str, sentence: str
) -> None:
    assert sentence in await reply_text(admin, command)
