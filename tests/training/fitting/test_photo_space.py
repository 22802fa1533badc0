from dataclasses import replace

import numpy as np
import pytest
from sklearn.decomposition import PCA

from recommenders.arrays import unit
from training.fitting.als import photo_space
from training.fitting.plan import AlsPlan


@pytest.mark.parametrize("photos", [2, 30, 39, 40, 90], ids="{} photos".format)
def test_a_photo_space_is_pca_whether_photos_or_dimensions_are_fewer(photos: int) -> None:
    draw = np.random.default_rng(photos)
    features = draw.normal(size=(photos, 40)) * np.exp(-np.arange(40) / 8) + draw.normal(size=40)
    space = photo_space(features.astype(np.float32), AlsPlan(variance=0.98, damping=0.25))
    pca = PCA(0.98, svd_solver="full").fit(features)
    expected = pca.components_ * pca.explained_variance_[:, None] ** -0.25
    np.testing.assert_allclose(space.mean, pca.mean_, atol=1e-6)
    signs = np.sign((space.components * expected).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(space.components, signs * expected, rtol=1e-3, atol=1e-4)


def test_components_of_tiny_variance_fit_into_a_bundles_float16() -> None:
    draw = np.random.default_rng(0)
    features = (draw.normal(size=(90, 12)) * 10.0 ** -np.linspace(0, 3, 12)).astype(np.float32)
    space = photo_space(features, AlsPlan(variance=0.999999, damping=1.0))
    pca = PCA(len(space.components), svd_solver="full").fit(features)
    whitened = pca.transform(features) / pca.explained_variance_
    expected = unit(whitened.astype(np.float32))
    stored = replace(space, components=space.components.astype(np.float16))
    near = stored.project(features)
    np.testing.assert_allclose(near @ near.T, expected @ expected.T, atol=0.01)
