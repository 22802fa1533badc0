"""Words beside a photo: which hashtags they name, and what they speak for."""

import numpy as np
import pytest

from recommenders.arrays import unit
from recommenders.fusion import raised
from recommenders.hashtags import normalise
from recommenders.words import Words, WordsGain

HASHTAGS = ["bird", "birds", "goldenretriever", "dog", "hotdog", "sunset", "sea", "beach", "puppy"]

# A place for each: birds together, the dog between puppy and retriever, the hot dog elsewhere.
DIRECTIONS = unit(
    np.array(
        [
            *([1, 0, 0, 0], [1, 0.2, 0, 0], [0, 1, 0.2, 0], [0, 1, 0, 0], [0, 0, 0, 1]),
            *([0, 0, 1, 0], [0, 0, 0.4, 0.9], [0, 0, 0.8, 0.5], [0, 1, 0.3, 0]),
        ],
        np.float32,
    )
)


@pytest.fixture
def words() -> Words:
    return Words(list(HASHTAGS), DIRECTIONS)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("my lovely bird", ["bird"]),
        ("Birds, birds!", ["birds"]),
        ("two beaches", ["beach"]),
        ("#sunset #dog", ["sunset", "dog"]),
        ("Golden  Retriever in the park", ["goldenretriever"]),
        ("golden\nretriever", ["goldenretriever"]),
        ("a hot dog", ["hotdog"]),
        ("закат", ["sunset"]),
        ("на закате у моря", ["sunset", "sea"]),
        ("гуляли с собакой", ["dog"]),
        ("Закаты!", ["sunset"]),
        ("no dogs, not a bird at sunset", ["sunset"]),
        ("without puppies at the beach", ["beach"]),
        ("не с собакой, без птиц, на закате", ["sunset"]),
        ("not at the beach, without my dog, no more birds", []),
        ("не на пляже, без моей собаки и без всяких птиц, нет собак", []),
        ("нет ни собак, ни птиц, только закат", ["sunset"]),
        ("нет ни собак ни птиц, нет у меня собаки, ни одной птицы", []),
        ("no golden retriever or any puppy at sunset", ["sunset"]),
        ("not only dogs", ["dog"]),
        ("no black dog, no big wild birds at sunset", ["sunset"]),
        ("не белая собака, без чёрной собаки, нет диких птиц", []),
        ("no birds and a dog, no rain and sunset", ["dog", "sunset"]),
        ("не на пляже и не с собакой, нет дождя и закат", ["sunset"]),
        ("нет ничего прекраснее заката, не менее красивый закат", ["sunset"]),
        ("не самая верная собака, не рисую закат", ["dog", "sunset"]),
        ("neither a dog nor a bird, no big or wild birds", []),
        ("no dogs or no birds", []),
        ("no dog and a bird", ["bird"]),
        ("без собаки и с птицей", ["birds"]),
        ("no people just a beach", ["beach"]),
        ("no people, just the beach", ["beach"]),
        ("not only the beach but the sea", ["beach", "sea"]),
        ("не только пляж и море, не самый лучший закат", ["beach", "sea", "sunset"]),
        ("not the best sunset, a dog with no collar runs on a beach", ["sunset", "dog", "beach"]),
        ("no golden retriever and no", []),
        ("Why not? #sunset", ["sunset"]),
        ("Почему бы и не #закат", ["sunset"]),
        ("no #dog", ["dog"]),
        ("#no dog", ["dog"]),
        ("Ready or not: beach", ["beach"]),
        ("Why not? Beach!", ["beach"]),
        ("Почему бы и нет — закат", ["sunset"]),
        ("Why not\nsunset", ["sunset"]),
        ("golden (retriever)", ["goldenretriever"]),
        ("no dog or", []),
        ("not the", []),
        ("so happy today, what a lovely day", []),
        ("как хорошо сегодня", []),
        ("https://example.org/dog @beach /dog", []),
        ("12 34 ❤️", []),
        ("", []),
    ],
)
def test_words_name_hashtags(words: Words, text: str, named: list[str]) -> None:
    assert list(words.named(text)) == named


@pytest.mark.parametrize(
    ("word", "named"),
    [
        *(("part", None), ("potter", None), ("arm", None), ("smooth", None), ("hoods", None)),
        *(("parties", "party"), ("party", "party"), ("cookie", "cookies"), ("armies", "army")),
        *(("rainy", "rain"), ("hoodies", "hoodie"), ("dresses", "dress"), ("boxes", "box")),
        *(("battery", None), ("cares", None), ("tomatoes", "tomato"), ("branch", "branches")),
    ],
)
def test_number_alone_makes_no_other_word(word: str, named: str | None) -> None:
    tags = (
        "party pottery army smoothie hoodie cook cookies rain dress box batter cars tomato branches"
    )
    words = Words(tags.split(), np.eye(len(tags.split()), dtype=np.float32))
    assert words.named(f"my {word}!") == ((named,) if named else ())


