"""/addtags: hashtags that people teach."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from recommenders.engine import Engine
from storage import StorageError, known_photos, sightings
from storage.database import Database
from tests.bot.conversation import (
    BOB_IN_GROUP,
    GROUP,
    answer,
    answer_hashtags,
    edited,
    reply,
    reply_text,
)
from tests.bot.running import Running, Start
from tests.bot.storage_failures import nothing_is_taught
from tests.bot.stored_labels import stored_labels
from tests.colours import colour_bundle, colour_engine, jpeg
from tests.person import Message, Person


async def test_right_after_a_photo_its_hashtags_are_stored_and_confirmed_by_name(
    bot: Running, ann: Person, photo: Message
) -> None:
    text = await reply_text(ann, "/addtags Кошка, café red1")
    assert text.startswith("Learnt: #кошка #café #red1")
    assert await stored_labels(bot.database, photo) == [["кошка", "café", "red1"]]


async def test_what_only_ones_own_chats_see_is_told(ann: Person, photo: Message) -> None:
    text = await reply_text(ann, "/addtags Кошка, café red1")
    # The model finds a red photo's #red1 likely by itself.
    assert text.splitlines()[1] == "For now, only in your chats: #кошка #café"
    text = await reply_text(ann, "/addtags #one #two")
    assert text == "Learnt: #one #two\nFor now, this shows only in your chats."


async def test_in_a_sentence_only_marked_words_are_taken(ann: Person, photo: Message) -> None:
    text = await reply_text(ann, "/addtags love this #sunset at the #beach!")
    assert text.startswith("Learnt: #sunset #beach\n")


async def test_a_hashtag_comes_back_as_it_was_written(ann: Person, photo: Message) -> None:
    tags = "#ήλιος #straße #น้ำตก #ㅋㅋㅋ #և"
    assert (await reply_text(ann, f"/addtags {tags} #İstanbul")).startswith(
        f"Learnt: {tags} #istanbul\n"
    )
    assert set(f"{tags} #istanbul".split()) <= set(await answer_hashtags(ann, "red"))


async def test_another_spelling_of_a_hashtag_is_the_same_one(ann: Person, photo: Message) -> None:
    await reply_text(ann, "/addtags #straße")
    assert "already: #strasse" in await reply_text(ann, "/addtags #STRASSE")


async def test_hashtags_of_a_photo_are_learnt_at_once(ann: Person, photo: Message) -> None:
    await reply_text(ann, "/addtags #кошка")
    assert "#кошка" in await answer_hashtags(ann, "red")


async def test_a_hashtag_that_the_photo_has_is_named(ann: Person, photo: Message) -> None:
    await reply_text(ann, "/addtags #red1")
    assert "already: #red1" in await reply_text(ann, "/addtags #red1")


async def test_the_button_asks_and_the_reply_is_taken(bot: Running, ann: Person) -> None:
    (photo,) = await ann.send_photo(jpeg("red"))
    await ann.press(await edited(ann, await ann.wait_reply(), "✎"), "Add tags")
    prompt = await ann.wait_reply()
    assert prompt["text"].startswith("Which hashtags fit this photo?")
    assert "Learnt: #one #two" in await reply_text(ann, "one, two", prompt)
    assert await stored_labels(bot.database, photo) == [["one", "two"]]


@pytest.mark.parametrize("text", ["#one #two", "I would say #one and #two!"])
async def test_after_the_button_the_next_hashtags_are_the_answer_without_a_reply(
    bot: Running, ann: Person, text: str
) -> None:
    (photo,) = await ann.send_photo(jpeg("red"))
    await ann.press(await edited(ann, await ann.wait_reply(), "✎"), "Add tags")
    await ann.wait_reply()
    assert "Learnt: #one #two" in await reply_text(ann, text)
    assert await stored_labels(bot.database, photo) == [["one", "two"]]


async def test_what_was_asked_is_answered_once(ann: Person) -> None:
    await ann.press(await edited(ann, await answer(ann), "✎"), "Add tags")
    await ann.wait_reply()
    await reply_text(ann, "#one")
    assert "Learnt" not in await reply_text(ann, "#two")


async def test_a_photo_closes_the_question(ann: Person) -> None:
    await asked(ann, await answer(ann))
    await answer(ann, "blue")
    assert "Learnt" not in await reply_text(ann, "#one")


async def test_addtags_closes_the_question(ann: Person) -> None:
    await asked(ann, await answer(ann))
    assert "Learnt: #one" in await reply_text(ann, "/addtags #one")
    assert "Learnt" not in await reply_text(ann, "#two")


@pytest.mark.parametrize("nothing", ["/addtags", "/addtags 😀"])
async def test_addtags_without_hashtags_leaves_the_question_open(ann: Person, nothing: str) -> None:
    await asked(ann, await answer(ann))
    assert "Learnt" not in await reply_text(ann, nothing)
    assert "Learnt: #one" in await reply_text(ann, "#one")


async def test_hashtags_in_reply_to_something_else_leave_the_question_open(ann: Person) -> None:
    help_message = await reply(ann, "/help")
    await asked(ann, await answer(ann))
    assert "Learnt" not in await reply_text(ann, "#one", help_message)
    assert "Learnt: #two" in await reply_text(ann, "#two")


async def test_a_reply_to_the_question_closes_it(ann: Person) -> None:
    prompt = await asked(ann, await answer(ann))
    assert "Learnt: #one" in await reply_text(ann, "#one", prompt)
    assert "Learnt" not in await reply_text(ann, "#two")


THANKED = ["no, thanks", "thanks but no", "Cheers, not now", "Спасибо!", "Спасибо большое, не хочу"]
DECLINED = [
    *("No.", "no, filter", "cancel", "stop", "I don’t know", "nothing"),
    *("none", "nah", "skip", "later", "no idea"),
    *("no way", "Never mind", "forget it", "sorry, not now", "I don't want any", "maybe later"),
    *("не надо", "не хочу", "Не нужно", "не-а", "ничего", "никакие"),
    *("ни одного", "Отмена", "отменить"),
    *(
        "без понятия",
        "понятия не имею",
        "пропустить",
        "потом",
        "забудь",
        "да нет",
        "я не знаю",
        "лучше потом",
    ),
]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        *((thanks, "You are welcome!") for thanks in THANKED),
        *((no, "nothing is added") for no in DECLINED),
    ],
)
async def test_a_reply_that_declines_teaches_nothing_and_closes_the_question(
    ann: Person, text: str, says: str
) -> None:
    prompt = await asked(ann, await answer(ann))
    assert says in await reply_text(ann, text, prompt)
    assert "Learnt" not in await reply_text(ann, "#two")
    assert "Learnt: #stop" in await reply_text(ann, "no, #stop", prompt)


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        *((word, f"#{word}") for word in ("cool", "nice", "test", "bot", "yes", "да", "hello")),
        *((word, f"#{word}") for word in ("nofilter", "no_filter", "небо", "отменный", "северное")),
        ("nofilter sunset", "#nofilter #sunset"),
        ("No filter, sunset", "#nofilter #sunset"),
        ("no make-up", "#nomakeup"),
        ("no make up no edits", "#nomakeup #noedits"),
        ("без фильтров, закат", "#безфильтров #закат"),
        ("Без  макияжа", "#безмакияжа"),
        ("cat, dot, notebook, нетбук", "#cat #dot #notebook #нетбук"),
        ("thanks, sunset", "#thanks #sunset"),
        ("спасибо большое " * 40 + "закат", "#спасибо #большое #закат"),
        ("I think it’s a garden.", "#garden\n"),
        ("это моя собака Рекс!", "#собака #рекс\n"),
    ],
)
async def test_a_reply_of_other_words_teaches_them(ann: Person, text: str, tags: str) -> None:
    prompt = await asked(ann, await answer(ann))
    assert f"Learnt: {tags}" in await reply_text(ann, text, prompt)


@pytest.mark.parametrize("text", ["it is", "Это мы", "isn't it", "what is a hashtag?", "кто тут?"])
async def test_a_reply_without_a_word_for_anything_is_asked_again(ann: Person, text: str) -> None:
    prompt = await asked(ann, await answer(ann))
    assert "Which hashtags fit" in await reply_text(ann, text, prompt)
    assert "Learnt: #one" in await reply_text(ann, "#one")


@pytest.mark.parametrize(
    "text", ["cancel", "Отмена", "no, never mind", "no idea", "без понятия", "понятия не имею"]
)
async def test_to_cancel_needs_no_reply(ann: Person, text: str) -> None:
    await asked(ann, await answer(ann))
    assert "nothing is added" in await reply_text(ann, text)
    assert "Learnt" not in await reply_text(ann, "#one")
    assert "nothing is added" not in await reply_text(ann, text)


async def test_marked_hashtags_in_reply_to_an_answer_are_taught(
    bot: Running, ann: Person, photo: Message
) -> None:
    about_red = await answer(ann)
    await answer(ann, "blue")
    assert "Learnt: #one #two" in await reply_text(ann, "#one ﹟two", about_red)
    assert "Learnt" not in await reply_text(ann, "#three")
    assert await stored_labels(bot.database, photo) == [["one", "two"]]


async def test_a_question_of_long_ago_is_answered_only_by_a_reply(
    ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.chat.questions.OPEN_FOR", 0.0)
    prompt = await asked(ann, await answer(ann))
    assert "Learnt" not in await reply_text(ann, "#one")
    assert "Learnt: #one" in await reply_text(ann, "#one", prompt)


@pytest.mark.parametrize("words", ["/addtags #one", "#one"])
@pytest.mark.parametrize("replies", [False, True])
async def test_after_the_button_hashtags_are_for_its_photo_unless_they_reply_to_another(
    bot: Running, ann: Person, words: str, replies: bool
) -> None:
    (red,) = await ann.send_photo(jpeg("red"))
    about_red = await ann.wait_reply()
    (blue,) = await ann.send_photo(jpeg("blue"))
    await ann.wait_reply()
    await asked(ann, about_red)
    await reply_text(ann, words, blue if replies else None)
    assert await stored_labels(bot.database, blue if replies else red) == [["one"]]
    assert await stored_labels(bot.database, red if replies else blue) == [[]]


async def asked(ann: Person, message: Message) -> Message:
    """Presses "Add tags" under an answer; returns the question."""
    await ann.press(await edited(ann, message, "✎"), "Add tags")
    return await ann.wait_reply()


async def test_words_without_a_hashtag_leave_the_question_open(ann: Person) -> None:
    await ann.press(await edited(ann, await answer(ann), "✎"), "Add tags")
    await ann.wait_reply()
    assert "Learnt" not in await reply_text(ann, "wait a moment")
    assert "Learnt: #one" in await reply_text(ann, "#one")


async def test_an_answer_that_cannot_be_stored_leaves_the_question_open(
    ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asked(ann, await answer(ann))
    with nothing_is_taught(monkeypatch):
        assert "cannot save anything" in await reply_text(ann, "#one")
    assert "Learnt: #one" in await reply_text(ann, "#one")


async def test_in_a_group_hashtags_that_are_no_reply_answer_nothing(bot: Running) -> None:
    ann = await bot.person(**GROUP)
    await ann.send_photo(jpeg("red"), caption="/tags")
    await ann.press(await edited(ann, await ann.wait_reply(), "✎"), "Add tags")
    prompt = await ann.wait_reply()
    await ann.send_text("#one")
    assert "Learnt: #two" in await reply_text(ann, "#two", prompt)


async def test_a_reply_to_anything_else_is_not_taken_for_hashtags(ann: Person) -> None:
    assert "You are welcome!" in await reply_text(ann, "nice", await answer(ann))


async def test_in_a_group_the_button_asks_the_one_who_tapped(bot: Running) -> None:
    ann, boris = await bot.person(**GROUP), await bot.person(**BOB_IN_GROUP | {"language": "ru"})
    await ann.send_photo(jpeg("red"), caption="/tags")
    opened = await edited(boris, await boris.wait_reply(), "✎")
    await boris.press(opened, "Добавить теги")
    prompt = await boris.wait_reply()
    assert prompt["text"].startswith("Bob\nКакие хештеги")
    assert "Запомнил: #один" in await reply_text(boris, "#один", prompt)


async def test_once_something_is_taught_no_photo_repeats_its_earlier_answer(
    bot: Running, ann: Person
) -> None:
    for seed in (1, 2):
        assert len(await answer_hashtags(ann, "red", seed)) == 10
    await reply_text(ann, "/addtags #one")
    bot.services.learner.engine = colour_engine(colour_bundle(per_colour=2), bot.network)
    for seed in (1, 2):
        assert "#green1" in await answer_hashtags(ann, "red", seed)
    assert bot.network.photos == 2


async def test_without_a_photo_it_asks_for_which(ann: Person) -> None:
    assert "For which photo?" in await reply_text(ann, "/addtags #one")


@pytest.mark.parametrize("nothing", ["", " \u200b\u200f ,,"])
async def test_without_hashtags_it_asks_for_some(ann: Person, photo: Message, nothing: str) -> None:
    assert "Which hashtags fit" in await reply_text(ann, f"/addtags{nothing}")


async def test_what_is_no_hashtag_is_named_and_the_rest_taken(ann: Person, photo: Message) -> None:
    text = "/addtags <b>bold</b> 😀😀 '); DROP TABLE labels;-- ok " + "x" * 300
    confirmation = await reply_text(ann, text)
    assert "#ok" in confirmation.splitlines()[0]
    assert "#drop" in confirmation
    assert "Not hashtags: <b>bold</b> 😀😀" in confirmation
    assert "x" * 30 + "…" in confirmation


async def test_of_two_hundred_hashtags_thirty_are_taken_and_the_rest_is_named(
    ann: Person, photo: Message
) -> None:
    many = " ".join(f"#{'long' * 3}{number}" for number in range(200))
    first, *rest = (await reply_text(ann, f"/addtags {many}", photo)).splitlines()
    assert len(first.removeprefix("Learnt: ").split()) == 30
    assert any("I take up to 30 at a time" in line and "…" in line for line in rest)


async def test_what_is_over_the_daily_limit_is_named(start: Start) -> None:
    ann = await (await start(tags_per_day=3)).person()
    await answer(ann)
    confirmation = await reply_text(ann, "/addtags #one #two #three #four")
    assert "Learnt: #one #two #three" in confirmation
    assert "3 a day. Left out: #four" in confirmation


async def test_blocked_words_are_not_taken(bot: Running, ann: Person, photo: Message) -> None:
    admin = await bot.person(chat=77)
    assert await reply_text(admin, "/block Spam bad*") == "Blocked: spam, bad*"
    confirmation = await reply_text(ann, "/addtags #spam #badly #one")
    assert "Learnt: #one" in confirmation.splitlines()
    assert "Not welcome here: #spam #badly" in confirmation


async def test_the_words_that_ship_are_not_taken(ann: Person, photo: Message) -> None:
    confirmation = await reply_text(ann, "/addtags #fuck #сука #p0rn #страховка #grape")
    assert "Learnt: #страховка #grape" in confirmation.splitlines()
    assert "Not welcome here: #fuck #сука #p0rn" in confirmation


async def test_hashtags_that_two_people_teach_at_once_are_all_stored(bot: Running) -> None:
    ann, bob = await bot.person(**GROUP), await bot.person(**BOB_IN_GROUP)
    (photo,) = await ann.send_photo(jpeg("blue"))
    await ann.send_text("/addtags #sky", reply_to=photo)
    await bob.send_text("/addtags #sky #sea", reply_to=photo)
    for _ in range(2):
        await ann.wait_reply()
    assert await stored_labels(bot.database, photo) == [["sky", "sea"]]


async def test_a_photo_that_two_people_teach_at_once_is_stored_once(bot: Running) -> None:
    ann, bob = await bot.person(**GROUP), await bot.person(**BOB_IN_GROUP)
    (photo,) = await ann.send_photo(jpeg("blue"))
    await ann.send_text("/addtags #sky", reply_to=photo)
    await bob.send_text("/addtags #sea", reply_to=photo)
    for _ in range(2):
        await ann.wait_reply()
    async with bot.database.reading() as session:
        (photo_id,) = await sightings.of_message(session, -500, photo["message_id"])
        assert await known_photos.features(session, photo_id)


async def test_what_fails_to_be_learnt_is_confirmed_all_the_same_since_it_is_stored(
    bot: Running, ann: Person, photo: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engine, "learn", None)
    assert "Learnt: #one" in await reply_text(ann, "/addtags #one")
    assert await stored_labels(bot.database, photo) == [["one"]]


async def test_on_a_full_disk_nothing_is_confirmed(
    bot: Running, ann: Person, photo: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_session = Database.session

    @asynccontextmanager
    async def full(database: Database, **how: Any) -> AsyncIterator[AsyncSession]:
        async with open_session(database, **how) as session:
            yield session
            raise StorageError("The disk that holds the database is full.")

    with monkeypatch.context() as broken:
        broken.setattr(Database, "session", full)
        assert "cannot save anything" in await reply_text(ann, "/addtags #one")
    assert await stored_labels(bot.database, photo) == [[]]
    assert "Learnt: #one" in await reply_text(ann, "/addtags #one")
