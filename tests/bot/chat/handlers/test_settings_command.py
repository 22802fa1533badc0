"""/style, /for, /count, /size and /model: what a chat chooses."""

import pytest

from bot.chat.platforms import PLATFORMS
from recommenders.backends import STYLES
from storage import chats
from storage.chats import ChatSettings
from tests.bot.conversation import (
    GROUP,
    answer,
    answer_hashtags,
    buttons,
    copied_by,
    edited,
    hashtags,
    labels,
    note,
    reply,
    reply_text,
)
from tests.bot.running import Running, Start
from tests.colours import colour_bundle, jpeg
from tests.person import Person

FIRST_TEN_REDS = [f"#red{number}" for number in range(1, 11)]


async def chosen(bot: Running, chat_id: int = 1_000) -> ChatSettings:
    async with bot.database.reading() as session:
        return await chats.get(session, chat_id)


async def test_style_shows_the_choices_below_each_other(ann: Person) -> None:
    message = await reply(ann, "/style")
    assert "The style here is balanced." in message["text"]
    assert labels(message) == ["relevant", "✓ balanced", "popular"]
    assert [len(row) for row in buttons(message)] == [1, 1, 1]


async def test_style_is_chosen_by_button(ann: Person) -> None:
    message = await reply(ann, "/style")
    text = await note(ann, message, "popular")
    assert text.startswith("From now on the style here is popular.")
    assert labels(ann.messages[message["message_id"]])[2] == "✓ popular"


async def test_style_is_chosen_by_name(bot: Running, ann: Person) -> None:
    assert "relevant" in await reply_text(ann, "/style RELEVANT")
    assert (await chosen(bot)).style == "relevant"


async def test_a_style_that_does_not_exist_is_told(ann: Person) -> None:
    assert "relevant, balanced or popular" in await reply_text(ann, "/style nice")


@pytest.mark.parametrize("command", ["/style", "/style popular"])
async def test_style_of_a_model_that_knows_no_likes_says_so(ann: Person, command: str) -> None:
    assert "all three give the same" in await reply_text(ann, command)


async def test_style_of_a_model_that_knows_likes_says_nothing_of_it(start: Start) -> None:
    ann = await (await start(colour_bundle(rated=True))).person()
    assert "all three" not in await reply_text(ann, "/style")
    assert await reply_text(ann, "/style popular") == "From now on the style here is popular."


async def test_style_takes_russian_words_from_those_who_write_russian(bot: Running) -> None:
    boris = await bot.person(language="ru")
    assert "лайки" in await reply_text(boris, "/style лайки")
    assert "точность" in await reply_text(boris, "/style relevant")
    assert "точность, баланс или лайки" in await reply_text(boris, "/style хороший")


async def test_for_says_what_the_platform_takes(ann: Person) -> None:
    assert await reply_text(ann, "/for threads") == (
        "From now on for Threads: 1 hashtag, relevant. /count or /style ends that."
    )


async def test_for_gives_what_the_platform_takes(ann: Person) -> None:
    await reply_text(ann, "/for threads")
    message = await answer(ann, "red")
    assert hashtags(message) == ["#red1"]
    assert copied_by(message, "Copy") == "#red1"


async def test_for_another_platform_gives_another_count(ann: Person) -> None:
    await reply_text(ann, "/for threads")
    await reply_text(ann, "/for Instagram")
    assert len(await answer_hashtags(ann)) == 5


async def test_a_platform_that_does_not_exist_is_told(ann: Person) -> None:
    assert "I know instagram, tiktok, threads, x, mastodon" in await reply_text(ann, "/for <b>")


async def test_for_shows_the_platforms_two_in_a_row(ann: Person) -> None:
    message = await reply(ann, "/for")
    assert labels(message) == [*(one.label for one in PLATFORMS.values()), "✓ Anywhere"]
    assert [len(row) for row in buttons(message)] == [2, 2, 2]


async def test_for_is_chosen_by_button_after_a_restart(start: Start) -> None:
    first = await start()
    message = await reply(await first.person(), "/for")
    await first.stop()

    second = await start(server=first.server)
    ann = await second.person()
    assert "Mastodon: 4 hashtags" in await note(ann, message, "Mastodon")
    assert "✓ Mastodon" in labels(ann.messages[message["message_id"]])
    assert len(await answer_hashtags(ann)) == 4


