"""A caption that is edited to begin with /tags or /addtags counts as if it had come with it."""

import pytest

from tests.bot.conversation import GROUP, hashtags, reply
from tests.bot.running import Running
from tests.bot.storage_failures import nothing_is_taught
from tests.bot.stored_labels import stored_labels
from tests.bot.telegram_sends import arrives, caption, is_edited, photo
from tests.colours import jpeg
from tests.person import Message, Person

CHAT = -500


@pytest.fixture
async def group(bot: Running) -> Person:
    return await bot.person(**GROUP)


async def sent(bot: Running, group: Person, words: str = "", **fields: str) -> Message:
    return arrives(bot, CHAT, await photo(bot, jpeg("green"), words, **fields), group.user)


async def says_nothing(group: Person) -> None:
    """What the bot says next is about something else."""
    assert not hashtags(await reply(group, "/count 10"))


async def test_a_photo_is_answered_once_its_caption_says_so(bot: Running, group: Person) -> None:
    message = await sent(bot, group, "look")
    is_edited(bot, message, **caption(bot, "/tags look"))
    answer = await group.wait_reply()
    assert hashtags(answer)[0] == "#green1"
    assert answer["reply_to_message"]["message_id"] == message["message_id"]


async def test_hashtags_are_taught_once_the_caption_says_so(bot: Running, group: Person) -> None:
    message = await sent(bot, group)
    message = is_edited(bot, message, **caption(bot, "/addtags #one"))
    assert "Learnt: #one" in (await group.wait_reply())["text"]
    is_edited(bot, message, **caption(bot, "/addtags #one #two"))
    assert "Learnt: #two" in (await group.wait_reply())["text"]
    assert await stored_labels(bot.database, message) == [["one", "two"]]


@pytest.mark.parametrize("words", ["/tags", "/addtags #one"])
async def test_an_edit_of_anything_else_is_not_followed_again(
    bot: Running, group: Person, words: str
) -> None:
    message = await sent(bot, group, words)
    await group.wait_reply()
    is_edited(bot, message)
    await says_nothing(group)


async def test_an_edit_to_any_other_caption_is_left_be(bot: Running, group: Person) -> None:
    message = await sent(bot, group)
    is_edited(bot, message, **caption(bot, "what a day, /tags"))
    is_edited(bot, message, **caption(bot, "/tags@someone_elses_bot"))
    await says_nothing(group)


async def test_the_caption_of_an_album_is_about_all_of_it(bot: Running, group: Person) -> None:
    first, second = [await sent(bot, group, media_group_id="album") for _ in range(2)]
    is_edited(bot, first, **caption(bot, "/addtags #one"))
    assert "Learnt: #one" in (await group.wait_reply())["text"]
    assert await stored_labels(bot.database, second) == [["one"]]
    is_edited(bot, first, **caption(bot, "/tags"))
    assert "#one" in hashtags(await group.wait_reply())


async def test_a_caption_that_could_not_be_followed_is_followed_when_it_comes_again(
    bot: Running, group: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = await sent(bot, group)
    with nothing_is_taught(monkeypatch):
        message = is_edited(bot, message, **caption(bot, "/addtags #one"))
        assert "cannot save anything" in (await group.wait_reply())["text"]
    is_edited(bot, message, **caption(bot, "/addtags #one"))
    assert "Learnt: #one" in (await group.wait_reply())["text"]
