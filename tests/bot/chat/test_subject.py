"""Which photo a message is about: what it replies to, else the last photo of its chat."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import wraps
from typing import Any

import pytest

from bot.chat.fair_places import EACH
from bot.local.methods import METHODS
from bot.local.refusals import RefusalError
from bot.local.state import State
from tests.bot.conversation import BOB_IN_GROUP, GROUP, answer, hashtags, reply_text
from tests.bot.running import Running, Start
from tests.bot.stored_labels import stored_labels
from tests.bot.telegram_sends import Refusing, arrives, photo, text
from tests.colours import colour_bundle, jpeg
from tests.person import Message, Person

FILE_IS_GONE = RefusalError(
    400, "Bad Request: wrong file_id or the file is temporarily unavailable"
)


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
    assert "Learnt: #sky" in await reply_text(ann_in_group, "/addtags sky")
    await bob_in_group.wait_reply()
    assert "Learnt: #sea" in await reply_text(bob_in_group, "/addtags sea", photo)
    assert await stored_labels(bot.database, photo) == [["sky", "sea"]]


@pytest.mark.parametrize("photos", [1, 3])
async def test_after_a_restart_it_is_still_the_last_photo_or_album(
    start: Start, photos: int
) -> None:
    bot = await start()
    ann = await bot.person()
    await answer(ann, "red", 1)
    last = await ann.send_photo([jpeg("red", 2 + one) for one in range(photos)])
    await ann.wait_reply()
    await bot.stop()
    bot = await start(server=bot.server)
    ann = await bot.person()
    assert "Learnt: #one" in await reply_text(ann, "/addtags #one")
    assert [await stored_labels(bot.database, part) for part in last] == [[["one"]]] * photos


async def test_after_a_restart_a_group_is_asked_for_which_photo(start: Start) -> None:
    bot = await start()
    ann = await bot.person(**GROUP)
    await ann.send_photo(jpeg("red"), caption="/tags")
    await ann.wait_reply()
    await ann.send_photo(jpeg("green"))
    await reply_text(ann, "/model")  # so that the photo has come
    await bot.stop()
    bot = await start(server=bot.server)
    ann = await bot.person(**GROUP)
    assert "For which photo?" in await reply_text(ann, "/addtags #one")


@pytest.mark.parametrize("looked_at", [False, True])
async def test_in_a_group_the_last_photo_is_ones_own(
    bot: Running, ann_in_group: Person, bob_in_group: Person, looked_at: bool
) -> None:
    await ann_in_group.send_photo(jpeg("blue"), caption="/tags" if looked_at else "")
    if looked_at:
        await bob_in_group.wait_reply()
    assert "For which photo?" in await reply_text(bob_in_group, "/addtags sky")
    (own,) = await bob_in_group.send_photo(jpeg("red"))
    assert "Learnt: #sky" in await reply_text(bob_in_group, "/addtags sky")
    assert await stored_labels(bot.database, own) == [["sky"]]


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("/tags", "Send a photo first"),
        ("/addtags #one", "For which photo?"),
        ("/why", "Why what?"),
    ],
)
async def test_in_a_group_the_last_photo_is_not_one_of_hours_ago(
    ann_in_group: Person, monkeypatch: pytest.MonkeyPatch, command: str, says: str
) -> None:
    await ann_in_group.send_photo(jpeg("red"))
    monkeypatch.setattr("bot.chat.last_photo.RIGHT_AFTER", timedelta(seconds=-1))
    assert says in await reply_text(ann_in_group, command)


async def test_in_a_private_chat_the_last_photo_may_be_one_of_hours_ago(
    ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await answer(ann)
    monkeypatch.setattr("bot.chat.last_photo.RIGHT_AFTER", timedelta(seconds=-1))
    assert "#red1" in await reply_text(ann, "/tags")
    assert "Learnt: #one" in await reply_text(ann, "/addtags #one")


@pytest.mark.parametrize(
    ("command", "says"), [("/addtags #one", "Learnt: #one"), ("/why", "#red1")]
)
async def test_a_reply_to_an_answered_photo_does_not_wait_for_the_senders_other_photos(
    ann: Person, monkeypatch: pytest.MonkeyPatch, command: str, says: str
) -> None:
    (first,) = await ann.send_photo(jpeg("red"))
    await ann.wait_reply()
    get_file, asked, come = METHODS["getFile"], asyncio.Semaphore(0), asyncio.Event()

    @wraps(get_file)
    async def slow(state: State, **arguments: Any) -> Any:
        asked.release()
        await come.wait()
        return await get_file(state, **arguments)

    monkeypatch.setitem(METHODS, "getFile", slow)  # type: ignore[arg-type]
    for seed in range(EACH):
        await ann.send_photo(jpeg("green", seed))
        await asked.acquire()
    assert says in await reply_text(ann, command, first)
    come.set()


@pytest.fixture
async def under_another_backbone(start: Start) -> AsyncIterator[tuple[Running, Message]]:
    """The bot after a change of backbone, and a photo that it answered before."""
    bot = await start()
    ann = await bot.person()
    (first,) = await ann.send_photo(jpeg("red"))
    await ann.wait_reply()
    await bot.stop()
    yield await start(colour_bundle(backbone="mobilenet_v2"), server=bot.server), first


async def test_an_answered_photo_is_taught_though_its_file_is_gone(
    under_another_backbone: tuple[Running, Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    bot, first = under_another_backbone
    ann = await bot.person()
    Refusing(monkeypatch, "getFile", FILE_IS_GONE)
    assert "Learnt: #one" in await reply_text(ann, "/addtags #one", first)
    assert await stored_labels(bot.database, first) == [["one"]]


async def test_after_a_change_of_backbone_why_explains_an_answered_photo(
    under_another_backbone: tuple[Running, Message],
) -> None:
    bot, first = under_another_backbone
    assert "#red1" in await reply_text(await bot.person(), "/why", first)


async def test_a_reply_to_a_photo_in_another_chat_is_about_that_photo(
    bot: Running, ann: Person
) -> None:
    quoted = await elsewhere(bot, jpeg("blue"))
    asking = arrives(bot, 1_000, text(bot, "/addtags #sky", external_reply=quoted), ann.user)
    assert "Learnt: #sky" in (await ann.wait_reply())["text"]
    assert await stored_labels(bot.database, asking) == [["sky"]]


async def test_a_photo_in_another_chat_that_is_replied_to_is_answered(
    bot: Running, ann: Person
) -> None:
    await answer(ann, "red")
    quoted = await elsewhere(bot, jpeg("green"))
    asking = arrives(bot, 1_000, text(bot, "/tags", external_reply=quoted), ann.user)
    message = await ann.wait_reply()
    assert hashtags(message)[0] == "#green1"
    assert message["reply_to_message"]["message_id"] == asking["message_id"]


async def test_why_explains_a_photo_in_another_chat(bot: Running, ann: Person) -> None:
    quoted = await elsewhere(bot, jpeg("green"))
    arrives(bot, 1_000, text(bot, "/why", external_reply=quoted), ann.user)
    assert "#green1" in (await ann.wait_reply())["text"]


async def test_a_reply_to_what_is_no_photo_in_another_chat_says_so(
    bot: Running, ann: Person
) -> None:
    await answer(ann, "red")
    quoted = {"origin": (await elsewhere(bot, jpeg("green")))["origin"]}
    arrives(bot, 1_000, text(bot, "/tags", external_reply=quoted), ann.user)
    assert "only look at photos" in (await ann.wait_reply())["text"]


async def elsewhere(bot: Running, data: bytes) -> Message:
    """The ExternalReplyInfo of a photo in another chat."""
    origin = {"type": "hidden_user", "date": 1_700_000_000, "sender_user_name": "Somebody"}
    return await photo(bot, data, origin=origin)


async def test_why_in_a_group_also_explains_a_photo_that_was_not_answered(
    ann_in_group: Person,
) -> None:
    (photo,) = await ann_in_group.send_photo(jpeg("green"))
    assert "#green1" in await reply_text(ann_in_group, "/why", photo)


async def test_why_in_reply_to_what_is_no_photo_asks_for_one(ann: Person) -> None:
    sticker = await ann.send_other("sticker")
    await ann.wait_reply()
    assert "Send a photo first" in await reply_text(ann, "/why", sticker)
