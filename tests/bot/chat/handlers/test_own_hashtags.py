"""Hashtags that a chat wants on each of its posts."""

import pytest

from recommenders.engine import Engine
from storage import moderation
from tests.bot.conversation import (
    answer,
    answer_hashtags,
    below,
    copied_by,
    edited,
    hashtags,
    note,
    reply_text,
    settings_page,
)
from tests.bot.running import Running
from tests.bot.stored_settings import chosen
from tests.person import Person

FIRST_TEN_REDS = [f"#red{number}" for number in range(1, 11)]


async def test_own_hashtags_stand_behind_the_best_five(ann: Person) -> None:
    assert await reply_text(ann, "/settings ＃mybrand ﹟me") == (
        "From now on, on every post: #mybrand #me"
    )
    message = await answer(ann, "red")
    assert hashtags(message)[:7] == [*FIRST_TEN_REDS[:5], "#mybrand", "#me"]
    assert len(hashtags(message)) == 10
    assert copied_by(message, "Copy").split() == hashtags(message)[:7]


async def test_own_hashtags_count_towards_what_a_platform_takes(ann: Person) -> None:
    await reply_text(ann, "/settings instagram")
    await reply_text(ann, "/settings #mybrand #me")
    assert await answer_hashtags(ann) == ["#red1", "#red2", "#red3", "#mybrand", "#me"]


async def test_the_photo_keeps_a_hashtag_and_what_has_no_room_is_told(ann: Person) -> None:
    await reply_text(ann, "/settings threads")
    no_room = "There is no room for #mybrand yet: you get 1 hashtag per photo."
    assert await reply_text(ann, "/settings #mybrand") == no_room
    assert await answer_hashtags(ann) == ["#red1"]


async def test_only_those_that_have_room_are_said_to_stand_on_every_post(ann: Person) -> None:
    await reply_text(ann, "/settings 3")
    assert (await reply_text(ann, "/settings #mybrand #me #us")).splitlines() == [
        "From now on, on every post: #mybrand #me",
        "There is no room for #us yet: you get 3 hashtags per photo.",
    ]


async def test_an_own_hashtag_is_not_said_twice(ann: Person) -> None:
    await reply_text(ann, "/settings #red1")
    answered = await answer_hashtags(ann)
    assert answered[:6] == [*FIRST_TEN_REDS[1:6], "#red1"]
    assert answered.count("#red1") == 1


async def test_others_get_the_hashtag_that_a_chat_has_as_its_own(bot: Running, ann: Person) -> None:
    await reply_text(ann, "/settings #red1")
    await answer(ann)
    ben = await bot.person(chat=1_001)
    await reply_text(ben, "/settings instagram")
    assert await answer_hashtags(ben) == FIRST_TEN_REDS[:5]


async def test_others_get_the_hashtag_that_became_a_chats_own_before_its_answer_grew(
    bot: Running, ann: Person
) -> None:
    message = await answer(ann)
    await reply_text(ann, "/settings #red12")
    await edited(ann, message, "More")
    ben = await bot.person(chat=1_001)
    await reply_text(ben, "/settings 15")
    assert await answer_hashtags(ben) == [f"#red{number}" for number in range(1, 16)]


async def test_a_hashtag_that_is_no_longer_ones_own_is_recommended_again(ann: Person) -> None:
    await reply_text(ann, "/settings #red1")
    await answer(ann)
    await note(ann, await settings_page(ann, "Your hashtags"), "None")
    await reply_text(ann, "/settings instagram")
    assert await answer_hashtags(ann) == FIRST_TEN_REDS[:5]


