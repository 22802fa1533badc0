"""What is taught after a fit is solved by the equation of the fit."""

from functools import partial

import numpy as np
import pytest
from implicit.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from recommenders.als import AlsRecommender
from recommenders.als_fit import AlsSettings, FittedAls, read_als, solve
from recommenders.als_lessons import Lessons
from recommenders.arrays import unit
from recommenders.backbones.backbone import load_backbone
from recommenders.bundle import Bundle
from recommenders.nearest import PhotoSpace
from recommenders.ranking import ranking_part
from tests.concepts import BACKBONE, CONCEPTS, PLAN, photos_of
from training.features.examples import Examples
from training.finetuning.vocabulary_growth import grown_bundle
from training.fitting.als import factorise
from training.fitting.fit import fit_als
from training.fitting.plan import AlsPlan
from training.fitting.vocabulary import matrix, vocabulary

REGULARIZATION = 0.1


@pytest.mark.parametrize("alpha", [0.5, 1.0, 20.0])
def test_a_photo_with_its_own_hashtags_and_a_hashtag_with_its_photos_are_a_half_step_of_the_fit(
    alpha: float,
) -> None:
    draw = np.random.default_rng(0)
    table = np.zeros((30, 12), np.float32)
    for number, row in enumerate(table):
        row[draw.permutation(12)[: 1 + number % 3]] = 1
    counts = csr_matrix(table)
    with threadpool_limits(1, "blas"):
        fit = AlternatingLeastSquares(
            factors=5,
            alpha=alpha,
            regularization=REGULARIZATION,
            iterations=3,
            random_state=0,
            num_threads=1,
        )
        fit.fit(counts, show_progress=False)
        photos = fit.recalculate_user(np.arange(30), counts)
        hashtags = fit.recalculate_item(np.arange(12), csr_matrix(table.T))
    of_photos, of_hashtags = fit.user_factors, fit.item_factors

    def solved(fixed: np.ndarray, carried: np.ndarray) -> np.ndarray:
        gram = fixed.T @ fixed
        rows = [np.flatnonzero(row) for row in carried]
        return np.stack([solve(fixed, gram, row, alpha, REGULARIZATION) for row in rows])

    near = {"rtol": 1e-3, "atol": 1e-4}
    np.testing.assert_allclose(solved(of_hashtags, table), photos, **near)
    np.testing.assert_allclose(solved(of_photos, table.T), hashtags, **near)
    features = unit(draw.standard_normal((30, 8), dtype=np.float32))
    space = PhotoSpace(np.zeros(8, np.float32), np.eye(8, dtype=np.float32))
    settings = AlsSettings(alpha=alpha, regularization=REGULARIZATION)
    lessons = Lessons(FittedAls("eye", space, features, of_photos, of_hashtags, settings))
    carried = [tuple(map(int, np.flatnonzero(row))) for row in table]
    lessons.learn({i: (features[i], {None: carried[i]}) for i in range(30)}, 12)
    _, (taught,) = lessons.of([None])
    np.testing.assert_allclose(taught.factors, photos[list(taught.keys)], **near)
    assert taught.factors.dtype == np.float32


def test_als_is_fitted_on_the_cpu_also_where_implicit_would_take_a_gpu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on_gpu = partial(AlternatingLeastSquares, use_gpu=True)
    monkeypatch.setattr("training.fitting.als.AlternatingLeastSquares", on_gpu)
    photos, hashtags = factorise(csr_matrix(np.eye(3, dtype=np.float32)), AlsPlan(factors=2))
    assert (photos.shape, hashtags.shape) == ((3, 2), (3, 2))


def _fitted(*, mirrored: bool) -> Bundle:
    """ALS of four photos of each concept, as a bundle has it."""
    features, labels = photos_of(CONCEPTS, 4, seed=0)
    hashtags = vocabulary(labels)
    changed = {BACKBONE: photos_of(CONCEPTS, 4, seed=1)[0]} if mirrored else {}
    examples = Examples({BACKBONE: features}, matrix(labels, hashtags), changed)
    _, part = fit_als(examples, load_backbone(BACKBONE, None), PLAN)
    ones = np.ones(len(hashtags), np.float32)
    parts = {"als": part, "ranking": ranking_part(ones, ones)}
    return Bundle("fitted-1", hashtags, {}).with_parts(parts)


def _taught(bundle: Bundle) -> tuple[float, float, int]:
    """What a hashtag gets back from the one photo with which it was taught.

    Returns:
        Its relevance if taught at once, and if learnt by a new version; and how many photos count.
    """
    features, labels = photos_of(CONCEPTS[:1], 1, seed=2)
    als, new = AlsRecommender(read_als(bundle)), len(bundle.hashtags)
    columns = [bundle.hashtags.index(tag) for tag in labels[0]]
    als.lessons.learn({1: (features[0], {None: [*columns, new]})}, new + 1)
    near = als.neighbourhood(features)
    (photo,) = (near.photo_factors[at] for at, of in enumerate(near.columns) if of)
    hashtags = [*bundle.hashtags, "new"]
    counts = matrix([[*labels[0], "new"]], hashtags)
    grown = grown_bundle(bundle, hashtags, np.eye(new + 1), counts, features, BACKBONE)
    return (
        float(near.hashtag_factors[new] @ photo),
        float(read_als(grown).hashtag_factors[new] @ photo),
        als.photos,
    )


def test_a_taught_hashtag_is_as_relevant_whether_the_fit_saw_mirror_images_or_not() -> None:
    plain, mirrored = _fitted(mirrored=False), _fitted(mirrored=True)
    photos = len(plain.arrays["als"]["photos"])
    assert len(mirrored.arrays["als"]["photos"]) == 2 * photos
    at_once, grown, count = _taught(plain)
    assert 0.2 < at_once < 1 and count == photos + 1
    assert grown == pytest.approx(at_once, rel=0.01)
    assert _taught(mirrored) == pytest.approx((at_once, grown, count), rel=0.01)
