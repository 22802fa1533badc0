"""Forum topics: answers stay in theirs, and what is said in one is about photos of it."""

import pytest

from tests.bot.conversation import GROUP, edited, hashtags, reply
from tests.bot.running import Running
from tests.bot.stored_labels import stored_labels
from tests.bot.telegram_sends import arrives, photo, text, topic
from tests.colours import Pause, jpeg
from tests.person import Message, Person

FORUM = GROUP["chat"]


@pytest.fixture
async def member(bot: Running) -> Person:
    return await bot.person(**GROUP)


async def test_an_answer_stays_in_its_topic(bot: Running, member: Person) -> None:
    pets = topic(bot, "Pets")
    arrives(bot, FORUM, await photo(bot, jpeg("green"), "/tags", **pets))
    message = await answer_of(member)
    assert message["message_thread_id"] == pets["message_thread_id"]
    assert hashtags(message)[0] == "#green1"


async def test_typing_is_seen_in_a_topic(bot: Running, member: Person) -> None:
    pets = topic(bot, "Pets")
    pause = bot.network.before_photo = Pause()
    arrives(bot, FORUM, await photo(bot, jpeg("green"), "/tags", **pets))
    await member.wait_event("action")
    pause.end()
    await answer_of(member)


async def test_a_thread_of_replies_is_no_topic(bot: Running, member: Person) -> None:
    (beginning,) = await member.send_photo(jpeg("red"))
    for words in ("/tags", "/why", "/addtags #cat", "/help"):
        said = await reply(member, words, beginning)
        assert said["message_thread_id"] == beginning["message_id"]
        assert "is_topic_message" not in said


@pytest.mark.parametrize("button", ["Why?", "Add tags"])
async def test_a_tap_below_an_answer_in_a_thread_of_replies_is_answered(
    member: Person, button: str
) -> None:
    await member.send_photo(jpeg("red"), caption="/tags")
    message = await member.wait_reply()
    assert message["message_thread_id"] == message["reply_to_message"]["message_id"]
    await edited(member, message, "✎")
    await member.press(message, button)
    assert (await member.wait_reply())["reply_to_message"]["message_id"] == message["message_id"]


async def test_a_command_that_replies_to_the_beginning_of_its_topic_replies_to_nothing(
    bot: Running, member: Person
) -> None:
    pets = topic(bot, "Pets")
    sent = arrives(bot, FORUM, await photo(bot, jpeg("green"), **pets))
    arrives(bot, FORUM, text(bot, "/addtags #cat", **pets))
    assert "Learnt: #cat" in (await answer_of(member))["text"]
    assert await stored_labels(bot.database, sent) == [["cat"]]


@pytest.mark.parametrize("caption", ["", "/tags"])
async def test_the_last_photo_is_one_of_the_same_topic(
    bot: Running, member: Person, caption: str
) -> None:
    pets, cars = topic(bot, "Pets"), topic(bot, "Cars")
    arrives(bot, FORUM, await photo(bot, jpeg("green"), caption, **pets))
    if caption:
        await answer_of(member)
    arrives(bot, FORUM, text(bot, "/addtags #cat", **cars))
    asking = await answer_of(member)
    assert "For which photo?" in asking["text"]
    assert asking["message_thread_id"] == cars["message_thread_id"]


async def answer_of(member: Person) -> Message:
    """The bot's next message, the beginnings of topics left out."""
    while "forum_topic_created" in (message := await member.wait_reply()):
        pass
    return message
