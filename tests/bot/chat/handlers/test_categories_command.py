"""/categories: what the model's posts are about."""

import pytest
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from recommenders.bundle import Bundle, Part
from storage import moderation
from tests.bot.conversation import (
    BOB_IN_GROUP,
    GROUP,
    answer,
    copied_by,
    edited,
    hashtags,
    labels,
    note,
    reply,
    reply_text,
)
from tests.bot.running import Running, Start
from tests.colours import colour_bundle, colour_engine, jpeg
from tests.person import Person


@pytest.fixture
async def bot(start: Start) -> Running:
    return await start(colour_bundle(knowledge=True))


async def test_categories_are_listed_by_their_leading_hashtags(ann: Person) -> None:
    message = await reply(ann, "/categories")
    assert message["text"].startswith("4 categories")
    assert "red1 · red2 · red3" in labels(message)


async def test_a_category_opens_to_its_hashtags(ann: Person) -> None:
    message = await reply(ann, "/categories")
    category = await edited(ann, message, "green1 · green2 · green3")
    assert hashtags(category) == [f"#green{number}" for number in range(1, 31)]
    assert "Hashtags: 30 of 40" in category["text"]


async def test_a_category_is_copied_as_far_as_a_button_can_which_says_so(ann: Person) -> None:
    category = await edited(ann, await reply(ann, "/categories"), "green1 · green2 · green3")
    label = labels(category)[0]
    assert label == "Copy 29 of 30"
    assert copied_by(category, label).split() == hashtags(category)[:29]


async def test_a_category_leads_back_to_the_list(ann: Person) -> None:
    message = await reply(ann, "/categories")
    await edited(ann, message, "green1 · green2 · green3")
    assert (await edited(ann, message, "‹ Categories"))["text"] == message["text"]


async def test_in_a_group_no_category_is_marked_for_a_photo_of_somebody_else(bot: Running) -> None:
    ann, bob = await bot.person(**GROUP), await bot.person(**BOB_IN_GROUP)
    await ann.send_photo(jpeg("blue"), caption="/tags")
    assert hashtags(await bob.wait_reply())
    assert "★" not in await reply_text(bob, "/categories")
    await ann.wait_reply()
    await ann.wait_reply()
    assert "★ fits the last photo" in await reply_text(ann, "/categories")


async def test_before_any_photo_no_category_is_marked(ann: Person) -> None:
    assert "★" not in await reply_text(ann, "/categories")


async def test_the_category_that_fits_the_last_photo_is_marked_and_comes_first(
    ann: Person,
) -> None:
    await answer(ann, "blue")
    message = await reply(ann, "/categories")
    assert "★ fits the last photo" in message["text"]
    assert labels(message)[0] == "★ blue1 · blue2 · blue3"
    assert len([label for label in labels(message) if "★" in label]) == 1


