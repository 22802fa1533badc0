"""A text without a photo: hashtags for its words."""

import threading
from typing import Any

import pytest

from bot.chat.photo_lookup import UnreadablePhotoError
from recommenders import languages
from recommenders.ranking import Hashtag
from storage import moderation
from tests.bot.conversation import GROUP, answer, copied_by, hashtags, labels, reply, reply_text
from tests.bot.running import Running, Start
from tests.colours import colour_bundle
from tests.person import Person

HINT = "Send me a photo, or a few words"


@pytest.fixture
async def bot(start: Start) -> Running:
    return await start(colour_bundle(knowledge=True))


async def test_words_are_answered_with_hashtags_the_words_first(ann: Person) -> None:
    message = await reply(ann, "green7 and red3")
    assert message["text"].startswith("Best five\n#")
    assert set(hashtags(message)[:2]) == {"#green7", "#red3"}
    assert len(hashtags(message)) == 10


async def test_others_are_answered_while_hashtags_for_words_are_found(
    bot: Running, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = threading.Event()

    def slowly(*_: Any, **__: Any) -> list[Any]:
        return [] if found.wait(60) else [Hashtag("late", 1.0)]

    monkeypatch.setattr(type(bot.services.engine), "for_words", slowly)
    await ann.send_text("a long text")
    ben = await bot.person(chat=1_001)
    assert await reply_text(ben, "/help")
    found.set()
    assert hashtags(await ann.wait_reply()) == []


async def test_what_is_near_a_word_stands_behind_it(ann: Person) -> None:
    first, *others = hashtags(await reply(ann, "reddish3"))
    assert first == "#reddish3"
    assert all(tag.startswith("#reddish") for tag in others)


async def test_an_answer_names_no_cosines(ann: Person) -> None:
    assert "0." not in await reply_text(ann, "green7")


async def test_the_hashtags_are_copied_at_once(ann: Person) -> None:
    message = await reply(ann, "green7")
    assert copied_by(message, "Copy").split() == hashtags(message)[:5]
    assert "👍" not in labels(message)


async def test_words_that_are_one_hashtag_together_are_that_one(ann: Person) -> None:
    assert hashtags(await reply(ann, "red dish3"))[0] == "#reddish3"


async def test_words_may_be_marked(ann: Person) -> None:
    assert set(hashtags(await reply(ann, "#red3 #green7"))[:2]) == {"#red3", "#green7"}


@pytest.mark.parametrize(
    "text",
    [
        *("hi", "Hello!", "good morning", "привет", "???", "👍", "what is this", "never mind"),
        *("how does red1 work", "Can you see red1", "red1 and green7, right?", "как найти red1"),
        *("why red1?", "почему red1?", "что это?", "ты бот?", "это бесплатно?"),
        *("how do hashtags work for red1?", "what are hashtags?", "no idea", "без понятия"),
    ],
)
async def test_a_text_that_no_hashtag_fits_gets_a_kind_sentence(ann: Person, text: str) -> None:
    assert (await reply_text(ann, text)).startswith(HINT)


@pytest.mark.parametrize("text", ["red1?", "which red1?"])
async def test_a_short_question_is_answered_with_hashtags(ann: Person, text: str) -> None:
    assert hashtags(await reply(ann, text))[0] == "#red1"


@pytest.mark.parametrize(
    "text",
    [
        *("What hashtags for a red1?", "any ideas for a red1 photo?", "which tags fit red1"),
        *("Какие хештеги к red1?", "какие теги поставить к фото с red1?"),
    ],
)
async def test_a_question_for_hashtags_is_answered_with_them(ann: Person, text: str) -> None:
    assert hashtags(await reply(ann, text))[0] == "#red1"


@pytest.mark.parametrize("text", ["how beautiful red1 is", "как же красиво red1 здесь"])
async def test_an_exclamation_is_no_question(ann: Person, text: str) -> None:
    assert hashtags(await reply(ann, text))[0] == "#red1"


@pytest.mark.parametrize(
    "text", ["why #dog?", "this is not a #dog", "remove #dog please", "почему #собака?", "no #dog"]
)
async def test_a_reply_that_says_more_than_hashtags_teaches_none(ann: Person, text: str) -> None:
    about = await answer(ann)
    assert "Learnt" not in await reply_text(ann, text, about)


@pytest.mark.parametrize("text", ["#three, four #пять", "not #dog", "#закат над морем"])
async def test_such_a_reply_is_told_how_to_teach(ann: Person, text: str) -> None:
    about = await answer(ann)
    assert await reply_text(ann, text, about) == "To teach me, reply with hashtags only."


@pytest.mark.parametrize("text", ["#one and #two", "#one и #two.", "#one, #two & #three"])
async def test_hashtags_may_be_joined_by_and(ann: Person, text: str) -> None:
    about = await answer(ann)
    assert (await reply_text(ann, text, about)).startswith("Learnt: #one #two")


async def test_hashtags_in_reply_to_what_is_no_photo_any_more_are_told_why(
    ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_: Any) -> list[int]:
        raise UnreadablePhotoError("unreadable")

    about = await answer(ann)
    monkeypatch.setattr("bot.chat.subject.photos_of", gone)
    assert "could not open" in await reply_text(ann, "#one", about)


@pytest.mark.parametrize(
    "text",
    [
        "blah",
        "what a day",
        "good boy",
        "not perfect",
        "no red1",
        "I have no green7",
        "no  red1",
        "no pink red1 or green7",
    ],
)
async def test_words_that_name_no_hashtag_are_told_so(ann: Person, text: str) -> None:
    assert (await reply_text(ann, text)).startswith("I know no hashtags for these words.")


COMPLAINTS = [
    *(
        "this is wrong",
        "Bad hashtags!",
        "these tags don't fit",
        "They do not match",
        "it's not red1",
    ),
    *("I don’t like it", "this is not a red1", "that isn't my red1 dish3", "please remove #red1"),
    *("плохие хештеги", "Хештеги не подходят", "плохо", "мне не нравится", "это не red1"),
    *("эти теги не нравятся", "убери #red1, пожалуйста"),
]


@pytest.mark.parametrize("text", COMPLAINTS)
async def test_a_complaint_is_led_to_the_button(ann: Person, text: str) -> None:
    await answer(ann)
    assert "Tap ✎" in await reply_text(ann, text)


@pytest.mark.parametrize("text", ["wrong", "плохо", "that's not a red1"])
async def test_a_complaint_is_asked_for_other_words_where_there_is_no_such_button(
    ann: Person, text: str
) -> None:
    sorry = "Sorry! Try other words, or send a photo."
    assert await reply_text(ann, text) == sorry
    about = await answer(ann)
    await reply_text(ann, "red1")
    assert await reply_text(ann, text) == sorry
    assert "Tap ✎" in await reply_text(ann, text, about)
    await answer(ann, "blue")
    assert "Tap ✎" in await reply_text(ann, text)


@pytest.mark.parametrize(
    "text",
    [
        *("thank you so much", "thank u", "ty!", "tysm", "Cheers"),
        *("Спасибо!", "спс", "Спасиб", "пасиба"),
        *("thanks, perfect!", "Thank you very much, you are the best", "thank you, gorgeous stuff"),
        *("спасибо, отлично подошло", "большое спасибо, вы лучшие"),
        *("good bot", "love it", "perfect", "nice", "these are great!", "хороший бот", "Красиво"),
    ],
)
async def test_thanks_and_praise_are_answered(ann: Person, text: str) -> None:
    assert (await reply_text(ann, text)).startswith("You are welcome!")


async def test_thanks_behind_the_words_are_no_word(ann: Person) -> None:
    assert hashtags(await reply(ann, "green7, thanks"))[0] == "#green7"


async def test_a_greeting_before_the_words_is_no_word(ann: Person) -> None:
    assert hashtags(await reply(ann, "Hi, green7 please"))[0] == "#green7"


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_a_russian_word_is_answered_in_russian_whoever_writes(
    bot: Running, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setattr(languages, "meanings", lambda: {"закат": ("red3",)})
    monkeypatch.setattr(languages, "russian_forms", lambda: {"red3": ("закат",)})
    boris = await bot.person(language=language)
    answered = hashtags(await reply(boris, "закат"))
    assert answered[0] == "#закат"
    assert "#red4" in answered


async def test_the_answer_keeps_to_the_chats_settings(ann: Person) -> None:
    await reply_text(ann, "/settings 3")
    assert len(hashtags(await reply(ann, "green7"))) == 3


async def test_what_is_blocked_is_not_said(bot: Running, ann: Person) -> None:
    async with bot.database.session() as session:
        await moderation.block(session, "green8", by=77)
    assert "#green8" not in await reply_text(ann, "green7")


async def test_in_groups_a_plain_text_is_none_of_the_bots_business(bot: Running) -> None:
    group = await bot.person(**GROUP)
    await group.send_text("green7")
    assert "Hello!" in await reply_text(group, "/start")
    assert len(group.replies()) == 1


async def test_the_command_of_old_answers_and_says_where_it_is_not_needed(
    bot: Running, ann: Person
) -> None:
    group = await bot.person(**GROUP)
    for person in (ann, group):
        message = await reply(person, "/similar@tag4pic_bot #green7")
        assert hashtags(message)[0] == "#green7"
        note = "No need for /similar any more: just send the words."
        assert (note in message["text"]) == (person is ann)  # in a group words are not answered
