"""Hashtags in Russian, in English, or both beside each other."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from recommenders import languages
from tests.bot.conversation import (
    BOB_IN_GROUP,
    GROUP,
    answer,
    answer_hashtags,
    below,
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

BOTH = ["#красный1", "#red2", "#красный3", "#red4", "#красный5", "#red6", "#красный7"]


@pytest.fixture(autouse=True)
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What Russians post for the hashtags of red photos."""
    numbers = range(1, 41)
    rows = [f"red{number},красный{number} алый{number}" for number in numbers]
    rows += [f"reddish{number},красноватый{number}" for number in numbers]
    path = tmp_path / "russian.csv"
    path.write_text("\n".join(["english,russian", *rows]), encoding="utf-8")
    monkeypatch.setattr(languages, "TABLE", path)
    cached = (languages.russian_forms, languages.meanings)
    for function in cached:
        function.cache_clear()
    yield
    for function in cached:
        function.cache_clear()


@pytest.fixture
async def boris(bot: Running) -> Person:
    return await bot.person(language="ru")


async def test_who_writes_russian_gets_three_russian_and_two_english_among_the_first_five(
    boris: Person,
) -> None:
    answered = await answer_hashtags(boris)
    assert answered[:7] == BOTH
    assert len(answered) == 10


async def test_who_writes_english_gets_english(ann: Person) -> None:
    assert await answer_hashtags(ann) == [f"#red{number}" for number in range(1, 11)]


async def test_one_hashtag_for_threads_is_russian(boris: Person) -> None:
    await reply_text(boris, "/settings threads")
    assert await answer_hashtags(boris) == ["#красный1"]


@pytest.mark.parametrize(
    ("choice", "first"),
    [("en", ["#red1", "#red2"]), ("ru", ["#красный1", "#красный2"]), ("both", BOTH[:2])],
)
async def test_a_chat_chooses_whoever_writes(ann: Person, choice: str, first: list[str]) -> None:
    await reply_text(ann, f"/settings {choice}")
    assert (await answer_hashtags(ann))[:2] == first


async def test_a_choice_is_confirmed(bot: Running, ann: Person) -> None:
    assert await reply_text(ann, "/settings ru") == (
        "From now on, the language of hashtags in this chat: Russian."
    )
    boris = await bot.person(chat=2_000, language="ru")
    assert await reply_text(boris, "/settings русский") == (
        "Теперь язык хештегов в этом чате: русский."
    )


async def test_a_language_is_chosen_by_button(ann: Person) -> None:
    message = await edited(ann, await reply(ann, "/settings"), "Language")
    assert labels(message)[:3] == ["✓ English", "Russian", "both"]
    await note(ann, message, "Russian")
    assert labels(ann.messages[message["message_id"]])[1] == "✓ Russian"


async def test_a_chat_that_chose_nothing_is_shown_what_its_person_gets(boris: Person) -> None:
    assert "Язык: оба" in await reply_text(boris, "/settings")


async def test_a_known_photo_is_answered_in_the_language_of_who_asks(bot: Running) -> None:
    ann, boris = await bot.person(**GROUP), await bot.person(**BOB_IN_GROUP | {"language": "ru"})
    photo = (await ann.send_photo(jpeg("red")))[0]
    assert hashtags(await reply(ann, "/tags", photo))[:2] == ["#red1", "#red2"]
    await boris.send_text("/tags", reply_to=photo)
    assert hashtags(await boris.wait_reply())  # Ann's
    assert hashtags(await boris.wait_reply())[:2] == BOTH[:2]
    assert bot.network.photos == 1


async def test_a_known_photo_follows_a_changed_language(bot: Running, boris: Person) -> None:
    assert (await answer_hashtags(boris))[:2] == BOTH[:2]
    await reply_text(boris, "/settings en")
    assert (await answer_hashtags(boris))[:2] == ["#red1", "#red2"]
    await reply_text(boris, "/settings both")
    assert (await answer_hashtags(boris))[:2] == BOTH[:2]
    assert bot.network.photos == 1


