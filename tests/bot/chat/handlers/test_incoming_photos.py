"""Groups are left in peace until someone asks; a text gets a hint in private."""

import pytest

from tests.bot.conversation import BOB_IN_GROUP, GROUP, hashtags, labels, reply_text
from tests.bot.running import Running
from tests.colours import jpeg
from tests.person import Person


@pytest.fixture
async def ann_in_group(bot: Running) -> Person:
    return await bot.person(**GROUP)


async def test_a_photo_in_a_group_is_not_answered_by_itself(
    bot: Running, ann_in_group: Person
) -> None:
    await ann_in_group.send_photo(jpeg())
    await ann_in_group.send_photo(jpeg(), caption="what a day, /tags")
    await ann_in_group.send_photo(jpeg(), caption="/tags@someone_elses_bot")
    await reply_text(ann_in_group, "/settings 10")
    assert len(ann_in_group.replies()) == 1
    assert bot.network.photos == 0


async def test_what_is_no_photo_gets_no_hint_in_a_group(ann_in_group: Person) -> None:
    await ann_in_group.send_text("hello")
    await ann_in_group.send_text("/nosuchcommand")
    await ann_in_group.send_other("sticker")
    assert "10" in await reply_text(ann_in_group, "/settings 10")
    assert len(ann_in_group.replies()) == 1


@pytest.mark.parametrize("caption", ["/tags", "/tags@tag4pic_bot please", "/TAGS"])
async def test_a_photo_captioned_with_the_command_is_answered_in_a_group(
    ann_in_group: Person, caption: str
) -> None:
    await ann_in_group.send_photo(jpeg("green"), caption=caption)
    assert hashtags(await ann_in_group.wait_reply())[0] == "#green1"


async def test_a_photo_replied_to_with_the_command_is_answered_in_reply_to_the_photo(
    ann_in_group: Person, bot: Running
) -> None:
    boris = await bot.person(**BOB_IN_GROUP | {"language": "ru"})
    (photo,) = await ann_in_group.send_photo(jpeg("blue"))
    await boris.send_text("/tags@tag4pic_bot", reply_to=photo)
    answer = await ann_in_group.wait_reply()
    assert answer["reply_to_message"]["message_id"] == photo["message_id"]
    assert answer["text"].startswith("Топ‑5")


async def test_the_command_right_after_a_photo_is_about_that_photo(
    ann_in_group: Person, bot: Running
) -> None:
    bob = await bot.person(**BOB_IN_GROUP)
    photo, _ = await ann_in_group.send_photo([jpeg("red", 1), jpeg("red", 2)])
    await bob.send_photo(jpeg("blue"))
    await ann_in_group.send_text("/tags")
    answer = await ann_in_group.wait_reply()
    assert hashtags(answer)[0] == "#red1"
    assert answer["reply_to_message"]["message_id"] == photo["message_id"]
    assert "Photo by photo" in labels(answer)


async def test_the_command_without_a_photo_says_how_it_is_used(ann_in_group: Person) -> None:
    ways = "Send a photo first, reply to one with /tags, or make /tags its caption."
    assert await reply_text(ann_in_group, "/tags") == ways


async def test_the_command_in_reply_to_a_text_says_how_it_is_used(ann_in_group: Person) -> None:
    text = await ann_in_group.send_text("hello")
    assert "reply to one with /tags" in await reply_text(ann_in_group, "/tags", text)


@pytest.mark.parametrize(
    ("language", "word"), [("en", "photo"), ("ru-RU", "фото"), ("fi", "photo")]
)
async def test_text_gets_a_hint_in_the_language_of_who_wrote(
    bot: Running, language: str, word: str
) -> None:
    person = await bot.person(language=language)
    assert word in await reply_text(person, "hello")
