"""What is taught after a fit is solved by the equation of the fit."""

import numpy as np
import pytest
from implicit.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from recommenders.als_fit import solve, solve_few

REGULARIZATION = 0.1


@pytest.mark.parametrize("alpha", [0.5, 1.0, 20.0])
def test_a_photo_with_its_own_hashtags_and_a_hashtag_with_its_photos_are_a_half_step_of_the_fit(
    alpha: float,
) -> None:
    draw = np.random.default_rng(0)
    table = np.zeros((30, 12), np.float32)
    for row in table:
        row[draw.permutation(12)[:3]] = 1
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
    gram = of_hashtags.T.astype(np.float64) @ of_hashtags + REGULARIZATION * np.eye(5)
    rows = np.argwhere(table)[:, 1].reshape(30, 3)
    at_once = solve_few(of_hashtags, np.linalg.inv(gram), rows, alpha)
    np.testing.assert_allclose(at_once, photos, **near)
    assert at_once.dtype == np.float32
