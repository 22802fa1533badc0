"""/settings: what a chat chooses."""

import numpy as np
import pytest

from bot.chat.platforms import COUNTS, PLATFORMS, platform_named
from bot.chat.texts import LANGUAGES
from recommenders.backends import STYLES
from recommenders.bundle import Part
from storage.chat_settings import ChatSettings
from tests.bot.conversation import (
    GROUP,
    answer,
    answer_hashtags,
    below,
    buttons,
    copied_by,
    edited,
    hashtags,
    labels,
    note,
    reply,
    reply_text,
    settings_page,
)
from tests.bot.running import Running, Start
from tests.bot.stored_settings import chosen
from tests.colours import colour_bundle, jpeg
from tests.person import Person

FIRST_TEN_REDS = [f"#red{number}" for number in range(1, 11)]


async def test_settings_are_one_message_with_a_button_each(ann: Person) -> None:
    message = await reply(ann, "/settings")
    assert message["text"].split("\n")[2:6] == [
        "Platform: any",
        "How many: 10",
        "Language: English",
        "Your hashtags: none",
    ]
    assert labels(message) == ["Platform", "How many", "Language", "Your hashtags"]


async def test_a_page_leads_back_to_all_settings(ann: Person) -> None:
    message = await settings_page(ann, "Platform")
    assert "Where will you post?" in message["text"]
    assert "Settings of this chat" in (await edited(ann, message, "‹ Settings"))["text"]


async def test_a_model_that_knows_sizes_and_likes_has_pages_for_them(start: Start) -> None:
    ann = await (await start(colour_bundle(knowledge=True, rated=True))).person()
    message = await reply(ann, "/settings")
    assert labels(message) == [
        *("Platform", "How many", "Sizes", "Language", "Style", "Your hashtags")
    ]


async def test_a_platform_is_chosen_by_button_after_a_restart(start: Start) -> None:
    first = await start()
    message = await settings_page(await first.person(), "Platform")
    await first.stop()

    second = await start(server=first.server)
    ann = await second.person()
    assert await note(ann, message, "Mastodon") == (
        "From now on, I pick hashtags for Mastodon. Mastodon publishes no limit. "
        "You get 4 hashtags."
    )
    assert "✓ Mastodon 4" in labels(ann.messages[message["message_id"]])
    assert len(await answer_hashtags(ann)) == 4


async def test_the_platforms_stand_two_in_a_row_with_their_numbers(ann: Person) -> None:
    message = await settings_page(ann, "Platform")
    assert labels(message) == [
        *(f"{one.label} {one.count}" for one in PLATFORMS.values()),
        *("✓ Doesn’t matter", "‹ Settings"),
    ]
    assert {len(row) for row in buttons(message)[:6]} == {2}


async def test_a_platform_sets_how_many(ann: Person) -> None:
    assert await reply_text(ann, "/settings threads") == (
        "From now on, I pick hashtags for Threads. Threads allows at most 1 hashtag per post."
    )
    message = await answer(ann, "red")
    assert hashtags(message) == ["#red1"]
    assert copied_by(message, "Copy") == "#red1"
    await reply_text(ann, "/settings Instagram")
    assert len(await answer_hashtags(ann)) == 5


@pytest.mark.parametrize(
    ("name", "platform"),
    [
        *(("вк", "vk"), ("телеграм", "telegram"), ("ютуб", "youtube"), ("инстаграм", "instagram")),
        *(("тикток", "tiktok"), ("твиттер", "x"), ("фейсбук", "facebook"), ("тг", "telegram")),
        *(("пинтерест", "pinterest"), ("Twitter", "x"), ("линкедин", "linkedin"), ("х", "x")),
        *(("тредс", "threads"), ("мастодон", "mastodon"), ("блюскай", "bluesky")),
    ],
)
async def test_a_platform_is_known_by_what_people_call_it(name: str, platform: str) -> None:
    assert platform_named(name) == platform


async def test_a_platform_is_left_by_its_words_too(bot: Running) -> None:
    boris = await bot.person(language="ru")
    assert "Теперь подбираю хештеги для VK." in await reply_text(boris, "/settings вк")
    assert "Теперь соцсеть не важна" in await reply_text(boris, "/settings не важно")
    assert (await chosen(bot)).platform is None


def test_every_platform_has_a_rule_and_its_source() -> None:
    assert list(PLATFORMS) == [
        *("instagram", "threads", "tiktok", "x", "mastodon", "pinterest"),
        *("linkedin", "youtube", "facebook", "bluesky", "vk", "telegram"),
    ]
    for name, platform in PLATFORMS.items():
        assert platform.count in COUNTS and platform.count <= (platform.most or 30), name
        assert platform.style in STYLES
        assert platform.source.startswith("no limit published") == (platform.most is None), name


def test_no_two_platforms_have_a_name_in_common() -> None:
    names = [name for key, one in PLATFORMS.items() for name in (key, *one.aliases)]
    assert len(names) == len(set(names))
    assert all(name == name.casefold() for name in names)


