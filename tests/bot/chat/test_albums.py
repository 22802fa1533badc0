"""Albums get one answer."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from telegram import Chat
from telegram import Message as TelegramMessage

from bot.chat import updates_at_work
from bot.chat.albums import Album, Albums
from bot.chat.updates_at_work import UpdatesAtWork
from bot.local.refusals import bad_request
from storage.tables import Label
from tests.bot.conversation import (
    GROUP,
    answer_hashtags,
    below,
    hashtags,
    labels,
    note,
    reply,
    reply_text,
)
from tests.bot.running import Running
from tests.bot.stored_labels import stored_labels
from tests.bot.telegram_sends import Refusing, arrives, part, photo
from tests.colours import colour_bundle, colour_engine, jpeg
from tests.person import Message, Person


async def test_an_album_gets_one_answer_in_reply_to_its_first_photo(
    bot: Running, ann: Person
) -> None:
    photos = await ann.send_photo([jpeg("red", 1), jpeg("red", 2), jpeg("blue", 3)])
    answer = await ann.wait_reply()
    assert answer["reply_to_message"]["message_id"] == photos[0]["message_id"]
    # The next thing that the bot says is about something else.
    assert not hashtags(await reply(ann, "/settings 10"))


async def test_an_album_that_shows_one_photo_twice_is_that_photo(ann: Person) -> None:
    await ann.send_photo([jpeg("red", 1), jpeg("red", 1)])
    answer = await ann.wait_reply()
    assert hashtags(answer)[0] == "#red1" and "Photo by photo" not in labels(answer)


async def test_such_an_album_is_taught_as_that_photo(bot: Running, ann: Person) -> None:
    await ann.send_photo([jpeg("red", 1), jpeg("red", 1)], caption="/addtags #trip")
    assert (await ann.wait_reply())["text"].startswith("Learnt: #trip")
    async with bot.database.reading() as session:
        assert list(await session.scalars(select(Label.album))) == [False]


async def test_every_photo_of_an_album_has_its_share_of_the_first_five(
    bot: Running, ann: Person
) -> None:
    await ann.send_photo([jpeg("red", 1), jpeg("red", 2), jpeg("blue", 3)])
    five = hashtags(await ann.wait_reply())[:5]
    assert sorted(five) == ["#blue1", "#blue2", "#red1", "#red2", "#red3"]
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
    bot.services.photo_places.files = files = asyncio.Semaphore(0)  # nothing is fetched yet
    _, second = await ann.send_photo([jpeg("red", 1), jpeg("red", 2)])
    for size in second["photo"]:
        bot.server.state.files.drop(size["file_unique_id"])
    for _ in range(2):
        files.release()
    answer = await ann.wait_reply()
    assert hashtags(answer)[0] == "#red1"
    assert "1 of the 2 photos could not be read" in answer["text"]


async def taught(bot: Running, photos: list[Message]) -> list[list[str]]:
    """The hashtags stored for each photo of an album."""
    return [tags for photo in photos for tags in await stored_labels(bot.database, photo)]


@pytest.fixture
async def photos(ann: Person) -> list[Message]:
    """An album of Ann's: a red photo, a green one and a blue one."""
    return await ann.send_photo([jpeg("red", 1), jpeg("green", 2), jpeg("blue", 3)])


@pytest.fixture
async def album(ann: Person, photos: list[Message]) -> Message:
    """The bot's answer to it."""
    return await ann.wait_reply()


async def test_an_album_is_answered_photo_by_photo_with_a_button(
    bot: Running, ann: Person, photos: list[Message], album: Message
) -> None:
    await ann.press(album, "Photo by photo")
    answers = [await ann.wait_reply() for _ in photos]
    assert [one["reply_to_message"]["message_id"] for one in answers] == [
        photo["message_id"] for photo in photos
    ]
    assert [hashtags(one)[0] for one in answers] == ["#red1", "#green1", "#blue1"]
    assert bot.network.photos == 3