def test_girl_does_not_name_boy() -> None:
    words = Words(["girl", "boy"], np.eye(2, dtype=np.float32))
    assert words.nearness(["girl"]).tolist() == [1, 0]


def test_a_long_text_names_no_more_than_its_first_ones(words: Words) -> None:
    assert len(words.named("bird dog sunset sea beach puppy " * 100)) == 6


def test_a_named_hashtag_and_its_plural_are_nearest(words: Words) -> None:
    nearness = words.nearness(["bird"])
    assert nearness[HASHTAGS.index("bird")] == nearness[HASHTAGS.index("birds")] == 1
    assert nearness[HASHTAGS.index("dog")] < 0.5


def test_a_hashtag_is_as_near_as_to_the_nearest_of_several(words: Words) -> None:
    both, one = words.nearness(["puppy", "sea"]), words.nearness(["puppy"])
    assert both[HASHTAGS.index("dog")] == one[HASHTAGS.index("dog")] > 0.9
    assert both[HASHTAGS.index("sea")] == 1


def test_no_words_speak_for_nothing(words: Words) -> None:
    assert not words.nearness(()).any()
    assert not words.alike(()).any()


def test_a_hashtag_that_was_taught_since_is_named(words: Words) -> None:
    growing = list(HASHTAGS)
    words = Words(growing, DIRECTIONS)
    growing.append("rex")
    assert words.named("Rex and his dog") == ("rex", "dog")
    assert words.nearness(["rex"])[-1] == 1


@pytest.mark.parametrize("text", ["सूर्यास्त", "พระอาทิตย์", "שָׁלוֹם", "cafe\u0301"])
def test_a_word_with_marks_is_one_word(text: str) -> None:
    growing = list(HASHTAGS)
    words = Words(growing, DIRECTIONS)
    growing.append(normalise(text))
    assert words.named(f"{text}! ❤️, dog") == (growing[-1], "dog")


@pytest.mark.parametrize("tag", ["paral·lel", "our_dog"])
def test_a_taught_hashtag_is_named_with_what_joins_its_words(tag: str) -> None:
    words = Words([*HASHTAGS, tag], DIRECTIONS)
    assert words.named(f"#{tag.title()}, #sunset_dog") == (tag, "sunset", "dog")
    assert words.named(tag, lambda column: column < len(HASHTAGS)) == (
        ("dog",) if "dog" in tag else ()
    )


@pytest.mark.parametrize("text", ["ёлка", "Елка", "STRASSE", "straße", "θάλασσας"])
def test_a_taught_hashtag_is_named_in_any_spelling(text: str) -> None:
    growing = list(HASHTAGS)
    words = Words(growing, DIRECTIONS)
    growing.append({"ё": "ёлка", "е": "ёлка", "s": "strasse", "θ": "θάλασσασ"}[text[0].lower()])
    assert words.named(text) == (growing[-1],)
    assert words.nearness(words.named(text))[-1] == 1
    growing[-1] = ""
    words.forget([len(growing) - 1])
    assert words.named(text) == ()


def test_of_two_spellings_of_one_word_the_one_that_the_asker_sees_is_named() -> None:
    growing = list(HASHTAGS)
    words = Words(growing, DIRECTIONS)
    growing += ["ёлка", "елка"]
    other = len(HASHTAGS) + 1
    assert words.named("елка") == ("ёлка",)
    assert words.named("ёлка", lambda column: column == other) == ("елка",)
    words.forget([len(HASHTAGS)])
    assert words.named("ёлка") == ("елка",)


def test_what_was_taught_to_others_names_nothing_and_hides_nothing() -> None:
    growing = list(HASHTAGS)
    words = Words(growing, DIRECTIONS)
    growing += ["закат", "sunsetsea", "puppies"]

    def own(column: int) -> bool:
        return column < len(HASHTAGS)

    assert words.named("закат", own) == ("sunset",)
    assert words.named("sunset sea", own) == ("sunset", "sea")
    assert not words.nearness(["puppy"], own)[len(HASHTAGS) :].any()


def test_what_was_taught_hides_nothing_of_what_its_words_say_anyhow() -> None:
    growing = list(HASHTAGS)
    words = Words(growing, DIRECTIONS)
    growing += ["закат", "sunsetsea"]
    assert words.named("закат") == ("закат", "sunset")
    assert words.named("sunset sea") == ("sunsetsea", "sunset", "sea")


def test_words_speak_for_what_they_name_most_and_against_nothing() -> None:
    named, near, far, nothing = WordsGain().of(np.array([1, 0.85, 0.6, 0.3], np.float32))
    assert named > near > far > nothing == 0


def test_what_words_say_is_added_to_the_log_odds() -> None:
    scores = raised(np.array([[0.5, 0.5, 0]], np.float32), np.array([[2, 0, 2]], np.float32))
    assert scores[0] == pytest.approx([0.8808, 0.5, 0], abs=1e-4)
