"""Fitting the ALS backend: PCA of features, implicit ALS of photo × hashtag."""

from collections.abc import Iterator

import numpy as np
from implicit.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from recommenders.arrays import Floats
from recommenders.nearest import PhotoSpace
from training.features.compute import batches
from training.features.examples import Features
from training.fitting.plan import AlsPlan

_ROWS = 8192
"""Photos at a time; more as float32 would take gigabytes."""


def photo_space(features: Features, plan: AlsPlan) -> PhotoSpace:
    """PCA of features (n, dims), components scaled by their variance^-damping."""
    summed = sum(block.sum(axis=0).astype(np.float64) for block in _blocks(features))
    mean = np.asarray(summed / len(features), np.float32)
    variances, vectors = _principal(features, mean)
    return space_of(mean, variances, vectors, plan)


def space_of(mean: Floats, variances: Floats, vectors: Floats, plan: AlsPlan) -> PhotoSpace:
    """The space of the first components that keep the plan's share of the variance.

    Args:
        mean: (dims,) float32, the features' mean.
        variances: (k,), largest first.
        vectors: (dims, k), their directions.
    """
    total = variances.sum()
    if total <= 0:  # photos that are all alike
        return PhotoSpace(mean, np.eye(1, len(mean), dtype=np.float32))
    size = int(np.searchsorted(np.cumsum(variances) / total, plan.variance) + 1)
    size = max(1, min(size, int((variances > total * 1e-9).sum())))
    scale = variances[:size] ** -plan.damping
    # Bundles store components as float16; projections are unit vectors, so only ratios count.
    scale = scale / max(scale.max() / np.finfo(np.float16).max, 1)
    return PhotoSpace(mean, (vectors[:, :size] * scale).T.astype(np.float32))


def _principal(features: Features, mean: Floats) -> tuple[Floats, Floats]:
    """PCA of features: variances, largest first, and their directions (dims, k)."""
    count = len(features)
    if count < len(mean):  # the (n, n) Gram matrix is smaller and has the same variances
        centred = np.concatenate(list(_blocks(features))).astype(np.float64) - mean
        variances, shares = np.linalg.eigh(centred @ centred.T)
        lengths = np.sqrt(np.maximum(variances, np.finfo(np.float64).tiny))
        vectors = centred.T @ (shares / lengths)
    else:
        products = ((block - mean).T @ (block - mean) for block in _blocks(features))
        variances, vectors = np.linalg.eigh(sum(product.astype(np.float64) for product in products))
    return np.maximum(variances[::-1], 0) / max(count - 1, 1), vectors[:, ::-1]


def share_of_variance(space: PhotoSpace, features: Features) -> float:
    """Share of the variance of features (n, dims) that a space's components keep, 0 to 1."""
    lengths = np.linalg.norm(space.components, axis=1, keepdims=True)
    directions = space.components / np.maximum(lengths, 1e-12)
    within = total = 0.0
    for block in _blocks(features):
        centred = block - space.mean
        within += float(np.square(centred @ directions.T).sum(dtype=np.float64))
        total += float(np.square(centred).sum(dtype=np.float64))
    return min(within / total, 1.0) if total > 0 else 1.0


def projected(space: PhotoSpace, features: Features) -> Floats:
    """Features (n, dims) in the space, (n, k) float32 unit vectors."""
    return np.concatenate([space.project(block) for block in _blocks(features)])


def _blocks(features: Features) -> Iterator[Floats]:
    """All features as float32, some rows at a time."""
    for rows in batches(len(features), _ROWS):
        yield np.asarray(features[rows], np.float32)


def factorise(counts: csr_matrix, plan: AlsPlan) -> tuple[Floats, Floats]:
    """Implicit ALS of counts (photos, hashtags): photo factors and hashtag factors, float32.

    ``plan.alpha`` multiplies the counts: a count of 1 has confidence alpha, no count has 1.
    """
    # BLAS's threads would compete with implicit's own, which warns about them.
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(
            factors=min(plan.factors, *counts.shape),
            alpha=plan.alpha,
            regularization=plan.regularization,
            iterations=plan.iterations,
            random_state=plan.seed,
            num_threads=0,
            use_gpu=False,  # by default where CuPy is installed, and its factors stay on the GPU
        )
        model.fit(counts.astype(np.float32), show_progress=False)
    return np.asarray(model.user_factors), np.asarray(model.item_factors)
