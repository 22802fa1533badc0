"""/mytags and /forget: what is stored of a person."""

from typing import Any

import pytest

from recommenders.engine import Engine
from tests.bot.conversation import (
    BOB_IN_GROUP,
    GROUP,
    answer_hashtags,
    edited,
    hashtags,
    labels,
    note,
    reply,
    reply_text,
)
from tests.bot.running import Running
from tests.bot.stored_labels import stored_labels
from tests.colours import Pause, jpeg
from tests.person import Message, Person


async def test_mytags_of_who_taught_nothing_says_so(ann: Person) -> None:
    assert "not taught me" in await reply_text(ann, "/mytags")


async def test_mytags_lists_a_page_at_a_time(ann: Person, photo: Message) -> None:
    await reply_text(ann, "/addtags " + " ".join(f"tag{number}" for number in range(10)))
    first = await reply(ann, "/mytags")
    assert "10 hashtags" in first["text"]
    assert "✕ #tag0" in labels(await edited(ann, first, "Next"))


async def test_mytags_removes_a_hashtag(bot: Running, ann: Person, photo: Message) -> None:
    await reply_text(ann, "/addtags #one #two")
    mytags = await reply(ann, "/mytags")
    assert await note(ann, mytags, "✕ #one") == "#one is removed."
    assert "1 hashtag" in ann.messages[mytags["message_id"]]["text"]
    assert await stored_labels(bot.database, photo) == [["two"]]


async def test_a_removed_hashtag_is_no_longer_recommended(ann: Person, photo: Message) -> None:
    await reply_text(ann, "/addtags #one #two")
    await note(ann, await reply(ann, "/mytags"), "✕ #one")
    hashtags = await answer_hashtags(ann, "red")
    assert "#two" in hashtags and "#one" not in hashtags


async def test_nobody_else_empties_ones_list(bot: Running) -> None:
    ann, bob = await bot.person(**GROUP), await bot.person(**BOB_IN_GROUP)
    (photo,) = await ann.send_photo(jpeg("blue"))
    await reply_text(ann, "/addtags #sky", photo)
    mytags = await reply(ann, "/mytags")
    assert await note(bob, mytags, "✕ #sky") == "This list is someone else’s."
    await note(bob, await reply(ann, "/forget"), "Yes")
    assert await stored_labels(bot.database, photo) == [["sky"]]


async def test_forget_deletes_nothing_after_no(bot: Running, ann: Person, photo: Message) -> None:
    await reply_text(ann, "/addtags #one")
    question = await edited(ann, await reply(ann, "/forget"), "No")
    assert "Nothing was deleted" in question["text"]
    assert await stored_labels(bot.database, photo) == [["one"]]


async def test_forget_deletes_everything_after_yes(
    bot: Running, ann: Person, photo: Message
) -> None:
    await reply_text(ann, "/addtags #one")
    question = await edited(ann, await reply(ann, "/forget"), "Yes")
    assert "Nothing about you is stored" in question["text"]
    assert await stored_labels(bot.database, photo) == []


async def test_what_is_forgotten_is_no_longer_recommended(ann: Person, photo: Message) -> None:
    await reply_text(ann, "/addtags #one")
    await edited(ann, await reply(ann, "/forget"), "Yes")
    assert "#one" not in await answer_hashtags(ann, "red")


async def test_a_forgotten_photo_is_not_ones_last_one(ann: Person, photo: Message) -> None:
    await edited(ann, await reply(ann, "/forget"), "Yes")
    assert "For which photo?" in await reply_text(ann, "/addtags #one")


async def test_buttons_under_the_answer_to_a_forgotten_photo_are_too_old(ann: Person) -> None:
    await ann.send_photo(jpeg("red"))
    answer = await ann.wait_reply()
    await edited(ann, await reply(ann, "/forget"), "Yes")
    assert "too old" in await note(ann, answer, "👍")


async def test_taking_a_hashtag_back_is_confirmed_before_it_is_learnt_and_holds_up_nobody_else(
    bot: Running, ann: Person, photo: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    await reply_text(ann, "/addtags #ourcat")
    assert "#ourcat" in await answer_hashtags(ann, "red")
    pause, learn = Pause(), Engine.learn

    def held_up(engine: Engine, photos: Any) -> None:
        pause()
        learn(engine, photos)

    monkeypatch.setattr(Engine, "learn", held_up)
    await edited(ann, await reply(ann, "/mytags"), "✕ #ourcat")
    await pause.reached()
    assert len(await answer_hashtags(await bot.person(chat=2_000), "red")) == 10
    # Who took it back is answered once it is unlearnt.
    await ann.send_photo(jpeg("red"))
    pause.end()
    assert "#ourcat" not in hashtags(await ann.wait_reply())
