"""Albums get one answer; groups are left in peace until someone asks."""

import pytest
from colours import ColourEngine, hashtags, jpeg
from running import Running, Start

from tests.person import Person

GROUP = {"chat": -500, "user": 1_001}


async def quiet(person: Person) -> bool:
    """Whether the bot has said nothing, after something else that it does answer."""
    await person.send_text("/count 10")
    answer = await person.wait_reply()
    return "10" in answer["text"] and len(person.replies()) == 1


async def test_an_album_gets_one_answer_that_fits_most_of_its_photos(
    bot: Running, ann: Person
) -> None:
    photos = await ann.send_photo([jpeg("red", 1), jpeg("red", 2), jpeg("blue", 3)])
    answer = await ann.wait_reply()
    assert answer["reply_to_message"]["message_id"] == photos[0]["message_id"]
    assert all(tag.startswith("#red") for tag in hashtags(answer)[:5])
    assert bot.engine.photos_seen == 3
    await ann.send_text("/count 10")
    assert not hashtags(await ann.wait_reply())


async def test_an_albums_answer_is_not_taken_for_the_answer_of_its_first_photo(
    ann: Person,
) -> None:
    await ann.send_photo([jpeg("blue", 1), jpeg("red", 2), jpeg("red", 3)])
    album = await ann.wait_reply()
    await ann.send_photo(jpeg("blue", 1))
    alone = await ann.wait_reply()
    assert hashtags(album)[0] == "#red1"
    assert hashtags(alone)[0] == "#blue1"


async def test_a_photo_in_a_group_is_not_answered_by_itself(bot: Running) -> None:
    group = await bot.person(**GROUP)
    await group.send_photo(jpeg())
    await group.send_photo(jpeg(), caption="what a day, /tags")
    await group.send_photo(jpeg(), caption="/tags@someone_elses_bot")
    await group.send_text("hello")
    await group.send_text("/nosuchcommand")
    await group.send_other("sticker")
    assert await quiet(group)
    assert bot.engine.photos_seen == 0


@pytest.mark.parametrize("caption", ["/tags", "/tags@tag4pic_bot please", "/TAGS"])
async def test_a_photo_captioned_with_the_command_is_answered_in_a_group(
    bot: Running, caption: str
) -> None:
    group = await bot.person(**GROUP)
    await group.send_photo(jpeg("green"), caption=caption)
    assert hashtags(await group.wait_reply())[0] == "#green1"


async def test_an_album_whose_caption_is_the_command_is_answered_as_one_in_a_group(
    bot: Running,
) -> None:
    group = await bot.person(**GROUP)
    await group.send_photo([jpeg("green", 1), jpeg("green", 2)], caption="/tags")
    await group.wait_reply()
    assert bot.engine.photos_seen == 2


async def test_a_photo_replied_to_with_the_command_is_answered_in_reply_to_the_photo(
    bot: Running,
) -> None:
    ann = await bot.person(**GROUP)
    bob = await bot.person(**{**GROUP, "user": 1_002, "name": "Bob", "language": "ru"})
    (photo,) = await ann.send_photo(jpeg("blue"))
    await bob.send_text("/tags@tag4pic_bot", reply_to=photo)
    answer = await ann.wait_reply()
    assert answer["reply_to_message"]["message_id"] == photo["message_id"]
    assert answer["text"].startswith("Лучшие пять")


async def test_the_command_without_a_photo_says_how_it_is_used(bot: Running) -> None:
    group = await bot.person(**GROUP)
    text = await group.send_text("/tags")
    assert "Reply to a photo" in (await group.wait_reply())["text"]
    await group.send_text("/tags", reply_to=text)
    assert "Reply to a photo" in (await group.wait_reply())["text"]


async def test_a_photo_of_an_album_that_cannot_be_read_is_named_and_the_rest_answered(
    start: Start,
) -> None:
    bot = await start()
    ann = await bot.person()
    seen = ColourEngine.features

    def second_is_gone(self: ColourEngine, *args: object) -> object:
        bot.server.state.files.clear()
        return seen(self, *args)  # type: ignore[arg-type]

    bot.engine.features = second_is_gone.__get__(bot.engine)  # type: ignore[method-assign]
    await ann.send_photo([jpeg("red", 1), jpeg("red", 2)])
    answer = await ann.wait_reply()
    assert hashtags(answer)[0] == "#red1"
    assert "1 of the 2 could not be read" in answer["text"]
