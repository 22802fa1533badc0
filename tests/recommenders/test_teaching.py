"""Whom lessons are for: an engine answers a chat by what everybody and that chat were taught."""

from collections.abc import Collection, Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommenders.als_fit import solve, solve_few
from recommenders.answers import AnswerRequest
from recommenders.engine import Engine, Lesson
from recommenders.words import Sees, Words
from tests.colours import BACKBONE, colour_engine, picture

ANN, BOB = 1, 2
Features = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def features() -> dict[str, Features]:
    """Of a red photo, a blue one, and the red one cropped."""
    engine = colour_engine()
    red = picture("red", 1)
    photos = {"red": red, "blue": picture("blue", 2), "crop": red.crop((10, 8, 310, 233))}
    return {name: engine.features([photo], [BACKBONE]) for name, photo in photos.items()}


def lesson(features: Features) -> dict[str, np.ndarray]:
    return {name: rows[0] for name, rows in features.items()}


def tags(
    engine: Engine, features: Features, audience: int | None = None, top: int = 10
) -> list[str]:
    backend = engine.default_backend
    request = AnswerRequest(backend, top, audience=audience)
    return [one.tag for one in engine.answer(features, request)]


def taught(engine: Engine, features: Features, **lessons: Iterable[str]) -> Engine:
    chats = {"ann": ANN, "bob": BOB, "everybody": None}
    engine.learn({1: (lesson(features), {chats[who]: list(of) for who, of in lessons.items()})})
    return engine


@pytest.mark.parametrize("photo", ["red", "crop"])
def test_what_a_chat_taught_answers_that_chat_alone(
    features: dict[str, Features], photo: str
) -> None:
    engine = taught(colour_engine(), features["red"], ann=["ourcat", "blue1"])
    assert {"ourcat", "blue1"} <= set(tags(engine, features[photo], ANN))
    for other in (BOB, None):
        assert tags(engine, features[photo], other) == tags(colour_engine(), features[photo])


