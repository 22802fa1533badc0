"""/addtags without hashtags: what it asks is answered like the question of "Add tags"."""

import pytest

from tests.bot.conversation import BOB_IN_GROUP, GROUP, answer, reply, reply_text
from tests.bot.running import Running
from tests.bot.stored_labels import stored_labels
from tests.colours import jpeg
from tests.person import Message, Person


@pytest.mark.parametrize("replies", [False, True])
async def test_the_hashtags_that_come_next_are_taught(
    bot: Running, ann: Person, photo: Message, replies: bool
) -> None:
    question = await reply(ann, "/addtags")
    text = await reply_text(ann, "#mycat1 #mycat2", question if replies else None)
    assert "Learnt: #mycat1 #mycat2" in text
    assert await stored_labels(bot.database, photo) == [["mycat1", "mycat2"]]


async def test_they_are_for_the_photo_that_the_command_was_about(
    bot: Running, ann: Person, photo: Message
) -> None:
    await answer(ann, "blue")
    await reply_text(ann, "/addtags", photo)
    assert "Learnt: #one" in await reply_text(ann, "#one")
    assert await stored_labels(bot.database, photo) == [["one"]]


async def test_a_caption_asks_too(bot: Running, ann: Person) -> None:
    album = await ann.send_photo([jpeg("red", 2), jpeg("red", 3)], caption="/addtags")
    assert "Which hashtags fit" in (await ann.wait_reply())["text"]
    assert "Learnt: #one" in await reply_text(ann, "#one")
    assert [await stored_labels(bot.database, part) for part in album] == [[["one"]], [["one"]]]


async def test_in_a_group_the_reply_is_taught(bot: Running) -> None:
    ann, bob = await bot.person(**GROUP), await bot.person(**BOB_IN_GROUP)
    (photo,) = await ann.send_photo(jpeg("red"))
    question = await reply(bob, "/addtags", photo)
    assert "Learnt: #one" in await reply_text(bob, "#one", question)
    assert await stored_labels(bot.database, photo) == [["one"]]
    assert [name for name, _ in bob.events].count("force_reply") == 1
    assert "force_reply" not in [name for name, _ in ann.events]


async def test_in_a_group_thanks_are_not_told_to_send_photos(bot: Running) -> None:
    ann = await bot.person(**GROUP)
    await ann.send_photo(jpeg("red"), caption="/addtags")
    question = await ann.wait_reply()
    assert await reply_text(ann, "thanks", question) == "You are welcome!"
