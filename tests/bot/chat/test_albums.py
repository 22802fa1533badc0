"""Albums get one answer."""

from tests.bot.conversation import GROUP, answer_hashtags, hashtags, reply
from tests.bot.running import Running
from tests.colours import Pause, jpeg
from tests.person import Person


async def test_an_album_gets_one_answer_in_reply_to_its_first_photo(
    bot: Running, ann: Person
) -> None:
    photos = await ann.send_photo([jpeg("red", 1), jpeg("red", 2), jpeg("blue", 3)])
    answer = await ann.wait_reply()
    assert answer["reply_to_message"]["message_id"] == photos[0]["message_id"]
    # The next thing that the bot says is about something else.
    assert not hashtags(await reply(ann, "/settings 10"))


async def test_an_albums_answer_fits_most_of_its_photos(bot: Running, ann: Person) -> None:
    await ann.send_photo([jpeg("red", 1), jpeg("red", 2), jpeg("blue", 3)])
    assert all(tag.startswith("#red") for tag in hashtags(await ann.wait_reply())[:5])
    assert bot.network.photos == 3


async def test_an_albums_answer_is_not_taken_for_the_answer_of_its_first_photo(
    ann: Person,
) -> None:
    await ann.send_photo([jpeg("blue", 1), jpeg("red", 2), jpeg("red", 3)])
    assert hashtags(await ann.wait_reply())[0] == "#red1"
    assert (await answer_hashtags(ann, "blue", 1))[0] == "#blue1"


async def test_an_album_whose_caption_is_the_command_is_answered_as_one_in_a_group(
    bot: Running,
) -> None:
    group = await bot.person(**GROUP)
    await group.send_photo([jpeg("green", 1), jpeg("green", 2)], caption="/tags")
    await group.wait_reply()
    assert bot.network.photos == 2


async def test_a_photo_of_an_album_that_cannot_be_read_is_named_and_the_rest_answered(
    bot: Running, ann: Person
) -> None:
    bot.network.before_photo = pause = Pause()
    _, second = await ann.send_photo([jpeg("red", 1), jpeg("red", 2)])
    await pause.reached()
    for size in second["photo"]:
        bot.server.state.files.drop(size["file_unique_id"])
    pause.end()
    answer = await ann.wait_reply()
    assert hashtags(answer)[0] == "#red1"
    assert "1 of the 2 photos could not be read" in answer["text"]
