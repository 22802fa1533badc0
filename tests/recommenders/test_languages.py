"""Hashtags as they are posted in a language."""

import csv
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommenders import languages
from recommenders.answers import AnswerRequest, Rules
from recommenders.backends import LANGUAGES
from recommenders.hashtags import normalise
from recommenders.languages import in_language, meaning, meanings, russian_forms
from recommenders.ranking import Hashtag
from tests.colours import BACKBONE, colour_bundle, colour_engine, picture

POSTED = ["sunset", "sunsetlovers", "sunsets", "dog", "dogs", "beach", "coffee", "bmxtricks"]

some_hashtags = st.lists(
    st.sampled_from([*list(russian_forms())[:400], *POSTED, "ourcat", "наша_дача", "закат"]),
    unique=True,
    max_size=40,
)
some_forms = st.sets(
    st.sampled_from(sorted({form for forms in russian_forms().values() for form in forms}))
)


def hashtags(tags: Sequence[str]) -> list[Hashtag]:
    return [Hashtag(tag, 1 - place / 100) for place, tag in enumerate(tags)]


def tags_in(language: str, *tags: str, top: int = 5, skip: Sequence[str] = ()) -> list[str]:
    return [one.tag for one in in_language(hashtags(tags), language, top, skip)]


def russian(tags: Sequence[str]) -> list[str]:
    return [tag for tag in tags if any("а" <= character <= "я" for character in tag)]


@given(some_hashtags, st.sampled_from(LANGUAGES), st.integers(1, 30), some_forms)
def test_no_more_than_asked_for_none_twice_and_none_that_is_skipped(
    tags: list[str], language: str, top: int, skip: set[str]
) -> None:
    allowed = [tag for tag in tags if tag not in skip]
    answer = [one.tag for one in in_language(hashtags(allowed), language, top, skip)]
    assert len(answer) == len(set(answer)) <= top
    assert not skip.intersection(answer)


@given(some_hashtags, st.sampled_from(LANGUAGES))
def test_where_there_are_hashtags_there_is_an_answer(tags: list[str], language: str) -> None:
    assert bool(in_language(hashtags(tags), language, 5)) == bool(tags)


@given(st.lists(st.sampled_from(list(russian_forms())[:40]), unique=True, min_size=40))
def test_of_the_first_five_three_are_russian_and_two_english_of_different_meaning(
    tags: list[str],
) -> None:
    first = [one.tag for one in in_language(hashtags(tags), "both", 10)][:5]
    assert len(russian(first)) == 3
    means = [russian_forms().get(tag, (tag,))[0] for tag in first]
    assert len(set(means)) == 5


@given(some_hashtags)
def test_a_form_has_the_score_of_its_hashtag(tags: list[str]) -> None:
    scores = {tag: one.score for one in hashtags(tags) for tag in (one.tag,)}
    for one in in_language(hashtags(tags), "ru", 40):
        origins = {tag for tag in tags if one.tag in (tag, *russian_forms().get(tag, ()))}
        assert one.score in {scores[tag] for tag in origins}


def test_english_stays_as_it_is() -> None:
    assert tags_in("en", "sunset", "beach", "закат", top=3) == ["sunset", "beach", "закат"]


def test_several_hashtags_of_one_russian_form_give_it_once_and_where_few_are_left_another() -> None:
    few = ["sunset", "sunsetlovers", "dog", "dogs"]
    assert tags_in("ru", *few) == ["закат", "собака", "собаки", "люблюзакаты"]
    enough = tags_in("ru", *few, "beach", "coffee", top=10)
    assert enough == ["закат", "собака", "пляж", "кофе", "собаки"]


def test_what_moves_up_among_the_first_five_is_of_another_family() -> None:
    tags = ("sunset", "sunsetlovers", "dog", "beach", "coffee", "sunsets", "sky")
    assert tags_in("ru", *tags) == ["закат", "собака", "пляж", "кофе", "небо"]


def test_what_follows_an_answer_is_the_same_in_every_language() -> None:
    bundle = colour_bundle()
    for tag, spelling in (("red11", "sunset"), ("red12", "sunsets")):
        bundle.hashtags[bundle.hashtags.index(tag)] = spelling
    engine = colour_engine(bundle)
    features = engine.features([picture("red", 1)], [BACKBONE])

    def following(language: str) -> list[str]:
        request = AnswerRequest("als", 10, language=language)
        shown = [one.tag for one in engine.answer(features, request)]
        more = engine.answer(features, request, shown)
        return [meaning(one.tag, engine.own_hashtags) for one in more]

    assert following("ru") == following("en")


def test_what_russians_post_in_latin_stays_where_it_is() -> None:
    assert tags_in("ru", "bmxtricks", "dog") == ["bmxtricks", "собака"]


