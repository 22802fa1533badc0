"""The photos that the growth is measured on."""

import numpy as np
import pytest

from bot.benchmark.growth import DrawnPhotos
from recommenders.arrays import Floats, unit


def own(count: int) -> Floats:
    return unit(np.random.default_rng(0).standard_normal((count, 12), np.float32))


@pytest.mark.parametrize("known", [1, 3, 300])
def test_drawn_photos_are_unit_vectors_and_always_the_same(known: int) -> None:
    photos = DrawnPhotos(own(known))
    drawn = photos.draw(200, np.random.default_rng(1))
    assert drawn.shape == (200, 12) and drawn.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(drawn, axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(drawn, photos.draw(200, np.random.default_rng(1)))


def test_a_drawn_photo_is_between_near_ones() -> None:
    apart = np.eye(12, dtype=np.float32)
    clusters = np.repeat(apart, 30, axis=0)
    drawn = DrawnPhotos(clusters).draw(500, np.random.default_rng(1))
    nearest = np.sort(drawn @ apart.T, axis=1)
    assert (nearest[:, -1] > nearest[:, -2]).mean() > 0.95 and np.median(nearest[:, -1]) > 0.7
