"""Photos of an album that come when the others are answered already, or are being answered."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.chat.albums import Albums
from tests.bot.conversation import GROUP, below, hashtags, reply, reply_text
from tests.bot.running import Running
from tests.bot.stored_labels import stored_labels
from tests.bot.telegram_sends import ANN, arrives, caption, is_edited, part, photo
from tests.colours import jpeg
from tests.person import Person
from tests.waiting import until

At = Callable[[int], Awaitable[None]]


class Held:
    """The features of the first photo are not computed until ``goes_on`` is set."""

    def __init__(self, bot: Running, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.goes_on = asyncio.Event(), asyncio.Event()
        compute = bot.services.batches.features

        async def features(*arguments: Any) -> Any:
            if not self.begun.is_set():
                self.begun.set()
                await self.goes_on.wait()
            return await compute(*arguments)

        monkeypatch.setattr(bot.services.batches, "features", features)


@pytest.fixture
async def held(bot: Running, ann: Person, monkeypatch: pytest.MonkeyPatch) -> Held:
    bot.services.albums = Albums(quiet=0.3)
    return Held(bot, monkeypatch)


async def is_idle(bot: Running) -> None:
    await until(lambda: not bot.inbox.waiting)


async def has(bot: Running, updates: int) -> None:
    """The bot is at so many updates."""
    await until(lambda: bot.inbox.waiting >= updates)


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


async def test_two_late_photos_are_taught_though_the_earlier_one_ends_in_between(
    bot: Running, ann: Person, held: Held
) -> None:
    await part(bot, jpeg("red", 1), "/addtags #two")
    await held.begun.wait()
    late = []
    for seed in (2, 3):
        late.append(await part(bot, jpeg("red", seed)))
        await has(bot, seed)
    held.goes_on.set()
    await is_idle(bot)
    assert [await stored_labels(bot.database, one) for one in late] == [[["two"]]] * 2


async def test_what_an_earlier_turn_took_along_is_not_handled_again(
    bot: Running, ann: Person, held: Held
) -> None:
    await part(bot, jpeg("red", 1), "/addtags #two")
    await held.begun.wait()
    for seed in (2, 3):
        await part(bot, jpeg("red", seed))
        await has(bot, seed)
        await asyncio.sleep(0.5)  # the one before is collected
    held.goes_on.set()
    await is_idle(bot)
    assert all(one["text"].startswith("Learnt: #two") for one in ann.replies())


async def test_an_edited_caption_does_not_take_late_photos_along(
    bot: Running, ann: Person, held: Held
) -> None:
    first = await part(bot, jpeg("blue", 1), "hello")
    await held.begun.wait()
    for seed in (2, 3):
        await part(bot, jpeg("red", seed))
        await has(bot, seed)
    await asyncio.sleep(1)  # both are collected
    is_edited(bot, first, **caption(bot, "hello there"))
    await reply_text(ann, "/help")  # after the edit
    held.goes_on.set()
    message = await ann.wait_reply()
    assert hashtags(await ann.wait_edit(message))[0] == "#red1"


async def test_an_album_that_is_edited_while_it_is_collected_is_answered_once(
    bot: Running,
) -> None:
    group = await bot.person(**GROUP)
    bot.services.albums = Albums(quiet=0.3)
    first = await part(bot, jpeg("red", 1), "hello", chat=-500)
    await part(bot, jpeg("red", 2), chat=-500)
    is_edited(bot, first, **caption(bot, "/tags"))
    assert hashtags(await group.wait_reply())
    await is_idle(bot)
    assert not hashtags(await reply(group, "/count 10"))


async def test_late_photos_are_chosen_by_their_place_in_the_album(
    bot: Running, ann: Person
) -> None:
    await part(bot, jpeg("red", 1))
    state = bot.server.state
    late = state.post(
        state.open_chat(1_000), ANN, await photo(bot, jpeg("red", 2), media_group_id="album")
    )
    await part(bot, jpeg("blue", 3))
    message = await ann.wait_reply()
    state.updates.add("message", late)
    message = await ann.wait_edit(message)
    await ann.press(await below(ann, message, "Add tags"), "2")
    asked = await ann.wait_reply()
    assert asked["reply_to_message"]["message_id"] == late["message_id"]


async def test_a_photo_that_is_sent_again_meanwhile_keeps_its_place_in_the_album(
    bot: Running, ann: Person, held: Held
) -> None:
    first = await part(bot, jpeg("red", 1))
    await part(bot, jpeg("blue", 2))
    await held.begun.wait()
    again = arrives(bot, 1_000, await photo(bot, jpeg("red", 1)))
    await has(bot, 3)
    held.goes_on.set()
    answers = [await ann.wait_reply() for _ in range(2)]
    album = next(
        one for one in answers if one["reply_to_message"]["message_id"] != again["message_id"]
    )
    await ann.press(await below(ann, album, "Add tags"), "1")
    asked = (await ann.wait_reply())["reply_to_message"]["message_id"]
    assert asked in (first["message_id"], again["message_id"])
