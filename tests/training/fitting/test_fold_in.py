"""What is taught after a fit is solved by the equation of the fit."""

import numpy as np
import pytest
from implicit.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from recommenders.als_fit import AlsSettings, FittedAls, solve
from recommenders.als_lessons import Lessons
from recommenders.arrays import unit
from recommenders.nearest import PhotoSpace

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