@pytest.mark.parametrize("count", [1, 7, 30])
async def test_any_number_may_be_typed(ann: Person, count: int) -> None:
    text = await reply_text(ann, f"/settings {count}")
    noun = "hashtag" if count == 1 else "hashtags"
    assert text == f"From now on, you get {count} {noun} per photo."
    assert len(await answer_hashtags(ann)) == count


@pytest.mark.parametrize("number", ["0", "31", "-3", "1000000000000"])
async def test_a_number_out_of_range_is_told(ann: Person, number: str) -> None:
    assert await reply_text(ann, f"/settings {number}") == "It can be any number from 1 to 30."


async def test_a_number_of_ones_own_goes_over_the_platforms_and_says_so(
    bot: Running, ann: Person
) -> None:
    await reply_text(ann, "/settings instagram")
    assert await reply_text(ann, "/settings 7") == (
        "From now on, you get 7 hashtags per photo: your number, not the 5 for Instagram."
    )
    assert len(await answer_hashtags(ann)) == 7
    assert (await chosen(bot)).platform == "instagram"
    assert "How many: 7 instead of 5 for Instagram" in await reply_text(ann, "/settings")


async def test_a_platform_does_not_end_a_number_of_ones_own_and_says_so(ann: Person) -> None:
    await reply_text(ann, "/settings 7")
    assert await reply_text(ann, "/settings threads") == (
        "From now on, I pick hashtags for Threads. Threads allows at most 1 hashtag per post. "
        "You chose 7 hashtags yourself, so you get that many."
    )
    assert len(await answer_hashtags(ann)) == 7


async def test_the_platforms_number_comes_back_by_button(ann: Person) -> None:
    await reply_text(ann, "/settings threads 7")
    message = await settings_page(ann, "How many")
    assert "✓ 7" in labels(message)
    assert await note(ann, message, "As usual") == "From now on, you get 1 hashtag per photo."
    assert await answer_hashtags(ann) == ["#red1"]


async def test_several_settings_may_be_typed_at_once(bot: Running, ann: Person) -> None:
    await reply_text(ann, "/settings ru instagram 3")
    settings = await chosen(bot)
    assert (settings.language, settings.platform, settings.count) == ("ru", "instagram", 3)


@pytest.mark.parametrize("wanted", ["vk, 7, #me", "#me, vk, 7", "vk,7,#me"])
async def test_settings_may_be_typed_with_commas(bot: Running, ann: Person, wanted: str) -> None:
    await reply_text(ann, f"/settings {wanted}")
    settings = await chosen(bot)
    assert (settings.platform, settings.count, settings.own_hashtags) == ("vk", 7, ("me",))


async def test_a_mere_comma_shows_the_settings(ann: Person) -> None:
    assert "Settings of this chat" in await reply_text(ann, "/settings ,")


@pytest.mark.parametrize("wanted", ["<b>", "espanol", "instagram nosuchplace"])
async def test_what_is_no_setting_is_told_and_changes_nothing(
    bot: Running, ann: Person, wanted: str
) -> None:
    told = await reply_text(ann, f"/settings {wanted}")
    assert "I do not know that setting" in told and "English, Russian or both" in told
    assert await chosen(bot) == ChatSettings(1_000)


async def test_what_settings_shows_may_be_typed_in_any_language(start: Start) -> None:
    bot = await start(colour_bundle(knowledge=True))
    for language in LANGUAGES:
        person = await bot.person(language=language)
        for texts in LANGUAGES.values():
            await reply_text(person, "/settings vk #me")
            for wanted in (texts.platform_none, texts.own_none, texts.mix_names["niche"]):
                await reply_text(person, f"/settings {wanted}")
            await reply_text(person, f"/settings {texts.language_names['both'].upper()}")
            chat = await chosen(bot)
            assert (chat.platform, chat.own_hashtags) == (None, ())
            assert (chat.mix, chat.language) == ("niche", "both")
            await reply_text(person, "/settings ranked en")


async def test_an_apostrophe_may_be_typed_as_keyboards_have_it(bot: Running, ann: Person) -> None:
    await reply_text(ann, "/settings vk")
    assert "for no platform" in await reply_text(ann, "/settings doesn't matter")


async def test_a_known_photo_follows_a_changed_count(ann: Person) -> None:
    assert len(await answer_hashtags(ann)) == 10
    for count in (30, 5):
        await reply_text(ann, f"/settings {count}")
        assert len(await answer_hashtags(ann)) == count


async def test_style_is_chosen_where_the_bundle_knows_likes(start: Start) -> None:
    bot = await start(colour_bundle(rated=True))
    ann = await bot.person()
    message = await settings_page(ann, "Style")
    assert [label for label in labels(message) if "balanced" in label] == ["✓ balanced"]
    assert await note(ann, message, "popular") == "From now on, the style here is popular."
    assert (await chosen(bot)).style == "popular"


async def test_a_style_is_chosen_by_its_russian_name(start: Start) -> None:
    boris = await (await start(colour_bundle(rated=True))).person(language="ru")
    assert await reply_text(boris, "/settings лайки") == "Теперь в этом чате важнее лайки."