@pytest.mark.parametrize(
    ("command", "count", "style"), [("/style relevant", 10, "relevant"), ("/count 30", 30, None)]
)
async def test_count_and_style_leave_the_platform(
    bot: Running, ann: Person, command: str, count: int, style: str | None
) -> None:
    await reply_text(ann, "/for tiktok")
    await reply_text(ann, command)
    chat = await chosen(bot)
    assert (chat.platform, chat.count, chat.style) == (None, count, style or "balanced")
    assert len(await answer_hashtags(ann)) == count


async def test_what_leaving_a_platform_changes_is_told(ann: Person) -> None:
    await reply_text(ann, "/for threads")
    assert "what Threads takes" in await reply_text(ann, "/count")
    assert await reply_text(ann, "/count 10") == (
        "From now on you get 10 hashtags a photo.\n"
        "That ends “for Threads”: the style is now balanced."
    )


async def test_a_platform_that_was_left_is_not_named(ann: Person) -> None:
    await reply_text(ann, "/for threads")
    await reply_text(ann, "/count 10")
    assert "Threads" not in await reply_text(ann, "/style")


async def test_what_a_chat_had_chosen_holds_again_after_a_platform(ann: Person) -> None:
    await reply_text(ann, "/for threads")
    assert "you now get 10 hashtags a photo." in await reply_text(ann, "/style popular")
    await reply_text(ann, "/for threads")
    text = await reply_text(ann, "/for anywhere")
    assert "no place in particular: 10 hashtags, popular" in text


async def test_for_knows_a_platform_by_what_people_call_it(ann: Person) -> None:
    text = await reply_text(ann, "/for Twitter")
    assert text.startswith("From now on for X: 2 hashtags")


def test_every_platform_takes_some_hashtags_in_a_style_that_exists() -> None:
    for name, platform in PLATFORMS.items():
        assert name == name.casefold()
        assert 1 <= platform.count <= 30
        assert platform.style in STYLES


@pytest.fixture
async def bot_with_sizes(start: Start) -> Running:
    return await start(colour_bundle(knowledge=True))


async def test_without_a_mix_hashtags_stay_as_ranked(bot_with_sizes: Running) -> None:
    ann = await bot_with_sizes.person()
    assert await answer_hashtags(ann) == FIRST_TEN_REDS


async def test_size_changes_the_mix_but_never_the_hashtag_that_fits_best(
    bot_with_sizes: Running,
) -> None:
    ann = await bot_with_sizes.person()
    assert await reply_text(ann, "/size broad") == "From now on the mix of sizes here is broad."
    broad = await answer_hashtags(ann)
    assert broad[:3] == ["#red1", "#red3", "#red6"]
    assert len(broad) == 10
    assert set(broad[:5]) <= set(FIRST_TEN_REDS)


async def test_size_ranked_ends_the_mix(bot_with_sizes: Running) -> None:
    ann = await bot_with_sizes.person()
    await reply_text(ann, "/size broad")
    await reply_text(ann, "/size ranked")
    assert await answer_hashtags(ann) == FIRST_TEN_REDS


async def test_a_mix_that_does_not_exist_is_told(bot_with_sizes: Running) -> None:
    ann = await bot_with_sizes.person()
    assert "ranked, even, ladder" in await reply_text(ann, "/size huge")


async def test_the_other_backend_and_more_keep_the_mix(bot_with_sizes: Running) -> None:
    ann = await bot_with_sizes.person()
    await reply_text(ann, "/size broad")
    message = await answer(ann, "red")
    other = await edited(ann, message, "w2v says…")
    assert hashtags(other)[0] == "#reddish1"
    assert hashtags(other) != [f"#reddish{number}" for number in range(1, 11)]
    assert len(set(hashtags(await edited(ann, other, "More like this")))) == 20


async def test_size_shows_the_sizes_of_the_last_answer(bot_with_sizes: Running) -> None:
    ann = await bot_with_sizes.person()
    await answer(ann, "red")
    message = await reply(ann, "/size")
    assert "niche: #red1 #red4" in message["text"]
    assert labels(message)[0] == "✓ ranked"


