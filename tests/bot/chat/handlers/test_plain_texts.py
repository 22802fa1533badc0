"""/similar: the hashtags near one."""

import pytest

from storage import moderation
from tests.bot.conversation import GROUP, answer, copied_by, edited, labels, reply, reply_text
from tests.bot.running import Running, Start
from tests.colours import colour_bundle
from tests.person import Person


@pytest.fixture
async def bot(start: Start) -> Running:
    return await start(colour_bundle(knowledge=True))


async def test_it_lists_the_ten_nearest_with_their_cosine(ann: Person) -> None:
    lines = (await reply_text(ann, "/similar #green7")).split("\n")
    assert lines[:3] == [
        "Near #green7 (1 would be the same)",
        "#green8 0.90",
        "#green9 0.85",
    ]
    assert len(lines) == 11


async def test_the_nearest_are_copied_one_by_one_or_five_at_once(ann: Person) -> None:
    message = await reply(ann, "/similar #green7")
    assert len([one for one in message["entities"] if one["type"] == "code"]) == 10
    assert copied_by(message, "Copy the five").startswith("#green8 #green9 ")


async def test_numbers_are_written_as_russian_does(bot: Running) -> None:
    boris = await bot.person(language="ru")
    assert "#green8 0,90" in await reply_text(boris, "/similar green7")


async def test_an_unknown_hashtag_is_answered_with_those_close_in_spelling(ann: Person) -> None:
    message = await reply(ann, "/similar #grean12")
    assert message["text"].startswith("I do not know #grean12.")
    assert labels(message)[0] == "#green12"
    assert (await edited(ann, message, "#green12"))["text"].startswith("Near #green12")


async def test_where_none_is_close_in_spelling_it_names_categories(ann: Person) -> None:
    assert await reply_text(ann, "/similar #qwertyuiop") == (
        "I do not know #qwertyuiop. /categories shows what I know."
    )


async def test_a_taught_hashtag_is_not_yet_near_any(ann: Person) -> None:
    await answer(ann)
    await reply_text(ann, "/addtags #mybicycle")
    assert await reply_text(ann, "/similar #mybicycle") == (
        "I have learnt #mybicycle, but not yet what is near it."
    )


async def test_a_taught_hashtag_is_not_offered_for_one_close_in_spelling(ann: Person) -> None:
    await answer(ann)
    await reply_text(ann, "/addtags #mybicycle")
    assert "#mybicycle" not in labels(await reply(ann, "/similar #mybicycles"))


async def test_two_words_are_one_hashtag_where_that_is_known(ann: Person) -> None:
    assert (await reply_text(ann, "/similar red dish3")).startswith("Near #reddish3")


async def test_each_of_three_hashtags_gets_a_message(ann: Person) -> None:
    first = await reply_text(ann, "/similar #red1 #red2 #red3 #red4")
    texts = [first, *[(await ann.wait_reply())["text"] for _ in range(3)]]
    assert [text.split(" (")[0] for text in texts[:3]] == ["Near #red1", "Near #red2", "Near #red3"]
    assert texts[3] == "I look up 3 hashtags at a time."


async def test_without_a_hashtag_or_an_answer_it_shows_how_it_is_used(ann: Person) -> None:
    assert "For example: /similar" in await reply_text(ann, "/similar")


async def test_without_a_hashtag_it_takes_the_first_of_the_last_answer(ann: Person) -> None:
    await answer(ann, "red")
    await answer(ann, "blue")
    assert (await reply_text(ann, "/similar")).startswith("Near #blue1")


async def test_in_reply_to_an_answer_it_takes_the_first_of_that(ann: Person) -> None:
    red = await answer(ann, "red")
    await answer(ann, "blue")
    assert (await reply_text(ann, "/similar", red)).startswith("Near #red1")


@pytest.mark.parametrize("piece", ["???", "#", "123", "<b>", "a" * 200])
async def test_what_is_no_hashtag_is_told(ann: Person, piece: str) -> None:
    assert (await reply_text(ann, f"/similar {piece}")).startswith(
        ("That is not a hashtag.", "I do not know #")
    )


async def test_what_is_blocked_is_not_near(bot: Running, ann: Person) -> None:
    async with bot.database.session() as session:
        await moderation.block(session, "green8", by=77)
    assert "#green8" not in await reply_text(ann, "/similar #green7")


@pytest.mark.parametrize("command", ["/similar #red1", "/similar"])
async def test_a_model_without_knowledge_says_so(start: Start, command: str) -> None:
    ann = await (await start(colour_bundle())).person()
    assert "before I learnt this" in await reply_text(ann, command)


async def test_groups_may_look_hashtags_up(bot: Running) -> None:
    group = await bot.person(**GROUP)
    assert (await reply_text(group, "/similar@tag4pic_bot #red3")).startswith("Near #red3")
