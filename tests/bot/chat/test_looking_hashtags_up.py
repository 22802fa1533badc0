"""/similar and /categories: what the model knows of its hashtags."""

import pytest
from colours import ColourEngine, button, hashtags, jpeg, labels
from knowing import knowledge_of
from running import Running, Start

from storage import moderation
from tests.person import Message, Person


@pytest.fixture
def engine() -> ColourEngine:
    engine = ColourEngine()
    engine.knowledge = knowledge_of(engine.hashtags)
    return engine


@pytest.fixture
async def bot(start: Start, engine: ColourEngine) -> Running:
    return await start(engine)


async def asked(person: Person, text: str) -> Message:
    await person.send_text(text)
    return await person.wait_reply()


async def answered(person: Person, colour: str = "red") -> Message:
    await person.send_photo(jpeg(colour))
    return await person.wait_reply()


async def test_similar_lists_the_nearest_with_their_cosine_to_copy(ann: Person) -> None:
    shown = await asked(ann, "/similar #green7")
    lines = shown["text"].split("\n")
    assert lines[:3] == [
        "Near #green7 (1 would be the same)",
        "#green8 0.90",
        "#green9 0.85",
    ]
    assert len(lines) == 11
    assert len([e for e in shown["entities"] if e["type"] == "code"]) == 10
    assert button(shown, "Copy the five")["copy_text"]["text"].startswith("#green8 #green9 ")


async def test_similar_writes_numbers_as_russian_does(bot: Running) -> None:
    boris = await bot.person(chat=2, language="ru")
    assert "#green8 0,90" in (await asked(boris, "/similar green7"))["text"]


async def test_similar_of_an_unknown_hashtag_offers_those_close_in_spelling(ann: Person) -> None:
    shown = await asked(ann, "/similar #grean12")
    assert shown["text"].startswith("I do not know #grean12.")
    assert labels(shown)[0] == "#green12"
    await ann.press(shown, "#green12")
    assert (await ann.wait_edit(shown))["text"].startswith("Near #green12")
    nothing = await asked(ann, "/similar #qwertyuiop")
    assert nothing["text"] == "I do not know #qwertyuiop. /categories shows what I know."


async def test_similar_of_a_taught_hashtag_does_not_offer_the_same_one(
    ann: Person, engine: ColourEngine
) -> None:
    engine.hashtags.append("mybicycle")
    shown = await asked(ann, "/similar #mybicycle")
    assert shown["text"] == "I have learnt #mybicycle, but not yet what is near it."
    assert "#mybicycle" not in labels(await asked(ann, "/similar #mybicycles"))


async def test_similar_answers_each_of_a_few_hashtags_and_two_words_as_one(ann: Person) -> None:
    assert (await asked(ann, "/similar red dish3"))["text"].startswith("Near #reddish3")
    first = await asked(ann, "/similar #red1 #red2 #red3 #red4")
    said = [first["text"], *[(await ann.wait_reply())["text"] for _ in range(3)]]
    assert [text.split(" (")[0] for text in said[:3]] == ["Near #red1", "Near #red2", "Near #red3"]
    assert said[3] == "I look up 3 hashtags at a time."


async def test_similar_without_a_hashtag_takes_the_first_of_the_last_answer(ann: Person) -> None:
    assert "For example: /similar" in (await asked(ann, "/similar"))["text"]
    red = await answered(ann, "red")
    await answered(ann, "blue")
    assert (await asked(ann, "/similar"))["text"].startswith("Near #blue1")
    await ann.send_text("/similar", reply_to=red)
    assert (await ann.wait_reply())["text"].startswith("Near #red1")


@pytest.mark.parametrize("piece", ["???", "#", "123", "<b>", "a" * 200])
async def test_similar_of_what_is_no_hashtag_says_so(ann: Person, piece: str) -> None:
    assert (await asked(ann, f"/similar {piece}"))["text"].startswith(
        ("That is not a hashtag.", "I do not know #")
    )


