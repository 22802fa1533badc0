"""Trees that learn how much each source is worth."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommenders.als import AlsRecommender, Recognition
from recommenders.als_fit import AlsSettings, FittedAls
from recommenders.arrays import unit
from recommenders.fusion import EVIDENCE, Fusion, Sources
from recommenders.nearest import PhotoSpace
from training.fitting.fusion import (
    CrossFitted,
    ScoredAls,
    fit_fusion,
    fit_trees,
    one_after_another,
)
from training.fitting.plan import FusionPlan

PLAN = FusionPlan(trees=20, leaf=5, negatives=1.0)
PHOTOS, HASHTAGS = 120, 12


def photos_of(seed: int) -> tuple[Sources, csr_matrix]:
    """Photos of which Word2Vec knows the hashtags, and ALS nothing."""
    draw = np.random.default_rng(seed)
    truth = draw.random((PHOTOS, HASHTAGS)) < 0.2
    w2v = np.where(truth, 0.6, 0.2) + 0.1 * draw.random(truth.shape)
    als = draw.random(truth.shape)
    zeros = np.zeros_like(w2v)
    found = Sources(
        als.astype(np.float32),
        w2v.astype(np.float32),
        zeros.astype(np.float32),
        np.zeros(PHOTOS, np.float32),
        np.full((PHOTOS, 10), 0.5, np.float32),
    )
    return found, csr_matrix(truth.astype(np.float32))


def some(found: Sources, rows: slice) -> Sources:
    return Sources(
        found.als[rows],
        found.w2v[rows],
        found.classes[rows],
        found.surest_class[rows],
        found.cosines[rows],
    )


def shares() -> tuple[np.ndarray, np.ndarray]:
    return np.full(HASHTAGS, 0.2, np.float32), np.zeros(HASHTAGS, np.float32)


def test_the_source_that_knows_is_believed() -> None:
    learnt, truth = photos_of(0)
    fusion = fit_fusion(lambda rows: some(learnt, rows), truth, *shares(), PLAN)
    asked, true = photos_of(1)
    scores = fusion.scores(asked)
    assert scores[true.toarray() > 0].min() > scores[true.toarray() == 0].max()


def test_the_same_seed_grows_the_same_trees() -> None:
    learnt, truth = photos_of(0)
    one, other = (
        fit_fusion(lambda rows: some(learnt, rows), truth, *shares(), PLAN) for _ in range(2)
    )
    np.testing.assert_array_equal(one.trees.value, other.trees.value)


@pytest.mark.parametrize("rows", [slice(0, 3), slice(2, 7), slice(5, 9), slice(0, 9)])
def test_several_recommenders_photos_follow_one_another(rows: slice) -> None:
    whole, _ = photos_of(0)
    both = one_after_another(
        [
            (5, lambda of: some(whole, slice(of.start, of.stop))),
            (4, lambda of: some(whole, slice(5 + of.start, 5 + of.stop))),
        ]
    )
    for name, evidence in vars(some(whole, rows)).items():
        assert (getattr(both(rows), name) == evidence).all()


def test_photos_are_judged_by_trees_that_have_not_seen_them() -> None:
    learnt, _ = photos_of(0)
    # What nobody can know: the truth of each photo is drawn without regard to the sources.
    truth = csr_matrix((np.random.default_rng(5).random((PHOTOS, HASHTAGS)) < 0.5) * 1.0)
    fitted = CrossFitted(lambda rows: some(learnt, rows), truth, *shares(), PLAN)
    scores = fitted[slice(0, PHOTOS)]
    right = ((scores > 0.5) == (truth.toarray() > 0)).mean()
    assert right == pytest.approx(0.5, abs=0.08)


def test_an_album_is_judged_by_trees_that_have_seen_none_of_its_photos() -> None:
    draw = np.random.default_rng(5)
    # Two photos of an album look the same and carry the same hashtags, which nobody can know.
    learnt, _ = photos_of(0)
    for values in (learnt.als, learnt.w2v):
        values[1::2] = values[::2]
    truth = csr_matrix(np.repeat(draw.random((PHOTOS // 2, HASHTAGS)) < 0.5, 2, axis=0) * 1.0)
    by_heart = replace(PLAN, trees=100, depth=8, leaf=1, rate=0.5, subsample=1.0)
    right = {}
    for name, albums in {
        "apart": None,
        "together": [str(row // 2) for row in range(PHOTOS)],
    }.items():
        fitted = CrossFitted(
            lambda rows: some(learnt, rows), truth, *shares(), by_heart, albums=albums
        )
        right[name] = ((fitted[slice(0, PHOTOS)] > 0.5) == (truth.toarray() > 0)).mean()
    assert right["apart"] > 0.9
    assert right["together"] == pytest.approx(0.5, abs=0.08)


def test_what_sources_know_is_asked_once_for_both_halves_and_the_whole() -> None:
    learnt, truth = photos_of(0)
    asked = []

    def sources(rows: slice) -> Sources:
        asked.append(rows)
        return some(learnt, rows)

    fitted = CrossFitted(sources, truth, *shares(), PLAN)
    whole = fit_fusion(lambda rows: some(learnt, rows), truth, *shares(), PLAN)
    np.testing.assert_array_equal(fitted.trees_of_all().value, whole.trees.value)
    assert len(asked) == 1


def test_no_more_photos_are_learnt_from_than_the_plan_takes() -> None:
    learnt, truth = photos_of(0)
    few = replace(PLAN, most=30)
    fitted = CrossFitted(lambda rows: some(learnt, rows), truth, *shares(), few)
    scores = fitted[slice(0, PHOTOS)]
    assert ((scores > 0.5) == (truth.toarray() > 0)).mean() > 0.95
    learnt.w2v[:] = learnt.als  # nobody knows anything, so the trees can but learn by heart
    fitted = CrossFitted(lambda rows: some(learnt, rows), truth, *shares(), few)
    by_heart = Fusion(fitted.trees_of_all(), *shares()).scores(learnt)
    right = (by_heart > 0.2) == (truth.toarray() > 0)
    assert (right.mean(axis=1) > 0.85).sum() < 60


def test_neighbours_are_looked_for_once() -> None:
    asked = []

    class Counted(AlsRecommender):
        def recognised(
            self, features: NDArray[np.floating], audiences: Collection[str | None] = (None,)
        ) -> Recognition:
            asked.append(len(features))
            return super().recognised(features, audiences)

    draw = np.random.default_rng(0)
    space = PhotoSpace(np.zeros(8, np.float32), np.eye(8, dtype=np.float32))
    photos, factors = unit(draw.standard_normal((2, 20, 8), np.float32))
    hashtags = draw.standard_normal((5, 8), np.float32)
    features = draw.standard_normal((10, 8), np.float32)
    als = Counted(FittedAls("", space, photos, factors, hashtags, AlsSettings()))
    scored = ScoredAls(als, features)
    first, again = scored[slice(0, 6)], scored[slice(0, 6)]
    np.testing.assert_array_equal(first, again)
    assert (scored[slice(6, 10)].shape, asked) == ((4, 5), [6, 4])


def test_where_all_or_nothing_fits_there_is_nothing_to_learn() -> None:
    evidence = np.zeros((4, len(EVIDENCE)), np.float32)
    trees = fit_trees(evidence, np.ones(4, np.bool_), np.ones(4), PLAN)
    assert trees.probabilities(evidence) == pytest.approx([0.5] * 4)
