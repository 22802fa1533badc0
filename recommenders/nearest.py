"""Known photos near a new one: PCA with damped components, then cosine.

Up to ``SCANNED`` known photos an exact scan is quick and needs no set-up; beyond that, usearch's
index.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommenders.arrays import Floats, largest_first, unit, whole_numbers

_QUERIES = 256
"""Queries at a time: all cosines of 8,000 photos to 144,000 would be 4.6 GB."""

_BLOCK = 50_000
"""Vectors that are quantised at a time."""

SCANNED = 50_000
"""The most photos to scan: a few milliseconds on one core, like the other steps of an answer."""

_CONNECTIONS, _BUILD_EFFORT, _EFFORT = 32, 128, 512
"""Of the graph: among a million photos of 317 dimensions it finds 0.988 of the fifty nearest, 0.995
of the fifty nearest by int8, in 0.94 times the memory of the vectors as float16. Twelve connections
over float16 found 0.979 with twice the effort, in 1.18 times that memory."""

_CANDIDATES = 2
"""Times as many candidates as requested are compared with the unquantised query."""

_EXTRA = ".venv/bin/pip install 'tag4pic[large]'"


class PhotoIndexError(Exception):
    """An index that cannot be used; the message says why and what to do."""


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


class PhotoIndex:
    """An approximate index of many photos: HNSW (Malkov & Yashunin 2020) over int8 vectors.

    These are half as large as float16, which leaves room for twice the connections; a bundle stores
    no vectors more exactly. A memory-mapped index is shared between processes.

    Args:
        stored: bytes as returned by ``build``, in memory or memory-mapped.

    Raises:
        PhotoIndexError: where usearch is not installed, or the bytes are no index.
    """

    def __init__(self, stored: NDArray[np.uint8]) -> None:
        self._stored = stored  # the index only points into it
        try:
            self._index = _usearch().restore(stored, view=True)
        except (RuntimeError, ValueError) as error:
            raise PhotoIndexError(f"The index of photos is damaged ({error}).") from None
        if self._index is None:
            raise PhotoIndexError("The index of photos is damaged.")
        # Earlier versions stored float16.
        self._is_int8 = self._index.dtype.name == "I8"
        self.shape = (len(self._index), int(self._index.ndim))

    @staticmethod
    def build(vectors: Floats) -> NDArray[np.uint8]:
        """An index of unit vectors (N, d), about half a millisecond each.

        Raises:
            PhotoIndexError: where usearch is not installed.
        """
        index = _usearch()(
            ndim=vectors.shape[1],
            metric="cos",
            dtype="i8",
            connectivity=_CONNECTIONS,
            expansion_add=_BUILD_EFFORT,
        )
        for at in range(0, len(vectors), _BLOCK):
            block = whole_numbers(vectors[at : at + _BLOCK])
            index.add(np.arange(at, at + len(block)), block, threads=1)  # deterministic
        return np.frombuffer(index.save(), np.uint8)

    def __len__(self) -> int:
        return self.shape[0]

    def vectors(self, rows: NDArray[np.intp]) -> Floats:
        """Unit vectors (n, d) of some photos, as exact as the index stores them."""
        return unit(np.asarray(self._index.get(rows), np.float32))

    def nearest(self, queries: Floats, k: int) -> tuple[NDArray[np.intp], Floats]:
        """Like ``nearest``: rows and cosines (n, k); a cosine of -1 where fewer are found."""
        self._index.expansion_search = max(_EFFORT, 2 * k)
        rows = np.zeros((len(queries), k), np.intp)
        cosines = np.full((len(queries), k), -1, np.float32)
        for at, query in enumerate(queries):
            if not np.isfinite(query).all():
                continue  # nothing is near NaN
            [vector] = whole_numbers(query[None]) if self._is_int8 else query[None]
            near = self._index.search(vector, _CANDIDATES * k, threads=1).keys.astype(np.intp)
            alike = self.vectors(near) @ query
            order = np.lexsort((near, -alike))[:k]
            rows[at, : len(order)], cosines[at, : len(order)] = near[order], alike[order]
        return rows, cosines


def _usearch() -> Any:
    try:
        from usearch.index import Index
    except ImportError:
        raise PhotoIndexError(
            f"More than {SCANNED:,} photos need an index, and that needs usearch: {_EXTRA}."
        ) from None
    return Index


KnownPhotos = Floats | PhotoIndex
"""Unit vectors (N, d), to scan, or an index of them."""


def nearest(queries: Floats, photos: KnownPhotos, k: int) -> tuple[NDArray[np.intp], Floats]:
    """The k known photos nearest to each query by cosine, nearest first, ties in order.

    Args:
        queries: unit vectors (n, d).
        photos: N of them.
        k: fewer come back where N is smaller.

    Returns:
        Row indices (n, min(k, N)) and their cosines.
    """
    k = min(k, len(photos))
    if isinstance(photos, PhotoIndex):
        return photos.nearest(queries, k)
    rows = np.empty((len(queries), k), np.intp)
    cosines = np.empty((len(queries), k), np.float32)
    for start in range(0, len(queries), _QUERIES):
        block = slice(start, start + _QUERIES)
        alike = queries[block] @ photos.T
        rows[block] = largest_first(alike, k)
        cosines[block] = np.take_along_axis(alike, rows[block], axis=1)
    return rows, cosines