async def test_a_platform_decides_the_style_until_the_chat_does(start: Start) -> None:
    ann = await (await start(colour_bundle(rated=True))).person()
    await reply_text(ann, "/settings threads")
    assert "Style: relevant" in await reply_text(ann, "/settings")
    await reply_text(ann, "/settings popular")
    assert "Style: popular" in await reply_text(ann, "/settings")


@pytest.mark.parametrize(
    ("command", "says"),
    [("/style popular", "no style to choose."), ("/size", "not know enough for that yet.")],
)
async def test_what_the_model_does_not_offer_is_told_and_not_said_to_be_in_settings(
    ann: Person, command: str, says: str
) -> None:
    assert (await reply_text(ann, command)).endswith(says)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("/for threads", "From now on, I pick hashtags for Threads."),
        ("/for nowhere", "I do not know nowhere."),
        ("/count 7", "From now on, you get 7 hashtags per photo."),
        ("/top 7", "From now on, you get 7 hashtags per photo."),
        ("/count 31", "any number from 1 to 30"),
        ("/language ru", "hashtags in this chat: Russian"),
        ("/language", "Language of the hashtags"),
    ],
)
async def test_the_commands_of_old_work_and_say_the_new_name(
    ann: Person, command: str, says: str
) -> None:
    text = await reply_text(ann, command)
    assert says in text
    assert text.endswith(f"{command.split()[0]} is now part of /settings.")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_page_has_no_line_about_a_setting_that_is_not_offered(
    bot: Running, language: str
) -> None:
    person = await bot.person(language=language)
    names = LANGUAGES[language].setting_names
    text = await reply_text(person, "/settings")
    assert names["style"] not in text and names["size"] not in text


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
    assert await reply_text(ann, "/settings broad") == (
        "From now on, sizes here: common first; the most used move up."
    )
    broad = await answer_hashtags(ann)
    assert broad[:3] == ["#red1", "#red3", "#red6"]
    assert len(broad) == 10
    assert set(broad[:5]) <= set(FIRST_TEN_REDS)


async def test_size_ranked_ends_the_mix(bot_with_sizes: Running) -> None:
    ann = await bot_with_sizes.person()
    await reply_text(ann, "/settings broad")
    await reply_text(ann, "/settings ranked")
    assert await answer_hashtags(ann) == FIRST_TEN_REDS


async def test_the_other_backend_and_more_keep_the_mix(bot_with_sizes: Running) -> None:
    ann = await bot_with_sizes.person()
    await reply_text(ann, "/settings broad")
    message = await answer(ann, "red")
    other = await below(ann, message, "w2v")
    assert hashtags(other)[0] == "#reddish1"
    assert hashtags(other) != [f"#reddish{number}" for number in range(1, 11)]
    closed = await edited(ann, other, "‹ Back")
    assert len(set(hashtags(await edited(ann, closed, "More")))) == 20


async def test_size_shows_the_sizes_of_the_last_answer(bot_with_sizes: Running) -> None:
    ann = await bot_with_sizes.person()
    await answer(ann, "red")
    message = await settings_page(ann, "Sizes")
    assert "rare: #red1 #red4" in message["text"]
    assert labels(message)[0] == "✓ best fit first"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("counted", [False, True])
async def test_size_says_whether_sizes_are_of_a_platform_or_of_the_training_posts(
    start: Start, language: str, counted: bool
) -> None:
    bundle = colour_bundle(knowledge=True)
    if counted:
        posts = np.full(len(bundle.hashtags), 1_000_000, np.int64)
        bundle = bundle.with_parts(
            {"knowledge": Part({}, bundle.arrays["knowledge"] | {"posts": posts})}
        )
    person, texts = await (await start(bundle)).person(language=language), LANGUAGES[language]
    text = (await settings_page(person, texts.setting_names["size"]))["text"]
    assert (texts.mix_of_platform in text, texts.mix_of_training in text) == (counted, not counted)


async def test_size_is_chosen_by_button_after_a_restart(
    start: Start, bot_with_sizes: Running
) -> None:
    message = await settings_page(await bot_with_sizes.person(), "Sizes")
    await bot_with_sizes.stop()

    second = await start(colour_bundle(knowledge=True), server=bot_with_sizes.server)
    ann = await second.person()
    await note(ann, message, "few common")
    assert "✓ few common" in labels(ann.messages[message["message_id"]])
    assert "Sizes: few common" in await reply_text(ann, "/settings")


async def test_a_mix_that_the_bundle_prefers_holds_until_the_chat_chooses(start: Start) -> None:
    ann = await (await start(colour_bundle(knowledge=True, preferred_mix="broad"))).person()
    assert await answer_hashtags(ann) != FIRST_TEN_REDS
    await reply_text(ann, "/settings ranked")
    assert await answer_hashtags(ann) == FIRST_TEN_REDS


async def test_a_group_chooses_for_itself(bot: Running, ann: Person) -> None:
    group = await bot.person(**GROUP)
    assert "Threads" in await reply_text(group, "/settings@tag4pic_bot threads")
    await group.send_photo(jpeg("red"), caption="/tags")
    assert len(hashtags(await group.wait_reply())) == 1
    assert len(await answer_hashtags(ann)) == 10
