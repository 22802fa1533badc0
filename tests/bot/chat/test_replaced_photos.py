"""A photo that is replaced by editing its message: what follows is about the new one."""

import pytest

from bot.local.refusals import RefusalError
from tests.bot.conversation import GROUP, answer_hashtags, hashtags, reply_text
from tests.bot.running import Running
from tests.bot.telegram_sends import Refusing, is_edited, photo
from tests.colours import jpeg
from tests.person import Message, Person


@pytest.fixture
async def red(ann: Person) -> Message:
    """The message of a red photo that is answered."""
    (message,) = await ann.send_photo(jpeg("red"))
    return message


@pytest.fixture
async def about_red(ann: Person, red: Message) -> Message:
    return await ann.wait_reply()


@pytest.fixture
async def green(bot: Running, red: Message, about_red: Message) -> Message:
    """The same message, which shows a green photo now."""
    return await replaced(bot, red)


async def replaced(bot: Running, message: Message) -> Message:
    new = await photo(bot, jpeg("green"))
    return is_edited(bot, message, photo=new["photo"])


@pytest.mark.parametrize("in_reply", [True, False])
async def test_hashtags_are_taught_to_the_new_photo(
    ann: Person, green: Message, in_reply: bool
) -> None:
    await reply_text(ann, "/addtags #frog", green if in_reply else None)
    assert "#frog" not in await answer_hashtags(ann, "red")
    assert "#frog" in await answer_hashtags(ann, "green")


@pytest.mark.parametrize("in_reply", [True, False])
async def test_nothing_is_taught_where_the_new_photo_does_not_come(
    ann: Person, green: Message, in_reply: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = RefusalError(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
    Refusing(monkeypatch, "getFile", gone, times=1)
    assert "Learnt" not in await reply_text(ann, "/addtags #frog", green if in_reply else None)
    assert "#frog" not in await answer_hashtags(ann, "red")


@pytest.mark.parametrize("in_reply", [True, False])
async def test_why_explains_the_new_photo(ann: Person, green: Message, in_reply: bool) -> None:
    assert "#green1" in await reply_text(ann, "/why", green if in_reply else None)


async def test_an_answer_stays_about_the_photo_that_it_answered(
    ann: Person, green: Message, about_red: Message
) -> None:
    await reply_text(ann, "/addtags #rose", about_red)
    assert "#rose" in await answer_hashtags(ann, "red")
    assert "#rose" not in await answer_hashtags(ann, "green")


async def test_under_a_command_the_new_photo_is_answered(bot: Running) -> None:
    group = await bot.person(**GROUP)
    (message,) = await group.send_photo(jpeg("red"), caption="/tags")
    await group.wait_reply()
    await replaced(bot, message)
    answer = await group.wait_reply()
    assert hashtags(answer)[0] == "#green1"
    assert answer["reply_to_message"]["message_id"] == message["message_id"]