def test_what_people_taught_stays_as_it_is() -> None:
    assert tags_in("ru", "ourcat", "наша_дача", "dog") == ["ourcat", "наша_дача", "собака"]
    assert tags_in("both", "наша_дача", "dog", "beach")[:2] == ["наша_дача", "dog"]


def test_a_taught_russian_hashtag_takes_the_place_of_what_it_means() -> None:
    assert tags_in("both", "закат", "sunset", "dog", "beach", top=3) == ["закат", "dog", "пляж"]


def test_both_begins_with_the_best_in_russian() -> None:
    assert tags_in("both", "sunset", "dog", "beach", "coffee", "sky") == [
        *("закат", "dog", "пляж", "coffee", "небо")
    ]


def test_too_few_hashtags_say_nothing_twice() -> None:
    assert tags_in("both", "sunset", "dog", "beach") == ["закат", "dog", "пляж"]


def test_in_both_languages_what_shares_a_russian_form_stands_behind_in_english() -> None:
    tags = ("sunset", "sunsetlovers", "dog", "beach", "coffee", "sky")
    answer = ["закат", "dog", "пляж", "coffee", "небо", "sunsetlovers"]
    assert tags_in("both", *tags, top=10) == answer


def test_in_both_languages_too_it_gives_another_form_where_few_are_left() -> None:
    tags = ("wildflowers", "flowersofinstagram", "daisy", "macrophotography", "flowers")
    answer = ["полевыецветы", "flowersofinstagram", "ромашка", "macrophotography", "цветочки"]
    assert tags_in("both", *tags) == answer


def test_in_both_languages_english_takes_no_hashtag_that_russian_needs() -> None:
    tags = ("panda", "zoo", "bmxtricks", "wildlife", "ourcat")
    answer = ["панда", "bmxtricks", "зоопарк", "ourcat", "дикаяприрода"]
    assert tags_in("both", *tags) == answer


def test_the_first_five_are_sure_in_every_language() -> None:
    best = [Hashtag(tag, 0.9) for tag in ("sunset", "sunsetlovers", "dog", "beach", "coffee")]
    posted, rules = [*best, Hashtag("sky", 0.1)], Rules(floor=0.4)
    in_russian = in_language(posted, "ru", 10, rules=rules)
    assert [one.tag for one in in_russian] == ["закат", "собака", "пляж", "кофе", "люблюзакаты"]
    in_both = in_language(posted, "both", 10, rules=rules)
    assert [one.tag for one in in_both[:5]] == ["закат", "dog", "пляж", "coffee", "люблюзакаты"]


def test_an_unsure_hashtag_is_not_moved_up_for_its_language() -> None:
    best = [Hashtag(f"taught{number}", 0.9) for number in range(5)]
    unsure = Hashtag("dog", 0.1)
    answer = in_language([*best, unsure], "both", 10, rules=Rules(floor=0.4))
    assert answer[:5] == best


def test_where_a_form_is_skipped_the_next_one_stands() -> None:
    assert tags_in("ru", "sunset", skip=["закат"]) == ["красивыйзакат"]
    forms = russian_forms()["sunset"]
    assert tags_in("ru", "sunset", skip=forms) == ["sunset"]


@pytest.mark.parametrize(
    ("word", "english"),
    [
        *(("закат", "sunset"), ("торт", "cake"), ("лето", "summer"), ("ёжик", "hedgehog")),
        *(("офис", "office"), ("туфли", "shoes"), ("дождь", "rain"), ("зал", "gym")),
        *(("пирог", "pie"), ("черепахи", "turtles"), ("почта", "mail"), ("камни", "stones")),
    ],
)
def test_a_russian_hashtag_has_the_meaning_that_it_is_first_for(word: str, english: str) -> None:
    assert meaning(word, russian_forms()) == english


def test_a_meaning_is_one_that_is_known() -> None:
    assert meaning("закат", {"sunsetlovers", "dog"}) == "sunsetlovers"
    assert meaning("закат", {"dog"}) == "закат"
    assert meaning("закат", {"sunset", "закат"}) == "закат"
    assert meaning("наша_дача", russian_forms()) == "наша_дача"


def test_the_table_has_each_hashtag_once_in_canonical_form() -> None:
    with languages.TABLE.open(encoding="utf-8", newline="") as lines:
        english = [row["english"] for row in csv.DictReader(lines)]
    assert len(english) == len(set(english)) > 2_500
    assert all(normalise(tag) == tag for tag in [*english, *meanings()])
    assert all(len(forms) == len(set(forms)) <= 3 for forms in russian_forms().values())


def test_every_russian_form_is_written_in_russian() -> None:
    assert russian(list(meanings())) == list(meanings())