async def test_an_answer_with_a_brand_of_ones_own_is_reused(
    ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await reply_text(ann, "/settings #mybrand")
    first = await answer_hashtags(ann)
    monkeypatch.setattr(Engine, "recommend", None)
    assert await answer_hashtags(ann) == first


async def test_more_and_the_other_backend_keep_the_own_hashtags(ann: Person) -> None:
    await reply_text(ann, "/settings #mybrand")
    more = await edited(ann, await answer(ann, "red"), "More")
    assert hashtags(more)[5] == "#mybrand"
    assert hashtags(more).count("#mybrand") == 1
    assert hashtags(await below(ann, more, "w2v"))[5] == "#mybrand"


async def test_own_hashtags_are_removed_by_button(bot: Running, ann: Person) -> None:
    await reply_text(ann, "/settings #mybrand")
    message = await settings_page(ann, "Your hashtags")
    assert "Now: #mybrand" in message["text"]
    assert "no hashtags of your own" in await note(ann, message, "None")
    assert (await chosen(bot)).own_hashtags == ()


async def test_more_own_hashtags_than_a_few_are_told(bot: Running, ann: Person) -> None:
    text = await reply_text(ann, "/settings #a #b #c #d #e")
    assert "From now on, on every post: #a #b #c" in text
    assert "There is room for 3 at most, so these were left out: #d #e" in text
    assert (await chosen(bot)).own_hashtags == ("a", "b", "c")


async def test_those_that_others_replace_are_told(bot: Running, ann: Person) -> None:
    await reply_text(ann, "/settings #a #b #c")
    assert (await reply_text(ann, "/settings #c #d")).splitlines() == [
        "From now on, on every post: #c #d",
        "No longer: #a #b",
    ]
    assert (await chosen(bot)).own_hashtags == ("c", "d")


@pytest.mark.parametrize("typed", ["#mybrand vk", "7 #mybrand", "instagram 7 #mybrand"])
async def test_what_is_typed_beside_own_hashtags_counts_too(
    bot: Running, ann: Person, typed: str
) -> None:
    text = await reply_text(ann, f"/settings {typed}")
    assert "on every post: #mybrand" in text
    chat = await chosen(bot)
    assert chat.own_hashtags == ("mybrand",)
    assert ("vk" in typed) == (chat.platform == "vk")
    assert ("7" in typed) == (chat.count == 7)


async def test_beside_what_is_no_setting_own_hashtags_are_not_taken(
    bot: Running, ann: Person
) -> None:
    assert "do not know that setting" in await reply_text(ann, "/settings #mybrand myspace")
    assert (await chosen(bot)).own_hashtags == ()
    assert "on every post: #a #b" in await reply_text(ann, "/settings #a, #b , …")


async def test_a_blocked_own_hashtag_is_not_welcome(bot: Running, ann: Person) -> None:
    async with bot.database.session() as session:
        await moderation.block(session, "bad", by=77)
    text = await reply_text(ann, "/settings #bad #good #123")
    assert "Not welcome here: #bad" in text and "Not hashtags: #123" in text
    assert (await chosen(bot)).own_hashtags == ("good",)


async def test_the_last_answers_own_hashtag_goes_when_it_is_blocked_later(
    bot: Running, ann: Person
) -> None:
    await reply_text(ann, "/settings #red30")
    async with bot.database.session() as session:
        await moderation.block(session, "red30", by=77)
    assert "#red30" not in await answer_hashtags(ann)


@pytest.mark.parametrize("own", ["#mybrand", "#my_brand"])
async def test_an_own_hashtag_that_admins_block_is_shown_no_longer(
    bot: Running, ann: Person, own: str
) -> None:
    await reply_text(ann, f"/settings {own}")
    message = await answer(ann)
    assert own in hashtags(message)
    await reply_text(await bot.person(chat=77), "/block mybrand")
    assert own not in await answer_hashtags(ann)
    assert own not in hashtags(await edited(ann, message, "✎"))


@pytest.mark.parametrize("forged", ["own:#fuck", "own:# #", "own:#"])
async def test_a_button_chooses_no_hashtags(bot: Running, ann: Person, forged: str) -> None:
    message = await settings_page(ann, "Your hashtags")
    keyboard = {"inline_keyboard": [[{"text": "forged", "callback_data": forged}]]}
    bot.server.state.chats[1_000].messages[message["message_id"]]["reply_markup"] = keyboard
    ann.messages[message["message_id"]]["reply_markup"] = keyboard
    assert "too old" in await note(ann, message, "forged")
    assert await answer_hashtags(ann) == FIRST_TEN_REDS