async def test_photo_by_photo_is_answered_by_one_model_whatever_is_promoted_meanwhile(
    bot: Running,
    ann: Person,
    photos: list[Message],
    album: Message,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    send = bot.services.outbox.send

    async def send_and_promote(message: Any) -> Any:
        bot.services.learner.engine = colour_engine(colour_bundle(backbone="mobilenet_v2"))
        return await send(message)

    monkeypatch.setattr(bot.services.outbox, "send", send_and_promote)
    await ann.press(album, "Photo by photo")
    answers = [await ann.wait_reply() for _ in photos]
    assert [hashtags(one)[0] for one in answers] == ["#red1", "#green1", "#blue1"]


async def test_photo_by_photo_is_answered_though_the_tap_came_too_long_ago(
    ann: Person, photos: list[Message], album: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    too_old = bad_request("query is too old and response timeout expired or query ID is invalid")
    Refusing(monkeypatch, "answerCallbackQuery", too_old)
    await ann.press(album, "Photo by photo")
    answers = [await ann.wait_reply() for _ in photos]
    assert [hashtags(one)[0] for one in answers] == ["#red1", "#green1", "#blue1"]


async def test_each_of_these_answers_has_its_own_buttons(
    ann: Person, photos: list[Message], album: Message
) -> None:
    await ann.press(album, "Photo by photo")
    answers = [await ann.wait_reply() for _ in photos]
    assert labels(answers[1]) == ["Copy", "More", "✎"]
    assert "#green1" not in hashtags(await below(ann, answers[1], "✕ #green1"))
    assert (await answer_hashtags(ann, "green", 2))[0] == "#green2"


async def test_a_second_tap_answers_nothing_twice(
    ann: Person, photos: list[Message], album: Message
) -> None:
    await ann.press(album, "Photo by photo")
    for _ in photos:
        await ann.wait_reply()
    assert "further down" in await note(ann, album, "Photo by photo")
    assert len(ann.replies()) == 4


async def test_a_photo_alone_is_not_offered_photo_by_photo(ann: Person) -> None:
    await ann.send_photo(jpeg("red"))
    assert "Photo by photo" not in labels(await ann.wait_reply())


async def test_what_is_taken_out_of_an_album_gives_way_to_the_next_of_the_same_photo(
    ann: Person, album: Message
) -> None:
    before = hashtags(album)[:5]
    changed = await below(ann, album, "✕ #blue1")
    assert "#blue2" in hashtags(changed)[:5]
    assert set(before) - set(hashtags(changed)) == {"#blue1"}


async def test_an_album_does_not_get_back_what_was_taken_out_of_it_in_another_order(
    ann: Person, album: Message
) -> None:
    await below(ann, album, "✕ #blue1")
    await ann.send_photo([jpeg("blue", 3), jpeg("red", 1), jpeg("green", 2)])
    assert "#blue1" not in hashtags(await ann.wait_reply())
    assert (await answer_hashtags(ann, "blue", 3))[0] == "#blue1"


async def test_under_an_album_tags_are_added_to_the_photo_that_is_chosen(
    bot: Running, ann: Person, photos: list[Message], album: Message
) -> None:
    asking = await below(ann, album, "Add tags")
    assert "Which photo are they for?" in asking["text"]
    assert labels(asking) == ["1", "2", "3", "All photos", "‹ Back"]
    await ann.press(asking, "2")
    prompt = await ann.wait_reply()
    assert prompt["reply_to_message"]["message_id"] == photos[1]["message_id"]
    assert "Learnt: #frog" in await reply_text(ann, "#frog", prompt)
    assert await taught(bot, photos) == [[], ["frog"], []]


async def test_under_an_album_tags_are_added_to_all_photos_where_that_is_chosen(
    bot: Running, ann: Person, photos: list[Message], album: Message
) -> None:
    await ann.press(await below(ann, album, "Add tags"), "All photos")
    await reply_text(ann, "#fair", await ann.wait_reply())
    assert await taught(bot, photos) == [["fair"]] * 3
    assert labels(ann.messages[album["message_id"]]) == labels(album)


async def test_captions_of_an_albums_photos_each_count_for_their_own(
    bot: Running, ann: Person
) -> None:
    photos = await ann.send_photo(
        [jpeg("red", 1), jpeg("blue", 2)], caption=["/addtags #mycat", "/addtags #mydog"]
    )
    confirmed = [await ann.wait_reply() for _ in photos]
    assert [one["reply_to_message"]["message_id"] for one in confirmed] == [
        photo["message_id"] for photo in photos
    ]
    assert await taught(bot, photos) == [["mycat"], ["mydog"]]


async def test_of_an_album_with_several_captions_only_the_photo_that_teaches_is_taught(
    bot: Running, ann: Person
) -> None:
    photos = await ann.send_photo(
        [jpeg("red", 1), jpeg("blue", 2), jpeg("blue", 3)], caption=["/addtags #mycat", "my dog"]
    )
    assert "Learnt: #mycat" in (await ann.wait_reply())["text"]
    # The others are answered.
    assert all(tag.startswith("#blue") for tag in hashtags(await ann.wait_reply())[:5])
    assert await taught(bot, photos) == [["mycat"], [], []]


async def test_in_a_group_a_photo_of_an_album_is_answered_beside_one_that_teaches(
    bot: Running,
) -> None:
    group = await bot.person(**GROUP)
    await group.send_photo([jpeg("red", 1), jpeg("blue", 2)], caption=["/addtags #mycat", "/tags"])
    assert "Learnt: #mycat" in (await group.wait_reply())["text"]
    assert hashtags(await group.wait_reply())[0] == "#blue1"


async def test_a_lone_caption_teaches_the_whole_album(bot: Running, ann: Person) -> None:
    photos = await ann.send_photo([jpeg("red", 1), jpeg("blue", 2)], caption="/addtags #trip")
    assert "Learnt: #trip" in (await ann.wait_reply())["text"]
    assert await taught(bot, photos) == [["trip"], ["trip"]]


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


async def test_who_waits_for_an_album_that_is_cut_off_is_cut_off_too() -> None:
    album = Album()
    album.begin()
    waiting = asyncio.create_task(album.done())
    with pytest.raises(asyncio.CancelledError):
        async with album.at_work():
            raise asyncio.CancelledError
    async with asyncio.timeout(20):
        with pytest.raises(asyncio.CancelledError):
            await waiting


async def test_what_could_not_be_learnt_of_an_album_is_said(bot: Running, ann: Person) -> None:
    bot.services.photo_places.files = files = asyncio.Semaphore(0)
    _, second = await ann.send_photo([jpeg("red", 1), jpeg("red", 2)], caption="/addtags #trip")
    for size in second["photo"]:
        bot.server.state.files.drop(size["file_unique_id"])
    for _ in range(2):
        files.release()
    confirmed = (await ann.wait_reply())["text"]
    assert "Learnt: #trip" in confirmed and "1 of the 2 photos could not be read" in confirmed


@pytest.mark.parametrize("turn", [False, True])
async def test_an_album_that_was_cut_off_before_it_was_handled_is_collected_anew(
    turn: bool,
) -> None:
    albums = Albums(quiet=0.05)
    handled: list[tuple[list[int], list[int]]] = []

    async def handle(number: int) -> None:
        work = UpdatesAtWork(7, [number])
        updates_at_work.begin(work)
        chat, sent = Chat(1, "private"), datetime.now(UTC)
        album = await albums.whole(TelegramMessage(number, sent, chat, media_group_id="album"))
        if album is None:
            return
        async with album.at_work():
            new = [message.message_id for message in album.take_new()]
            handled.append((new, work.update_ids))
            await goes_on.wait()

    goes_on = asyncio.Event()
    if turn:  # what is cut off waits for an earlier photo
        earlier = asyncio.create_task(handle(1))
        await asyncio.sleep(0.2)
    photos = [asyncio.create_task(handle(number)) for number in (2, 3)]
    await asyncio.sleep(0.2 if turn else 0.01)
    for task in photos:
        task.cancel()
    await asyncio.wait(photos, timeout=20)
    assert all(task.cancelled() for task in photos)
    goes_on.set()
    async with asyncio.timeout(20):
        if turn:
            await earlier
        await asyncio.gather(handle(2), handle(3))
    assert handled[-1] == ([2, 3], [2, 3])
