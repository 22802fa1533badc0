"""Known photos near a new one: PCA with damped components, then an exact scan by cosine."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommenders.arrays import Floats, unit

_QUERIES = 256
"""Queries at a time: all cosines of 8,000 photos to 144,000 would be 4.6 GB."""


@dataclass(frozen=True)
class PhotoSpace:
    """The space in which photos are compared: principal components scaled by variance^-power.

    Attributes:
        mean: (dims,) float32.
        components: (k, dims) float32, already scaled.
    """

    mean: Floats
    components: Floats

    def project(self, features: NDArray[np.floating]) -> Floats:
        """Features (n, dims) to unit vectors (n, k) float32."""
        centred = features.astype(np.float32) - self.mean
        return unit(np.asarray(centred @ self.components.T, np.float32))


def nearest(queries: Floats, vectors: Floats, k: int) -> tuple[NDArray[np.intp], Floats]:
    """The k rows of ``vectors`` nearest to each query by cosine, nearest first, ties in order.

    Args:
        queries: unit vectors (n, d).
        vectors: unit vectors (N, d).
        k: fewer come back where N is smaller.

    Returns:
        Row indices (n, min(k, N)) and their cosines.
    """
    k = min(k, len(vectors))
    rows = np.empty((len(queries), k), np.intp)
    cosines = np.empty((len(queries), k), np.float32)
    for start in range(0, len(queries), _QUERIES):
        block = slice(start, start + _QUERIES)
        rows[block], cosines[block] = _largest(queries[block] @ vectors.T, k)
    return rows, cosines


def _largest(cosines: Floats, k: int) -> tuple[NDArray[np.intp], Floats]:
    """The k largest of each row (n, N), largest first: their columns, and they, both (n, k)."""
    count = cosines.shape[1]
    # The k-th best of each row; those that are not below it are hardly more than k.
    least = -np.partition(-cosines, k - 1, axis=1)[:, k - 1] if 0 < k < count else None
    columns = np.empty((len(cosines), k), np.intp)
    for at, row in enumerate(cosines):
        near = np.arange(count) if least is None else np.flatnonzero(~(row < least[at]))
        columns[at] = near[np.argsort(-row[near], kind="stable")[:k]]
    return columns, np.take_along_axis(cosines, columns, axis=1)
