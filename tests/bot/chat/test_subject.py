"""Which photo a message is about: what it replies to, else the last photo of its chat."""

import pytest

from tests.bot.conversation import BOB_IN_GROUP, GROUP, reply_text
from tests.bot.running import Running
from tests.bot.stored_labels import stored_labels
from tests.colours import jpeg
from tests.person import Person


@pytest.fixture
async def ann_in_group(bot: Running) -> Person:
    return await bot.person(**GROUP)


@pytest.fixture
async def bob_in_group(bot: Running) -> Person:
    return await bot.person(**BOB_IN_GROUP)


async def test_in_reply_to_a_photo_or_to_its_answer_it_is_that_photo(
    bot: Running, ann: Person
) -> None:
    (first,) = await ann.send_photo(jpeg("red", 1))
    first_answer = await ann.wait_reply()
    (second,) = await ann.send_photo(jpeg("red", 2))
    await ann.wait_reply()
    await reply_text(ann, "/addtags #one", first)
    await reply_text(ann, "/addtags\n#two", first_answer)
    assert await stored_labels(bot.database, first) == [["one", "two"]]
    assert await stored_labels(bot.database, second) == [[]]


async def test_a_caption_is_about_its_photo(bot: Running, ann: Person) -> None:
    (photo,) = await ann.send_photo(jpeg("red", 1), caption="/addtags #one")
    assert "Learnt: #one" in (await ann.wait_reply())["text"]
    assert await stored_labels(bot.database, photo) == [["one"]]


async def test_a_caption_of_an_album_is_about_all_of_its_photos(bot: Running, ann: Person) -> None:
    album = await ann.send_photo([jpeg("red", 2), jpeg("red", 3)], caption="/addtags #two")
    assert "Learnt: #two" in (await ann.wait_reply())["text"]
    assert [await stored_labels(bot.database, part) for part in album] == [[["two"]], [["two"]]]


async def test_right_after_an_album_it_is_all_of_its_photos(bot: Running, ann: Person) -> None:
    album = await ann.send_photo([jpeg("red", 2), jpeg("red", 3)])
    await ann.wait_reply()
    await reply_text(ann, "/addtags #two")
    assert [await stored_labels(bot.database, part) for part in album] == [[["two"]], [["two"]]]


async def test_in_a_group_it_may_be_a_photo_that_was_not_answered(
    bot: Running, ann_in_group: Person, bob_in_group: Person
) -> None:
    (photo,) = await ann_in_group.send_photo(jpeg("blue"))
    assert "Learnt: #sky" in await reply_text(bob_in_group, "/addtags sky")
    assert "Learnt: #sea" in await reply_text(bob_in_group, "/addtags sea", photo)
    assert await stored_labels(bot.database, photo) == [["sky", "sea"]]


async def test_why_in_a_group_also_explains_a_photo_that_was_not_answered(
    ann_in_group: Person,
) -> None:
    (photo,) = await ann_in_group.send_photo(jpeg("green"))
    assert "#green1" in await reply_text(ann_in_group, "/why", photo)


async def test_why_in_reply_to_what_is_no_photo_asks_for_one(ann: Person) -> None:
    sticker = await ann.send_other("sticker")
    await ann.wait_reply()
    assert "Send a photo first" in await reply_text(ann, "/why", sticker)
