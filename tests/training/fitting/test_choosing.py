"""Choosing on held-out photos."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recommenders.ranking import adjusted
from tests.shapes import write_posts
from training.datasets.format import Post
from training.evaluation.metrics import top_columns
from training.features.examples import Examples
from training.fitting.choosing import (
    HeldOut,
    Scored,
    choose_backend,
    choose_blend,
    choose_exponent,
    validation_rows,
)
from training.fitting.plan import Plan
from training.fitting.splits import posts_of

CHOOSING = Plan().choosing


def test_held_out_photos_are_never_fitted_on_and_never_too_many() -> None:
    for total in (2, 3, 10, 57, 80_000):
        fit_on, held_out = validation_rows([Post(("one",))] * total, Plan(seed=3))
        assert sorted([*fit_on, *held_out]) == list(range(total))
        assert 1 <= len(held_out) <= Plan().choosing.most and len(fit_on)


def test_a_dataset_that_names_a_validation_split_is_chosen_by_it(tmp_path: Path) -> None:
    splits = ["validation" if number % 5 == 2 else "train" for number in range(20)] + ["test"] * 4
    rows = [{"hashtags": [f"of{number}"], "split": s} for number, s in enumerate(splits)]
    posts = posts_of(write_posts(tmp_path, rows), "train")
    assert len(posts) == 20
    _, held_out = validation_rows(posts, Plan(validation=0.5, seed=3))
    assert [posts[row].hashtags for row in held_out] == [("of2",), ("of7",), ("of12",), ("of17",)]
    assert len(posts_of(tmp_path, "validation")) == 4


def test_the_pictures_of_an_album_are_held_out_or_fitted_on_together() -> None:
    posts = [Post(("sea",), album=f"album {row // 3}" if row % 7 else None) for row in range(300)]
    for seed in range(5):
        fit_on, held_out = validation_rows(posts, Plan(seed=seed))
        assert 28 <= len(held_out) <= 30 and len(fit_on) + len(held_out) == 300
        assert not {posts[row].album for row in fit_on} & {posts[row].album for row in held_out} - {
            None
        }


def test_posts_without_albums_are_drawn_as_they_always_were() -> None:
    _, held_out = validation_rows([Post(("one",))] * 30, Plan(seed=3))
    assert sorted(np.random.default_rng(3).permutation(30)[:3]) == list(held_out)


def test_of_a_validation_split_of_albums_no_other_posts_are_held_out() -> None:
    named = [Post(("sea",), split="validation", album=f"album {row // 8}") for row in range(40)]
    choosing = replace(CHOOSING, most=12)
    _, held_out = validation_rows([Post(("sun",))] * 30 + named, Plan(choosing=choosing))
    assert len(held_out) == 8 and min(held_out) >= 30


def test_an_album_that_a_dataset_parts_itself_stays_parted() -> None:
    splits = ["validation", "train", "train", "validation"] * 3
    posts = [Post(("sea",), split=split, album="holiday") for split in splits]
    _, held_out = validation_rows(posts, Plan())
    assert [splits[row] for row in held_out] == ["validation"] * 6


class Asked:
    """A recommender whose relevance of photos is their features."""

    backbone = "any"

    def scores(self, features: np.ndarray) -> np.ndarray:
        assert len(features) <= 256
        return np.asarray(features, np.float32)


@pytest.fixture
def held_out() -> HeldOut:
    """700 photos with some of thirty hashtags."""
    truth = np.random.default_rng(0).random((700, 30)) < 0.1
    popularity = np.linspace(0.9, 0.01, 30, dtype=np.float32)
    return HeldOut(popularity, truth, truth.sum(axis=1), posts=700)


@pytest.fixture
def relevance(held_out: HeldOut) -> np.ndarray:
    """Relevance that popularity has come into: only divided by it does it tell what is true."""
    noise = 0.5 * np.random.default_rng(1).random(held_out.truth.shape)
    blurred = (held_out.truth + noise) / 4 * held_out.popularity**0.5
    return np.asarray(blurred, np.float32)


def test_an_exponent_chosen_a_few_photos_at_a_time_is_best_for_all(
    held_out: HeldOut, relevance: np.ndarray
) -> None:
    scored = Scored(Asked(), relevance)
    exponent, top = choose_exponent(scored, held_out, CHOOSING)
    assert exponent > 0.2 and top.shape == (700, 5)
    order = adjusted(relevance, held_out.popularity, exponent)
    assert np.array_equal(top, top_columns(order, 5))
    assert held_out.goodness(top) > held_out.goodness(scored.top())


def test_a_blend_is_chosen_with_its_exponent(held_out: HeldOut, relevance: np.ndarray) -> None:
    scored = Scored(Asked(), relevance)
    settings, top = choose_blend(scored, scored, held_out, CHOOSING)
    assert settings["popularity_exponent"] > 0.2 and held_out.goodness(top) > 1


@pytest.mark.filterwarnings("error")
def test_label_figures_count_only_hashtags_that_photos_to_fit_on_carry() -> None:
    known, only_new = csr_matrix([[1.0, 0.0]]), csr_matrix([[0.0, 1.0]])
    posts, answer = [Post(("known", "new"))], np.array([[0]])
    judge = HeldOut.of(Examples({}, known), Examples({}, known + only_new), posts)
    figures = judge.figures(answer)
    assert (figures["label_f1"], figures["n_plus"], figures["recall"]) == (1.0, 1, 0.5)
    judge = HeldOut.of(Examples({}, known), Examples({}, only_new), posts)
    assert judge.goodness(answer, rare=0.5) == 0.0


def test_nothing_is_chosen_by_too_few_photos(held_out: HeldOut, relevance: np.ndarray) -> None:
    few = slice(99)
    judge = replace(held_out, truth=held_out.truth[few], lengths=held_out.lengths[few], posts=99)
    scored = Scored(Asked(), relevance[few])
    assert choose_exponent(scored, judge, CHOOSING)[0] == 0.0
    settings, top = choose_blend(scored, scored, judge, CHOOSING)
    assert settings == {"als_weight": 0.5, "popularity_exponent": 0.0} and top.shape == (99, 5)
    own = replace(CHOOSING, exponents=(0.3,), als_weights=(0.2,))
    settings, _ = choose_blend(scored, scored, judge, own)
    assert settings == {"als_weight": 0.2, "popularity_exponent": 0.3}


def test_the_best_backend_answers_and_both_where_too_few_photos_tell_it(held_out: HeldOut) -> None:
    best = top_columns(held_out.truth.astype(np.float32), 5)
    tops = {"als": best, "w2v": best[::-1], "both": best[::-1]}
    assert choose_backend(tops, held_out) == "als"
    few = replace(held_out, posts=99)
    assert choose_backend(tops, few) == "both"
    assert choose_backend({"w2v": best[::-1], "als": best}, few) == "als"


def test_the_pictures_of_an_album_are_one_post_to_choose_by() -> None:
    examples = Examples({}, csr_matrix(np.ones((300, 1))))
    albums = [Post(("sea",), album=f"album {row // 4}") for row in range(300)]
    assert not HeldOut.of(examples, examples, albums).are_enough
    assert HeldOut.of(examples, examples, [Post(("sea",))] * 100 + albums[100:]).are_enough
