"""Anonymous admins and people who write as a channel are the chat that they write as."""

from typing import Any

import pytest

from tests.bot.conversation import BOB_IN_GROUP, GROUP, edited, labels, note
from tests.bot.running import Running, Start
from tests.bot.stored_labels import stored_labels
from tests.bot.telegram_sends import CHANNEL_BOT, GROUP_ANONYMOUS_BOT, arrives, photo, text
from tests.colours import jpeg
from tests.person import Message, Person

OTHER_GROUP = -600
CHANNEL: dict[str, Any] = {"id": -700, "type": "channel", "title": "News", "username": "news"}
OTHER_CHANNEL = CHANNEL | {"id": -701, "title": "Olds", "username": "olds"}


@pytest.fixture
async def ann(bot: Running) -> Person:
    return await bot.person(**GROUP)


@pytest.fixture
async def bob(bot: Running) -> Person:
    return await bot.person(**BOB_IN_GROUP)


async def writes_anonymously(bot: Running, reader: Person, words: str, **fields: Any) -> Message:
    """An anonymous admin of the group that the reader reads writes; returns the bot's reply."""
    group = bot.server.state.chats[int(reader.who["chat"])]
    fields |= {"sender_chat": group.as_object()}
    arrives(bot, group.id, text(bot, words, **fields), GROUP_ANONYMOUS_BOT)
    return await reader.wait_reply()


async def writes_as_channel(
    bot: Running, reader: Person, words: str, channel: dict[str, Any] = CHANNEL, **fields: Any
) -> Message:
    fields |= {"sender_chat": channel}
    arrives(bot, int(reader.who["chat"]), text(bot, words, **fields), CHANNEL_BOT)
    return await reader.wait_reply()


async def a_photo(bot: Running, reader: Person, seed: int = 0) -> Message:
    return arrives(bot, int(reader.who["chat"]), await photo(bot, jpeg("blue", seed)))


async def test_an_anonymous_admin_of_one_group_does_not_see_what_one_of_another_taught(
    bot: Running, ann: Person
) -> None:
    elsewhere = await bot.person(chat=OTHER_GROUP, user=1_001)
    sent = await a_photo(bot, elsewhere)
    await writes_anonymously(bot, elsewhere, "/addtags #sky", reply_to_message=sent)
    assert "1 hashtag" in (await writes_anonymously(bot, elsewhere, "/mytags"))["text"]
    assert "not taught me" in (await writes_anonymously(bot, ann, "/mytags"))["text"]


async def test_channels_that_write_in_a_group_have_a_list_each(bot: Running, ann: Person) -> None:
    sent = await a_photo(bot, ann)
    await writes_as_channel(bot, ann, "/addtags #sky", reply_to_message=sent)
    assert "1 hashtag" in (await writes_as_channel(bot, ann, "/mytags"))["text"]
    others = await writes_as_channel(bot, ann, "/mytags", OTHER_CHANNEL)
    assert "not taught me" in others["text"]


async def test_a_limit_of_one_channel_is_not_anothers(start: Start) -> None:
    bot = await start(tags_per_day=1)
    ann = await bot.person(**GROUP)
    sent = await a_photo(bot, ann)
    await writes_as_channel(bot, ann, "/addtags #sky", reply_to_message=sent)
    second = await writes_as_channel(bot, ann, "/addtags #sea", reply_to_message=sent)
    assert "enough for today" in second["text"]
    third = await writes_as_channel(bot, ann, "/addtags #sea", OTHER_CHANNEL, reply_to_message=sent)
    assert third["text"].startswith("Learnt: #sea")


async def test_the_last_photo_of_an_anonymous_admin_is_the_groups_own(
    bot: Running, ann: Person
) -> None:
    group = bot.server.state.chats[-500].as_object()
    own = await photo(bot, jpeg("blue", 1), sender_chat=group)
    sent = arrives(bot, -500, own, GROUP_ANONYMOUS_BOT)
    await a_photo(bot, ann, 2)
    await writes_anonymously(bot, ann, "/addtags #sky")
    assert await stored_labels(bot.database, sent) == [["sky"]]


async def test_an_admin_taps_the_list_of_an_anonymous_one_and_others_do_not(
    bot: Running, ann: Person, bob: Person
) -> None:
    bot.server.state.chats[-500].admins.add(1_001)
    sent = await a_photo(bot, ann)
    await writes_anonymously(bot, ann, "/addtags #sky", reply_to_message=sent)
    mytags = await writes_anonymously(bot, ann, "/mytags")
    assert labels(mytags) == ["✕ #sky", "‹ My data"]
    assert await note(bob, mytags, "✕ #sky") == "This is someone else’s."
    assert await note(ann, mytags, "✕ #sky") == "#sky is removed."
    assert await stored_labels(bot.database, sent) == [[]]


async def test_forget_of_an_anonymous_admin_leaves_what_others_of_the_group_did(
    bot: Running, ann: Person
) -> None:
    bot.server.state.chats[-500].admins.add(1_001)
    sent = await a_photo(bot, ann)
    await writes_anonymously(bot, ann, "/addtags #sky", reply_to_message=sent)
    await ann.send_text("/addtags #sea", reply_to=sent)
    await ann.wait_reply()
    question = await writes_anonymously(bot, ann, "/forget")
    assert "Nothing about you" in (await edited(ann, question, "Yes"))["text"]
    assert await stored_labels(bot.database, sent) == [["sea"]]


async def test_a_channel_whose_admins_cannot_be_seen_is_forgotten_by_a_word(
    bot: Running, ann: Person
) -> None:
    sent = await a_photo(bot, ann)
    await writes_as_channel(bot, ann, "/addtags #sky", reply_to_message=sent)
    question = await writes_as_channel(bot, ann, "/forget")
    assert "/forget yes" in await note(ann, question, "Yes")
    assert await stored_labels(bot.database, sent) == [["sky"]]
    assert "Nothing about you" in (await writes_as_channel(bot, ann, "/forget yes"))["text"]
    assert await stored_labels(bot.database, sent) == [[]]


async def test_a_post_of_the_linked_channel_is_that_channels(bot: Running, ann: Person) -> None:
    telegram = {"id": 777_000, "is_bot": False, "first_name": "Telegram"}
    post = await photo(bot, jpeg("green"), sender_chat=CHANNEL, is_automatic_forward=True)
    sent = arrives(bot, -500, post, telegram)
    reply = await writes_as_channel(bot, ann, "/addtags #sky")
    assert reply["text"].startswith("Learnt: #sky")
    assert await stored_labels(bot.database, sent) == [["sky"]]
