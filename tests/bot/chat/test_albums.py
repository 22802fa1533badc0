"""Albums get one answer."""

from tests.bot.conversation import GROUP, answer_hashtags, hashtags, reply, reply_text
from tests.bot.running import Running
from tests.bot.stored_labels import stored_labels
from tests.bot.telegram_sends import arrives, photo
from tests.colours import Pause, jpeg
from tests.person import Message, Person


async def test_an_album_gets_one_answer_in_reply_to_its_first_photo(
    bot: Running, ann: Person
) -> None:
    photos = await ann.send_photo([jpeg("red", 1), jpeg("red", 2), jpeg("blue", 3)])
    answer = await ann.wait_reply()
    assert answer["reply_to_message"]["message_id"] == photos[0]["message_id"]
    # The next thing that the bot says is about something else.
    assert not hashtags(await reply(ann, "/count 10"))


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
    assert "1 of the 2 could not be read" in answer["text"]


async def part(bot: Running, data: bytes, caption: str = "", chat: int = 1_000) -> Message:
    """A photo of one and the same album arrives."""
    return arrives(bot, chat, await photo(bot, data, caption, media_group_id="album"))


async def test_a_photo_that_comes_late_joins_the_answer_of_its_album(
    bot: Running, ann: Person
) -> None:
    await part(bot, jpeg("blue", 1))
    message = await ann.wait_reply()
    assert hashtags(message)[0] == "#blue1"
    for seed in (2, 3):
        await part(bot, jpeg("red", seed))
    # One change or two, as they come.
    while hashtags(await ann.wait_edit(message))[0] != "#red1":
        pass
    assert len(ann.replies()) == 1


async def test_right_after_a_late_photo_it_is_all_of_the_album(bot: Running, ann: Person) -> None:
    first = await part(bot, jpeg("blue", 1))
    message = await ann.wait_reply()
    late = await part(bot, jpeg("red", 2))
    await ann.wait_edit(message)
    await reply_text(ann, "/addtags #two", message)
    assert [await stored_labels(bot.database, one) for one in (first, late)] == [
        [["two"]],
        [["two"]],
    ]


async def test_a_late_photo_gets_an_answer_of_its_own_where_the_albums_is_gone(
    bot: Running, ann: Person
) -> None:
    await part(bot, jpeg("red", 1))
    message = await ann.wait_reply()
    del bot.server.state.chats[1_000].messages[message["message_id"]]
    await part(bot, jpeg("red", 2))
    assert hashtags(await ann.wait_reply())[0] == "#red1"


async def test_a_late_photo_is_taught_what_the_caption_of_its_album_teaches(
    bot: Running, ann: Person
) -> None:
    await part(bot, jpeg("red", 1), "/addtags #two")
    await ann.wait_reply()
    late = await part(bot, jpeg("red", 2))
    assert (await ann.wait_reply())["text"].startswith("Learnt: #two")
    assert await stored_labels(bot.database, late) == [["two"]]


async def test_a_late_photo_of_an_album_that_nobody_asked_about_is_left_be_in_a_group(
    bot: Running,
) -> None:
    group = await bot.person(**GROUP)
    for seed in (1, 2):
        await part(bot, jpeg("red", seed), chat=-500)
        assert not hashtags(await reply(group, "/count 10"))


async def test_an_album_is_forgotten_with_who_sent_it(bot: Running, ann: Person) -> None:
    sent = arrives(bot, 1_000, await photo(bot, jpeg("red", 1), media_group_id="album"), ann.user)
    await ann.wait_reply()
    await reply(ann, "/forget yes")
    late = await photo(bot, jpeg("blue", 2), media_group_id="album")
    arrives(bot, 1_000, late, ann.user)
    answer = await ann.wait_reply()
    assert hashtags(answer)[0] == "#blue1"
    assert answer["reply_to_message"]["message_id"] != sent["message_id"]


async def test_of_several_captions_each_teaches_its_own_photo(bot: Running, ann: Person) -> None:
    cat = await part(bot, jpeg("red", 1), "/addtags #mycat")
    dog = await part(bot, jpeg("blue", 2), "/addtags #mydog")
    for _ in range(2):
        await ann.wait_reply()
    assert await stored_labels(bot.database, cat) == [["mycat"]]
    assert await stored_labels(bot.database, dog) == [["mydog"]]