async def test_many_categories_come_in_pages(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.chat.handlers.categories.PAGE_SIZE", 3)
    message = await reply(ann, "/categories")
    assert "4 categories" in message["text"]
    assert [label[:4] for label in labels(message)[:3]] == ["blue", "dish", "gree"]
    assert labels(message)[-2:] == ["1 of 2", "Next ›"]


async def test_pages_turn_after_a_restart(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.chat.handlers.categories.PAGE_SIZE", 3)
    first = await start(colour_bundle(knowledge=True))
    message = await reply(await first.person(), "/categories")
    await first.stop()

    second = await start(colour_bundle(knowledge=True), server=first.server)
    ann = await second.person()
    turned = await edited(ann, message, "Next ›")
    assert labels(turned) == ["red1 · red2 · red3", "‹ Back", "2 of 2"]


async def test_a_category_leads_back_to_its_page(
    ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.chat.handlers.categories.PAGE_SIZE", 3)
    message = await reply(ann, "/categories")
    turned = await edited(ann, message, "Next ›")
    await edited(ann, turned, "red1")
    assert labels(await edited(ann, message, "‹ Categories")) == labels(turned)


async def test_a_category_is_not_named_by_what_is_blocked(bot: Running, ann: Person) -> None:
    async with bot.database.session() as session:
        await moderation.block(session, "green1", by=77)
    names = " ".join(labels(await reply(ann, "/categories"))).split(" · ")
    assert "green1" not in names


async def test_what_is_blocked_is_not_in_a_category(bot: Running, ann: Person) -> None:
    async with bot.database.session() as session:
        await moderation.block(session, "green1", by=77)
        await moderation.block(session, "green8", by=77)
    category = await edited(ann, await reply(ann, "/categories"), "green2 · green3")
    assert "#green9" in hashtags(category)
    assert not {"#green8", "#green1"} & set(hashtags(category))


async def test_a_hashtag_with_an_underscore_is_one_in_a_categorys_name_and_can_be_blocked(
    start: Start,
) -> None:
    bundle = colour_bundle(knowledge=True, dishes=("red_dish", "dish1", "dish2"))
    bot = await start(bundle)
    ann = await bot.person()
    assert "red_dish · dish1 · dish2" in labels(await reply(ann, "/categories"))
    async with bot.database.session() as session:
        await moderation.block(session, "red_dish", by=77)
    assert "red_dish" not in " ".join(labels(await reply(ann, "/categories")))


async def test_a_category_of_another_model_is_gone(bot: Running, ann: Person) -> None:
    message = await reply(ann, "/categories")
    bot.services.learner.engine = colour_engine(colour_bundle())
    assert "is gone" in await note(ann, message, "red1")


async def test_a_model_without_knowledge_says_so(start: Start) -> None:
    ann = await (await start(colour_bundle())).person()
    assert "does not know enough" in await reply_text(ann, "/categories")


def with_heads() -> Bundle:
    """Colours under one head, with titles; dishes under none."""
    bundle = colour_bundle(knowledge=True)
    red, green, blue, *rows = bundle.settings["knowledge"]["categories"]
    rows = [
        red | {"head": "colours", "titles": {"en": "deep red", "ru": "алые"}},
        green | {"head": "colours", "titles": {"en": "green", "ru": "зелёные"}},
        blue | {"head": "colours", "titles": {"en": "blue", "ru": "синие"}},
        *rows,
        {
            "name": "colours",
            "titles": {"en": "colours", "ru": "цвета"},
            "leaders": ["red1", "blue1"],
        },
    ]
    knowledge = Part({"categories": rows}, bundle.arrays["knowledge"])
    return bundle.with_parts({"knowledge": knowledge})


async def test_a_head_opens_to_its_hashtags_and_what_is_under_it(start: Start) -> None:
    ann = await (await start(with_heads())).person()
    top = await reply(ann, "/categories")
    assert labels(top) == ["Colours", "dish1 · dish2 · dish3"]
    head = await edited(ann, top, "Colours")
    assert head["text"].startswith("Colours") and hashtags(head) == ["#red1", "#blue1"]
    assert labels(head) == ["Copy", "Blue", "Deep red", "Green", "‹ Categories"]
    assert labels(await edited(ann, head, "‹ Categories")) == labels(top)


async def test_what_is_under_a_head_leads_back_to_it(start: Start) -> None:
    ann = await (await start(with_heads())).person()
    head = await edited(ann, await reply(ann, "/categories"), "Colours")
    category = await edited(ann, head, "Deep red")
    assert category["text"].startswith("Deep red") and hashtags(category)[0] == "#red1"
    assert labels(await edited(ann, category, "‹ Colours")) == labels(head)


async def test_a_head_is_marked_where_what_fits_is_under_it(start: Start) -> None:
    ann = await (await start(with_heads())).person()
    await answer(ann, "blue")
    top = await reply(ann, "/categories")
    assert labels(top)[0] == "★ Colours"
    assert labels(await edited(ann, top, "Colours"))[1:4] == ["★ Blue", "Deep red", "Green"]


async def test_russian_chats_browse_in_russian(start: Start) -> None:
    boris = await (await start(with_heads())).person(language="ru")
    head = await edited(boris, await reply(boris, "/categories"), "Цвета")
    assert head["text"].startswith("Цвета") and "Алые" in labels(head)
    assert (await edited(boris, head, "Алые"))["text"].startswith("Алые\nХештегов: 30 из 40")


async def test_what_is_blocked_is_no_title_and_a_category_of_nothing_else_is_not_listed(
    start: Start,
) -> None:
    bot = await start(with_heads())
    ann = await bot.person()
    async with bot.database.session() as session:
        await moderation.block(session, "deep", by=77)
        await moderation.block(session, "green", by=77)
    head = await edited(ann, await reply(ann, "/categories"), "Colours")
    assert labels(head) == ["Copy", "Blue", "red1 · red2 · red3", "‹ Categories"]


FORGED = ("head:", "head:0:0", "category:", "category:0:x", "categories:-1", "categories:a:b")


async def test_forged_taps_get_a_friendly_note(
    bot: Running, ann: Person, caplog: pytest.LogCaptureFixture
) -> None:
    message = await reply(ann, "/categories")
    keyboard = [[InlineKeyboardButton(data, callback_data=data)] for data in FORGED]
    await bot.application.bot.edit_message_text(
        "forged",
        message["chat"]["id"],
        message["message_id"],
        reply_markup=InlineKeyboardMarkup(keyboard),
    )
    await ann.wait_edit(message)
    notes = [await note(ann, message, data) for data in FORGED]
    assert all("/categories lists" in text or "too old" in text for text in notes)
    assert not caplog.records


async def test_groups_may_see_categories(bot: Running) -> None:
    group = await bot.person(**GROUP)
    assert (await reply_text(group, "/categories")).startswith("4 categories")
