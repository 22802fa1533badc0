"""/style, /for, /count and /size: what a chat chooses."""

import pytest
from colours import ColourEngine, button, hashtags, jpeg, labels
from knowing import knowledge_of
from running import Running, Start

from bot.chat.platforms import PLATFORMS
from recommenders.backends import STYLES
from storage import chats
from tests.person import Person


async def said(person: Person, text: str) -> str:
    await person.send_text(text)
    return str((await person.wait_reply())["text"])


async def answered(person: Person, colour: str = "red", seed: int = 0) -> list[str]:
    await person.send_photo(jpeg(colour, seed))
    return hashtags(await person.wait_reply())


@pytest.fixture
def knowing() -> ColourEngine:
    engine = ColourEngine()
    engine.knowledge = knowledge_of(engine.hashtags)
    return engine


async def test_style_is_chosen_by_name_and_by_button(bot: Running, ann: Person) -> None:
    await ann.send_text("/style")
    shown = await ann.wait_reply()
    assert "The style here is balanced." in shown["text"]
    assert labels(shown) == ["relevant", "✓ balanced", "popular"]
    assert [len(row) for row in shown["reply_markup"]["inline_keyboard"]] == [1, 1, 1]
    note = await ann.wait_callback(await ann.press(shown, "popular"))
    assert note["text"].startswith("From now on the style here is popular.")
    assert labels(ann.messages[shown["message_id"]])[2] == "✓ popular"
    assert "relevant" in await said(ann, "/style RELEVANT")
    async with bot.database.reading() as session:
        assert (await chats.get(session, 1_000)).style == "relevant"
    assert "relevant, balanced or popular" in await said(ann, "/style nice")


async def test_style_tells_when_the_model_knows_no_likes(start: Start) -> None:
    bot = await start()
    ann = await bot.person()
    assert "all three give the same" in await said(ann, "/style")
    assert "all three give the same" in await said(ann, "/style popular")
    bot.engine.rated = True
    assert "all three" not in await said(ann, "/style")
    assert await said(ann, "/style popular") == "From now on the style here is popular."


async def test_style_takes_russian_words_from_those_who_write_russian(bot: Running) -> None:
    boris = await bot.person(chat=2, language="ru")
    assert "лайки" in await said(boris, "/style лайки")
    assert "точность" in await said(boris, "/style relevant")
    assert "точность, баланс или лайки" in await said(boris, "/style хороший")


async def test_for_gives_what_the_platform_takes(ann: Person) -> None:
    assert await said(ann, "/for threads") == (
        "From now on for Threads: 1 hashtag, relevant. /count or /style ends that."
    )
    await ann.send_photo(jpeg("red"))
    answer = await ann.wait_reply()
    assert hashtags(answer) == ["#red1"]
    assert button(answer, "Copy")["copy_text"]["text"] == "#red1"
    await said(ann, "/for Instagram")
    assert len(await answered(ann)) == 5
    assert "I know instagram, tiktok, threads, x, mastodon" in await said(ann, "/for <b>")


async def test_for_is_chosen_by_button_and_kept_through_a_restart(start: Start) -> None:
    first = await start()
    ann = await first.person()
    await ann.send_text("/for")
    shown = await ann.wait_reply()
    assert labels(shown) == [*(one.label for one in PLATFORMS.values()), "✓ Anywhere"]
    assert [len(row) for row in shown["reply_markup"]["inline_keyboard"]] == [2, 2, 2]
    await first.stop()

    second = await start(server=first.server)
    ann = await second.person()
    note = await ann.wait_callback(await ann.press(shown, "Mastodon"))
    assert "Mastodon: 4 hashtags" in note["text"]
    assert "✓ Mastodon" in labels(ann.messages[shown["message_id"]])
    assert len(await answered(ann)) == 4


async def test_count_and_style_leave_the_platform(bot: Running, ann: Person) -> None:
    await said(ann, "/for tiktok")
    await said(ann, "/style relevant")
    async with bot.database.reading() as session:
        chat = await chats.get(session, 1_000)
    assert (chat.platform, chat.count, chat.style) == (None, 10, "relevant")
    await said(ann, "/for tiktok")
    await said(ann, "/count 30")
    async with bot.database.reading() as session:
        chat = await chats.get(session, 1_000)
    assert (chat.platform, chat.count, chat.style) == (None, 30, "relevant")
    assert len(await answered(ann)) == 30