async def test_what_is_blocked_is_neither_near_nor_in_a_category(bot: Running, ann: Person) -> None:
    async with bot.database.session() as session:
        await moderation.block(session, "green8", by=77)
        await moderation.block(session, "green1", by=77)
    assert "#green8" not in (await asked(ann, "/similar #green7"))["text"]
    shown = await asked(ann, "/categories")
    assert "green1" not in " ".join(labels(shown)).split(" · ")
    await ann.press(shown, "green2 · green3")
    opened = await ann.wait_edit(shown)
    assert "#green9" in hashtags(opened)
    assert not {"#green8", "#green1"} & set(hashtags(opened))


async def test_a_hashtag_with_an_underscore_is_one_in_a_category_and_can_be_blocked(
    start: Start, engine: ColourEngine
) -> None:
    engine.hashtags.append("red_dish")
    engine.knowledge = knowledge_of(engine.hashtags, dish="red_dish_dish1_dish2")
    bot = await start(engine)
    ann = await bot.person()
    assert "red_dish · dish1 · dish2" in labels(await asked(ann, "/categories"))
    async with bot.database.session() as session:
        await moderation.block(session, "red_dish", by=77)
    assert "red_dish" not in " ".join(labels(await asked(ann, "/categories")))


async def test_categories_open_copy_and_lead_back(ann: Person) -> None:
    shown = await asked(ann, "/categories")
    assert shown["text"].startswith("4 categories")
    assert "red1 · red2 · red3" in labels(shown)
    await ann.press(shown, "green1 · green2 · green3")
    opened = await ann.wait_edit(shown)
    assert hashtags(opened) == [f"#green{number}" for number in range(1, 31)]
    assert "Hashtags: 30 of 40" in opened["text"]
    assert button(opened, "Copy the five")["copy_text"]["text"].split() == hashtags(opened)[:5]
    await ann.press(opened, "‹ Categories")
    assert (await ann.wait_edit(shown))["text"] == shown["text"]


async def test_categories_that_fit_the_last_photo_are_marked_and_come_first(ann: Person) -> None:
    assert "★" not in (await asked(ann, "/categories"))["text"]
    await answered(ann, "blue")
    shown = await asked(ann, "/categories")
    assert "★ fits the last photo" in shown["text"]
    assert labels(shown)[0] == "★ blue1 · blue2 · blue3"
    assert len([label for label in labels(shown) if "★" in label]) == 1


async def test_many_categories_come_in_pages_and_work_after_a_restart(
    start: Start, monkeypatch: pytest.MonkeyPatch, engine: ColourEngine
) -> None:
    monkeypatch.setattr("bot.chat.handlers.categories.PAGE_SIZE", 3)
    first = await start(engine)
    ann = await first.person()
    shown = await asked(ann, "/categories")
    assert "from A to Z" in shown["text"]
    assert [label[:4] for label in labels(shown)[:3]] == ["blue", "dish", "gree"]
    assert labels(shown)[-2:] == ["1 of 2", "Next ›"]
    await first.stop()

    second = await start(engine, server=first.server)
    ann = await second.person()
    await ann.press(shown, "Next ›")
    turned = await ann.wait_edit(shown)
    assert labels(turned) == ["red1 · red2 · red3", "‹ Back", "2 of 2"]
    await ann.press(turned, "red1")
    opened = await ann.wait_edit(shown)
    await ann.press(opened, "‹ Categories")
    assert labels(await ann.wait_edit(shown)) == labels(turned)


async def test_a_category_of_another_model_is_gone(start: Start, engine: ColourEngine) -> None:
    bot = await start(engine)
    ann = await bot.person()
    shown = await asked(ann, "/categories")
    engine.knowledge = None
    note = await ann.wait_callback(await ann.press(shown, "red1"))
    assert "no longer there" in note["text"]


async def test_a_model_that_knows_nothing_says_so(start: Start) -> None:
    bot = await start(ColourEngine())
    ann = await bot.person()
    for command in ("/similar #red1", "/similar", "/categories"):
        assert "before I learnt this" in (await asked(ann, command))["text"]


async def test_groups_may_look_hashtags_up(bot: Running) -> None:
    group = await bot.person(chat=-500, user=1_000)
    assert (await asked(group, "/similar@tag4pic_bot #red3"))["text"].startswith("Near #red3")
    assert (await asked(group, "/categories"))["text"].startswith("4 categories")