async def test_size_is_chosen_by_button_after_a_restart(
    start: Start, bot_with_sizes: Running
) -> None:
    message = await reply(await bot_with_sizes.person(), "/size")
    await bot_with_sizes.stop()

    second = await start(colour_bundle(knowledge=True), server=bot_with_sizes.server)
    ann = await second.person()
    await note(ann, message, "ladder")
    assert "✓ ladder" in labels(ann.messages[message["message_id"]])
    assert "mix of sizes here is ladder" in await reply_text(ann, "/size")


async def test_a_mix_that_the_bundle_prefers_holds_until_the_chat_chooses(start: Start) -> None:
    ann = await (await start(colour_bundle(knowledge=True, preferred_mix="broad"))).person()
    assert await answer_hashtags(ann) != FIRST_TEN_REDS
    await reply_text(ann, "/size ranked")
    assert await answer_hashtags(ann) == FIRST_TEN_REDS


@pytest.mark.parametrize("command", ["/size", "/size broad"])
async def test_size_of_a_model_that_knows_no_sizes_says_so(ann: Person, command: str) -> None:
    assert "before I learnt this" in await reply_text(ann, command)


async def test_a_group_chooses_for_itself(bot: Running, ann: Person) -> None:
    group = await bot.person(**GROUP)
    assert "Threads" in await reply_text(group, "/for threads")
    await group.send_photo(jpeg("red"), caption="/tags")
    assert len(hashtags(await group.wait_reply())) == 1
    assert len(await answer_hashtags(ann)) == 10


async def test_model_shows_who_answers(ann: Person) -> None:
    text = await reply_text(ann, "/model")
    assert "This chat uses als." in text
    assert "w2v looks at what the photo shows" in text


async def test_model_is_chosen_by_name(ann: Person) -> None:
    assert await reply_text(ann, "/model w2v") == "From now on w2v answers in this chat."
    assert (await answer_hashtags(ann, "red"))[0] == "#reddish1"


async def test_model_is_chosen_by_button(ann: Person) -> None:
    message = await reply(ann, "/model")
    assert labels(message) == ["✓ als", "w2v", "both"]
    assert await note(ann, message, "w2v") == "From now on w2v answers in this chat."
    after = ann.messages[message["message_id"]]
    assert labels(after) == ["als", "✓ w2v", "both"]
    assert "This chat uses w2v." in after["text"]


async def test_the_chosen_model_may_be_tapped_again(ann: Person) -> None:
    message = await reply(ann, "/model")
    for _ in range(2):
        assert await note(ann, message, "w2v") == "From now on w2v answers in this chat."


async def test_a_model_that_is_not_installed_is_told(start: Start) -> None:
    ann = await (await start(colour_bundle(backends=("als",)))).person()
    assert await reply_text(ann, "/model w2v") == "w2v is not installed here. Installed: als."
    assert await reply_text(ann, "/model <b>") == "I know no model <b>. Installed: als."


async def test_choices_hold_through_a_restart(start: Start) -> None:
    first = await start()
    ann = await first.person()
    await reply_text(ann, "/model w2v")
    await reply_text(ann, "/count 5")
    await first.stop()

    ann = await (await start()).person()
    assert "This chat uses w2v." in await reply_text(ann, "/model")
    assert await answer_hashtags(ann, "red") == [f"#reddish{number}" for number in range(1, 6)]


async def test_where_the_chosen_model_is_gone_another_answers(start: Start) -> None:
    first = await start()
    await reply_text(await first.person(), "/model w2v")
    await first.stop()

    ann = await (await start(colour_bundle(backends=("als",)))).person()
    assert "This chat uses als." in await reply_text(ann, "/model")


async def test_count_changes_how_many_hashtags_come(ann: Person) -> None:
    assert "You get 10 hashtags" in await reply_text(ann, "/count")
    assert await reply_text(ann, "/count 30") == "From now on you get 30 hashtags a photo."
    assert len(await answer_hashtags(ann)) == 30


async def test_a_count_that_cannot_be_chosen_is_told(ann: Person) -> None:
    assert "5, 10 or 30" in await reply_text(ann, "/count 7")


async def test_a_known_photo_follows_a_changed_count(ann: Person) -> None:
    assert len(await answer_hashtags(ann)) == 10
    for count in (30, 5):
        await reply_text(ann, f"/count {count}")
        assert len(await answer_hashtags(ann)) == count


async def test_count_is_chosen_by_button(ann: Person) -> None:
    message = await reply(ann, "/count")
    await note(ann, message, "5")
    assert "✓ 5" in labels(ann.messages[message["message_id"]])
