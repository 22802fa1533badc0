"""Figures: against values worked out by hand, and intervals that hold what was measured."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from training.datasets.format import Post
from training.evaluation.evaluate import Answers
from training.evaluation.metrics import (
    bootstrap,
    empty_accuracy,
    measure,
    top_columns,
    weighted_recall,
)

# Hashtags a b c d; the third photo carries one that nobody knows besides.
TRUTH = np.array(
    [[1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0]],
    np.bool_,
)
LENGTHS = np.array([2, 1, 2, 1])
TOP = np.array([[0, 2], [1, 0], [2, -1], [1, 2]])


def test_the_figures_are_those_worked_out_by_hand() -> None:
    found = measure(TOP, TRUTH, LENGTHS)
    assert found["precision"] == pytest.approx((1 / 2 + 1 / 2 + 1 / 2 + 0) / 4)
    assert found["recall"] == pytest.approx((1 / 2 + 1 + 1 / 2 + 0) / 4)
    assert found["f2"] == pytest.approx((5 / 10 + 5 / 6 + 5 / 10 + 0) / 4)
    # Of four hashtags each: wrong are b and c; b; nothing; and a, b and c.
    assert found["accuracy"] == pytest.approx((2 / 4 + 3 / 4 + 4 / 4 + 1 / 4) / 4)
    assert found["p@1"] == pytest.approx(2 / 4)
    # a: recommended twice, right twice, carried three times; b: twice, never right, carried once;
    # c: three times, right once, carried once. Nobody carries d, so it does not count.
    assert found["label_precision"] == pytest.approx((2 / 2 + 0 + 1 / 3) / 3)
    assert found["label_recall"] == pytest.approx((2 / 3 + 0 + 1) / 3)
    precision, recall = found["label_precision"], found["label_recall"]
    assert found["label_f1"] == pytest.approx(2 * precision * recall / (precision + recall))
    assert found["n_plus"] == 2


def test_nothing_recommended_is_nothing_right() -> None:
    found = measure(np.full((4, 2), -1), TRUTH, LENGTHS)
    intervals = bootstrap(np.full((4, 2), -1), TRUTH, LENGTHS)
    del intervals["accuracy"]
    assert found.pop("accuracy") == empty_accuracy(TRUTH) == 1 - 5 / 16
    assert set(found.values()) == {0}
    assert all(interval == (0, 0) for interval in intervals.values())


def test_f2_is_the_f_beta_of_precision_and_recall_that_weighs_recall_four_times() -> None:
    for row in range(len(TOP)):
        found = measure(TOP[[row]], TRUTH[[row]], LENGTHS[[row]])
        precision, recall = found["precision"], found["recall"]
        beta = 5 * precision * recall / (4 * precision + recall) if recall else 0.0
        assert found["f2"] == pytest.approx(beta)


@given(seed=st.integers(0, 10_000), photos=st.integers(20, 120), hashtags=st.integers(3, 60))
def test_intervals_hold_the_estimate_however_rare_the_hashtags(
    seed: int, photos: int, hashtags: int
) -> None:
    random = np.random.default_rng(seed)
    shares = 0.5 / np.arange(1, hashtags + 1)  # most hashtags on one photo or none
    truth = random.random((photos, hashtags)) < shares
    truth[0, 0] = True
    lengths = np.maximum(truth.sum(axis=1), 1)
    top = top_columns((truth + random.random(truth.shape) * 1.6).astype(np.float32), 3)
    found, intervals = measure(top, truth, lengths), bootstrap(top, truth, lengths)
    assert set(found) == set(intervals)
    for name, (low, high) in intervals.items():
        assert low - 1e-9 <= found[name] <= high + 1e-9, name


def test_intervals_narrow_with_the_photos_and_are_the_same_again() -> None:
    random = np.random.default_rng(0)

    def width(photos: int) -> float:
        truth = random.random((photos, 20)) < 0.15
        top = top_columns((truth + random.random(truth.shape) * 1.5).astype(np.float32), 5)
        lengths = np.maximum(truth.sum(axis=1), 1)
        first, again = (bootstrap(top, truth, lengths) for _ in range(2))
        assert first == again
        low, high = first["recall"]
        return high - low

    # A hundred times the photos: a tenth of the width.
    assert width(60) / width(6000) == pytest.approx(10, rel=0.35)


def test_the_pictures_of_an_album_tell_no_more_than_one_of_them() -> None:
    random = np.random.default_rng(0)
    truth = random.random((60, 20)) < 0.15
    top = top_columns((truth + random.random(truth.shape) * 1.5).astype(np.float32), 5)
    lengths = np.maximum(truth.sum(axis=1), 1)
    once = bootstrap(top, truth, lengths)
    top, truth, lengths = (np.repeat(each, 10, axis=0) for each in (top, truth, lengths))
    posts = [Post(("any",), album=f"album {row // 10}") for row in range(600)]
    nobody: Any = None
    answers = Answers(nobody, "any", "test", posts, {}, [], truth, lengths, {"als": top}, [])
    for name, interval in answers.measured(5).intervals["als"].items():
        assert interval == pytest.approx(once[name]), name


@given(
    order=arrays(
        np.float32,
        st.tuples(st.integers(1, 6), st.integers(1, 12)),
        elements=st.sampled_from([0, 0.25, 1, -2, 7]),
    ),
    k=st.integers(1, 14),
)
def test_the_best_columns_stand_in_their_order_where_they_are_equal(
    order: NDArray[np.float32], k: int
) -> None:
    top, hashtags = top_columns(order, k), order.shape[1]
    assert top.shape == (len(order), k) and (top[:, hashtags:] == -1).all()
    assert np.array_equal(top[:, :hashtags], np.argsort(-order, axis=1, kind="stable")[:, :k])


def test_places_without_a_hashtag_recall_nothing() -> None:
    weights = csr_matrix(np.array([[1.0, 0.0, 3.0]]))
    assert weighted_recall(np.array([[0, -1]]), weights) == 0.25
