"""Several sources as one: fused by trees, or blended."""

import numpy as np
import pytest

from recommenders.arrays import Floats
from recommenders.fusion import EVIDENCE, Fusion, Sources, Trees, blend, blend_contributions


def row(*values: float) -> Floats:
    return np.array([values], np.float32)


def test_two_that_agree_are_believed_and_one_alone_is_heard_less() -> None:
    both, one = blend(row(0.64, 0.64), row(0.64, 0.0), 0.5)[0]
    assert both == pytest.approx(0.64)
    assert 0 < one < 0.32  # the plain mean


@pytest.mark.parametrize(("weight", "expected"), [(1.0, 0.81), (0.0, 0.25)])
def test_a_weight_at_its_end_leaves_one_backend(weight: float, expected: float) -> None:
    assert blend(row(0.81), row(0.25), weight)[0] == pytest.approx([expected])


def test_what_only_als_has_learnt_loses_as_much_as_its_best_others() -> None:
    blended = blend(row(0.64, 0.5), row(0.0), 0.5)[0]
    assert blended == pytest.approx([0.16, 0.125])


def test_what_only_als_has_learnt_gains_nothing_by_the_blend() -> None:
    assert blend(row(0.16, 0.5), row(0.64), 0.5)[0, 1] == pytest.approx(0.5)


def stump(feature: str, threshold: float, low: float, high: float) -> Trees:
    """One tree of one question, with log-odds on either side."""
    return Trees(
        np.array([[EVIDENCE.index(feature), -1, -1]], np.int16),
        np.array([[threshold, 0, 0]], np.float32),
        np.array([[1, 1, 2]], np.int16),
        np.array([[2, 1, 2]], np.int16),
        np.array([[0, low, high]], np.float32),
        0.0,
    )


def sources(als: list[float], w2v: list[float]) -> Sources:
    return Sources(
        row(*als), row(*w2v), np.zeros((1, len(als)), np.float32), row(0.0)[0], row(*[0.5] * 10)
    )


def test_a_tree_answers_by_the_side_its_evidence_falls_on() -> None:
    trees = stump("als", 0.0, -2.0, 2.0)
    evidence = np.zeros((2, len(EVIDENCE)), np.float32)
    evidence[1, EVIDENCE.index("als")] = 1.0
    assert trees.probabilities(evidence) == pytest.approx([0.1192, 0.8808], abs=1e-4)


def test_evidence_up_to_the_threshold_goes_left() -> None:
    trees = stump("als", 0.0, -2.0, 2.0)
    assert trees.probabilities(np.zeros((1, len(EVIDENCE)), np.float32))[0] < 0.5


def test_what_is_no_news_of_a_common_hashtag_is_news_of_a_rare_one() -> None:
    share = np.array([0.25, 0.001], np.float32)
    fusion = Fusion(stump("als_relative", 1.0, -3.0, 3.0), share, np.zeros(2, np.float32))
    common, rare = fusion.scores(sources([0.25, 0.25], [0.1, 0.1]))[0]
    assert common < 0.1 and rare > 0.9


def test_hashtags_that_nothing_speaks_for_have_no_probability() -> None:
    count = 1000
    als = [0.9, *[1e-6] * (count - 1)]
    share = np.full(count, 0.01, np.float32)
    fusion = Fusion(stump("als", 0.0, 0.0, 2.0), share, np.zeros(count, np.float32))
    scores = fusion.scores(sources(als, als))[0]
    assert scores[0] > 0.8 and (scores == 0).sum() > count - 200


def test_the_source_that_is_asked_is_what_counted() -> None:
    share = np.full(2, 0.01, np.float32)
    fusion = Fusion(stump("w2v_relative", 1.0, -3.0, 3.0), share, np.zeros(2, np.float32))
    added = fusion.contributions(sources([0.9, 0.9], [0.6, 0.01]), np.array([[0, 1]]))
    assert added["w2v"][0] == pytest.approx([6, 0])
    assert not added["als"].any() and not added["classes"].any() and not added["share"].any()


def test_a_hashtag_that_is_common_counts_where_nothing_else_is_known() -> None:
    share = np.array([0.3, 0.01, 0.01], np.float32)
    fusion = Fusion(stump("share", -2.0, -1.0, 1.0), share, np.zeros(3, np.float32))
    added = fusion.contributions(sources([0.5] * 3, [0.5] * 3), np.array([[0, 1]]))
    assert added["share"][0] == pytest.approx([2, 0])


def test_of_a_blend_each_counts_by_what_is_lost_without_it() -> None:
    added = blend_contributions(row(0.5, 0.1), row(0.1, 0.5), 0.5, row(0.1, 0.1))
    assert added["als"][0, 0] > 1 and added["als"][0, 1] == pytest.approx(0, abs=1e-5)
    assert added["w2v"][0, 1] == pytest.approx(added["als"][0, 0], abs=1e-4)


def test_what_words_are_near_is_judged_though_no_photo_speaks_for_it() -> None:
    count = 1000
    als = [1e-6] * count
    share = np.full(count, 0.01, np.float32)
    fusion = Fusion(stump("als", 0.0, -2.0, 2.0), share, np.zeros(count, np.float32))
    nearness = np.zeros((1, count), np.float32)
    unlikely = int(np.flatnonzero(fusion.scores(sources(als, als))[0] == 0)[0])
    nearness[0, unlikely] = 0.9
    assert fusion.scores(sources(als, als), nearness)[0, unlikely] > 0