async def test_what_a_chat_had_chosen_holds_again_after_a_platform_and_is_told(
    ann: Person,
) -> None:
    await said(ann, "/for threads")
    assert "what Threads takes" in await said(ann, "/count")
    assert await said(ann, "/count 10") == (
        "From now on you get 10 hashtags a photo.\n"
        "That ends “for Threads”: the style is now balanced."
    )
    assert "Threads" not in await said(ann, "/style")
    await said(ann, "/for threads")
    assert "you now get 10 hashtags a photo." in await said(ann, "/style popular")
    await said(ann, "/for threads")
    assert "no place in particular: 10 hashtags, popular" in await said(ann, "/for anywhere")


async def test_for_knows_a_platform_by_what_people_call_it(ann: Person) -> None:
    assert (await said(ann, "/for Twitter")).startswith("From now on for X: 2 hashtags")


def test_every_platform_takes_some_hashtags_in_a_style_that_exists() -> None:
    for name, platform in PLATFORMS.items():
        assert name == name.casefold()
        assert 1 <= platform.count <= 30
        assert platform.style in STYLES


async def test_size_changes_the_mix_but_never_the_hashtag_that_fits_best(
    start: Start, knowing: ColourEngine
) -> None:
    bot = await start(knowing)
    ann = await bot.person()
    as_ranked = await answered(ann)
    assert as_ranked == [f"#red{number}" for number in range(1, 11)]

    assert await said(ann, "/size broad") == "From now on the mix of sizes here is broad."
    broad = await answered(ann)
    assert len(broad) == 10
    assert broad[0] == "#red1"
    assert broad[1:3] == ["#red3", "#red6"]
    assert set(broad[:5]) <= {f"#red{number}" for number in range(1, 11)}

    await said(ann, "/size ranked")
    assert await answered(ann) == as_ranked
    assert "ranked, even, ladder" in await said(ann, "/size huge")


async def test_more_and_the_other_backend_keep_the_mix(start: Start, knowing: ColourEngine) -> None:
    bot = await start(knowing)
    ann = await bot.person()
    await said(ann, "/size broad")
    await ann.send_photo(jpeg("red"))
    answer = await ann.wait_reply()
    await ann.press(answer, "w2v says…")
    other = await ann.wait_edit(answer)
    assert [tag.replace("dish", "").removeprefix("#red") for tag in hashtags(other)][:1] == ["1"]
    assert hashtags(other) != [f"#reddish{number}" for number in range(1, 11)]
    await ann.press(other, "More like this")
    more = hashtags(await ann.wait_edit(answer))
    assert len(set(more)) == 20


async def test_size_shows_the_sizes_of_the_last_answer_and_is_kept_through_a_restart(
    start: Start, knowing: ColourEngine
) -> None:
    first = await start(knowing)
    ann = await first.person()
    await answered(ann)
    await ann.send_text("/size")
    shown = await ann.wait_reply()
    assert "niche: #red1 #red4" in shown["text"]
    assert labels(shown)[0] == "✓ ranked"
    await first.stop()

    second = await start(knowing, server=first.server)
    ann = await second.person()
    await ann.wait_callback(await ann.press(shown, "ladder"))
    assert "✓ ladder" in labels(ann.messages[shown["message_id"]])
    assert "mix of sizes here is ladder" in await said(ann, "/size")


async def test_a_bundle_that_prefers_a_mix_is_asked_for_it_until_the_chat_chooses(
    start: Start,
) -> None:
    engine = ColourEngine()
    engine.knowledge = knowledge_of(engine.hashtags, preferred_mix="broad")
    bot = await start(engine)
    ann = await bot.person()
    assert await answered(ann) != [f"#red{number}" for number in range(1, 11)]
    await said(ann, "/size ranked")
    assert await answered(ann) == [f"#red{number}" for number in range(1, 11)]


async def test_size_of_a_model_that_knows_no_sizes_says_so(ann: Person) -> None:
    assert "before I learnt this" in await said(ann, "/size")
    assert "before I learnt this" in await said(ann, "/size broad")


async def test_a_group_chooses_for_itself(bot: Running, ann: Person) -> None:
    group = await bot.person(chat=-500, user=1_000)
    assert "Threads" in await said(group, "/for threads")
    await group.send_photo(jpeg("red"), caption="/tags")
    assert len(hashtags(await group.wait_reply())) == 1
    assert len(await answered(ann)) == 10