async def test_more_goes_on_in_the_language_of_the_answer(boris: Person) -> None:
    message = await answer(boris)
    await reply_text(boris, "/settings en")
    more = hashtags(await edited(boris, message, "Ещё"))
    assert more[:10] == hashtags(message)
    assert more[10:14] == ["#красный11", "#red12", "#красный13", "#red14"]


async def test_more_never_says_the_same_in_another_language(boris: Person) -> None:
    message = await answer(boris)
    for _ in range(2):
        message = await edited(boris, message, "Ещё")
    numbers = re.findall(r"(?:#red|#красный|#алый)(\d+)", " ".join(hashtags(message)))
    assert len(numbers) == len(set(numbers)) > 25


async def test_what_is_taken_out_comes_back_in_no_language(boris: Person) -> None:
    changed = await below(boris, await answer(boris), "✕ #красный1")
    for _ in range(2):
        shown = hashtags(changed)
        assert shown[:2] == ["#red2", "#красный3"]
        assert not {"#красный1", "#алый1", "#red1"} & set(shown)
        changed = await answer(boris)


async def test_the_other_backend_speaks_the_language_of_the_answer(boris: Person) -> None:
    other = await below(boris, await answer(boris), "w2v")
    assert hashtags(other)[:2] == ["#красноватый1", "#reddish2"]
    assert hashtags(await edited(boris, other, "als"))[:2] == BOTH[:2]


async def test_why_explains_a_russian_form_by_its_hashtag(boris: Person) -> None:
    await answer(boris)
    text = await reply_text(boris, "/why")
    assert "#красный1 #red2 #красный3 #red4 #красный5 ← есть у 3 знакомых фото" in text


async def test_what_is_blocked_in_russian_gives_way_to_another_form(
    bot: Running, boris: Person
) -> None:
    admin = await bot.person(chat=77)
    await reply_text(admin, "/block красный1")
    assert (await answer_hashtags(boris))[0] == "#алый1"


async def test_what_is_blocked_in_english_does_not_come_in_russian(
    bot: Running, boris: Person
) -> None:
    admin = await bot.person(chat=77)
    await reply_text(admin, "/block red1")
    assert not {"#red1", "#красный1", "#алый1"} & set(await answer_hashtags(boris))


async def test_a_taught_russian_hashtag_of_known_meaning_comes_where_it_was_taught(
    boris: Person,
) -> None:
    await answer(boris)
    assert "#красный30" in await reply_text(boris, "/addtags #красный30")
    assert "#красный30" in await answer_hashtags(boris, "red", 7)


async def test_a_taught_russian_word_means_what_it_meant(start: Start) -> None:
    bot = await start(colour_bundle(knowledge=True))
    boris, vera = [await bot.person(language="ru", chat=chat) for chat in (2_000, 3_000)]
    before = hashtags(await reply(vera, "красный7"))
    await answer(boris)
    assert "#красный7" in await reply_text(boris, "/addtags #красный7")
    for person in (boris, vera):
        assert hashtags(await reply(person, "красный7")) == before


async def test_russian_words_are_answered_in_russian(start: Start) -> None:
    boris = await (await start(colour_bundle(knowledge=True))).person(language="ru")
    first, second, third = hashtags(await reply(boris, "красный7"))[:3]
    assert first == "#красный7"
    assert second.startswith("#red") and third.startswith("#красный")


async def test_sizes_and_categories_of_an_answer_know_its_russian_forms(start: Start) -> None:
    boris = await (await start(colour_bundle(knowledge=True))).person(language="ru")
    await answer(boris)
    page = await edited(boris, await reply(boris, "/settings"), "Размер")
    assert "редкие: #красный1 #red4" in page["text"]
    categories = await reply(boris, "/categories")
    assert labels(categories)[0] == "★ красный1 · красный2 · красный3"
    assert hashtags(await edited(boris, categories, "красный1"))[:2] == BOTH[:2]


async def test_a_choice_holds_through_a_restart(start: Start) -> None:
    first = await start()
    await reply_text(await first.person(), "/settings ru")
    await first.stop()
    ann = await (await start()).person()
    assert (await answer_hashtags(ann))[0] == "#красный1"
