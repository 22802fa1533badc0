"""Fitting how many people are in a photo: multinomial logistic regression on photos' features.

PCA first removes the directions in which photos hardly differ; both steps are stored as one linear
map.
"""

import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from recommenders.arrays import Floats, unit

_COMPONENTS = 256
_INVERSE_REGULARIZATION = 0.1
_ITERATIONS = 500


def fit_people(features: Floats, presence: Floats) -> tuple[Floats, Floats]:
    """Weight (4, dims) and bias (4,) float32 of ``recommenders.people.People``.

    Args:
        features: (n, dims) of photos.
        presence: (n, 4), how certain each of ``recommenders.people.PRESENCE`` is for each photo; a
            row's sum is the photo's weight. No column may be all zeros.
    """
    rows, columns = np.nonzero(presence)
    # More threads would add the same numbers in another order.
    with threadpool_limits(1):
        pca = PCA(min(_COMPONENTS, *features.shape), svd_solver="covariance_eigh")
        points = pca.fit_transform(unit(features).astype(np.float64))
        scale = 1 / np.maximum(points.std(axis=0).mean(), 1e-12)
        model = LogisticRegression(C=_INVERSE_REGULARIZATION, max_iter=_ITERATIONS)
        model.fit(points[rows] * scale, columns, sample_weight=presence[rows, columns])
    weight = model.coef_ @ pca.components_ * scale
    bias = model.intercept_ - weight @ pca.mean_
    return np.asarray(weight, np.float32), np.asarray(bias, np.float32)