def test_an_album_with_captions_is_scored_while_new_hashtags_are_taught(
    features: dict[str, Features], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, nearness = colour_engine(), Words.nearness

    def taught_meanwhile(words: Words, named: Collection[str], sees: Sees) -> np.ndarray:
        near = nearness(words, named, sees)
        photo = len(engine.taught_photos())
        engine.learn({photo: (lesson(features["red"]), {None: [f"new{photo}x"]})})
        return near

    album = {name: np.repeat(rows, 3, axis=0) for name, rows in features["blue"].items()}
    captions = [["blue1"], ["blue2"], ["blue1"]]
    expected = engine.scores(album, "both", words=captions)
    monkeypatch.setattr(Words, "nearness", taught_meanwhile)
    np.testing.assert_array_equal(engine.scores(album, "both", words=captions), expected)


def test_what_everybody_was_taught_answers_all(features: dict[str, Features]) -> None:
    engine = taught(colour_engine(), features["red"], everybody=["ourcat"])
    for who in (ANN, BOB, None):
        assert "ourcat" in tags(engine, features["crop"], who)


def test_a_chat_is_answered_by_everybodys_lesson_and_its_own(
    features: dict[str, Features],
) -> None:
    engine = taught(colour_engine(), features["red"], everybody=["ourcat"], ann=["sofa"])
    assert {"ourcat", "sofa"} <= set(tags(engine, features["red"], ANN))
    assert "sofa" not in tags(engine, features["red"], BOB)


def test_a_lesson_is_replaced_and_forgotten_without_the_features(
    features: dict[str, Features],
) -> None:
    engine = taught(colour_engine(), features["red"], ann=["ourcat", "sofa"])
    engine.learn({1: ({}, {ANN: ["sofa"]})})
    assert "ourcat" not in tags(engine, features["red"], ANN)
    assert "sofa" in tags(engine, features["red"], ANN)
    engine.learn({1: ({}, {})})
    assert tags(engine, features["red"], ANN) == tags(colour_engine(), features["red"])


def test_what_is_forgotten_is_not_learnt_again_without_the_features(
    features: dict[str, Features],
) -> None:
    engine = taught(colour_engine(), features["red"], ann=["ourcat"])
    engine.learn({1: ({}, {})})
    engine.learn({1: ({}, {ANN: ["ourcat"]})})
    assert tags(engine, features["red"], ANN) == tags(colour_engine(), features["red"])


@pytest.mark.parametrize("damage", [np.nan, np.inf])
def test_features_that_are_no_numbers_teach_nothing(
    features: dict[str, Features], damage: float
) -> None:
    engine = taught(colour_engine(), features["red"], everybody=["ourcat"])
    before = tags(engine, features["crop"])
    damaged = {name: row + np.float32(damage) for name, row in lesson(features["red"]).items()}
    engine.learn({2: (damaged, {None: ["ourdog"]})})
    assert tags(engine, features["crop"]) == before
    assert engine.taught_photos() == {1}
    assert np.isfinite(engine.scores(features["crop"], "als")).all()


def test_a_hashtag_that_nobody_teaches_any_more_leaves_the_vocabulary_and_may_come_back(
    features: dict[str, Features],
) -> None:
    engine = taught(colour_engine(), features["red"], ann=["ourcat"], bob=["ourcat", "blue1"])
    engine.learn({1: ({}, {ANN: ["ourcat"]})})
    assert engine.words_in("our cat", ANN) == ("ourcat",)
    engine.learn({1: ({}, {})})
    assert "ourcat" not in engine.hashtags
    assert engine.words_in("ourcat", ANN) == ()
    assert "blue1" in engine.hashtags
    again = taught(engine, features["red"], bob=["ourcat"])
    assert again.words_in("ourcat", BOB) == ("ourcat",)
    assert "ourcat" in tags(again, features["red"], BOB)
    assert "ourcat" not in tags(again, features["red"], ANN)
    assert len(set(again.hashtags)) == len(again.hashtags)  # an empty one stands in its old place


def test_what_becomes_everybodys_is_no_longer_one_chats(features: dict[str, Features]) -> None:
    engine = taught(colour_engine(), features["red"], ann=["ourcat"])
    engine.learn({1: ({}, {None: ["ourcat"]})})
    assert "ourcat" in tags(engine, features["red"], BOB)
    engine.learn({1: ({}, {ANN: ["ourcat"]})})
    assert "ourcat" not in tags(engine, features["red"], BOB)


def test_learning_one_by_one_is_learning_all_at_once(features: dict[str, Features]) -> None:
    lessons: dict[int, Lesson] = {
        1: (lesson(features["red"]), {None: ["ourcat", "red3"], ANN: ["sofa"]}),
        2: (lesson(features["blue"]), {None: ["ourcat"], BOB: ["sea"]}),
        3: (lesson(features["crop"]), {ANN: ["ourcat", "sofa"]}),
    }
    at_once, one_by_one = colour_engine(), colour_engine()
    at_once.learn(dict(lessons))
    one_by_one.learn({3: (lesson(features["blue"]), {None: ["mistake"], BOB: ["mistake"]})})
    for key, one in lessons.items():
        one_by_one.learn({key: one})
    for who in (None, ANN, BOB):
        for photo in features.values():
            assert tags(one_by_one, photo, who) == tags(at_once, photo, who)


def test_reasons_name_only_photos_of_ones_own_and_everybodys(
    features: dict[str, Features],
) -> None:
    engine = taught(colour_engine(), features["red"], ann=["ourcat", "sofa"])
    for who, seen in ((ANN, True), (BOB, False), (None, False)):
        (reason,) = engine.explain(features["red"], "als", ["ourcat"], audience=who)
        assert any("sofa" in known.hashtags for known in reason.nearest) == seen


def test_what_a_chat_taught_is_shown_to_it_as_it_wrote_it(features: dict[str, Features]) -> None:
    engine = taught(colour_engine(), features["red"], ann=["straße"], bob=["strasse"])
    assert "straße" in tags(engine, features["red"], ANN)
    assert "strasse" in tags(engine, features["red"], BOB)


def test_a_text_names_what_its_chat_taught_as_the_chat_wrote_it(
    features: dict[str, Features],
) -> None:
    engine = taught(colour_engine(), features["red"], ann=["straße"])
    (hashtag, *_) = engine.for_words("Straße", audience=ANN)
    assert hashtag.tag == "straße"
    for tag in ("straße", "strasse"):
        assert engine.for_words("Straße", audience=ANN, skip={tag}) == []
    assert engine.for_words("Straße", audience=BOB) == []


def test_everybody_is_shown_the_spelling_that_is_used_most(features: dict[str, Features]) -> None:
    engine = colour_engine()
    for key, spelling in enumerate(["strasse", "straße", "straße"]):
        engine.learn({key: (lesson(features["red"]), {None: [spelling]})})
    assert "straße" in tags(engine, features["red"], ANN)


def test_what_must_not_appear_does_not_in_any_spelling(features: dict[str, Features]) -> None:
    engine = taught(colour_engine(), features["red"], everybody=["straße", "red1"])
    answer = engine.answer(
        features["red"], AnswerRequest("als", skip=["STRASSE".casefold(), "red1"])
    )
    assert {"straße", "red1"}.isdisjoint(one.tag for one in answer)


def test_a_hashtag_is_likely_where_the_model_says_so_untaught(
    features: dict[str, Features],
) -> None:
    engine = taught(colour_engine(), features["red"], everybody=["blue1", "ourcat"])
    photo = lesson(features["red"])
    assert engine.likely(photo, ["red1", "RED1".casefold(), "blue1", "ourcat", "unheardof"]) == {
        "red1"
    }


def test_without_features_nothing_is_likely() -> None:
    assert colour_engine().likely({}, ["red1"]) == set()


def test_only_who_taught_a_new_hashtag_names_it_in_words(features: dict[str, Features]) -> None:
    engine = taught(colour_engine(), features["red"], ann=["ourcat", "red1"])
    assert engine.words_in("ourcat", ANN) == ("ourcat",)
    assert engine.words_in("ourcat", BOB) == ()


@given(seed=st.integers(0, 2**32), photos=st.integers(0, 6), hashtags=st.integers(1, 12))
def test_photos_of_few_hashtags_solved_at_once_are_those_solved_one_by_one(
    seed: int, photos: int, hashtags: int
) -> None:
    draw = np.random.default_rng(seed)
    factors = draw.standard_normal((40, 16), dtype=np.float32)
    rows = draw.permuted(np.tile(np.arange(40), (photos, 1)), axis=1)[:, :hashtags]
    gram = factors.T @ factors
    inverse = np.linalg.inv(gram.astype(np.float64) + 0.1 * np.eye(16))
    one_by_one = [solve(factors, gram, row, 10.0, 0.1) for row in rows]
    at_once = solve_few(factors, inverse, rows, 10.0)
    assert at_once.shape == (photos, 16)
    np.testing.assert_allclose(at_once, np.reshape(one_by_one, (-1, 16)), atol=2e-3)
