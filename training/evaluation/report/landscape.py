"""A map of the hashtags: their vectors in two dimensions, coloured by category."""

from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from recommenders.als_fit import read_als
from recommenders.arrays import Floats, unit
from recommenders.bundle import Bundle
from recommenders.hashtag_tables import read_knowledge
from recommenders.ranking import read_ranking
from recommenders.w2v import read_vectors

MOST = 500
"""Hashtags on the map; more would hide each other."""
_FEWEST = 12
"""With fewer hashtags PCA is used: t-SNE would have nothing to arrange."""


@dataclass(frozen=True)
class Place:
    """Where a hashtag stands: x and y from 0 to 1, its category's number or -1, its popularity."""

    tag: str
    x: float
    y: float
    category: int
    popularity: float


@dataclass(frozen=True)
class Landscape:
    """A map.

    Attributes:
        places: the most popular first.
        categories: names of all categories.
        method: how it was made: "t-SNE" or "PCA".
        of: whose vectors: "Word2Vec" or "ALS".
        vocabulary: how many hashtags the bundle knows.
    """

    places: list[Place]
    categories: list[str]
    method: str
    of: str
    vocabulary: int


def landscape(bundle: Bundle) -> Landscape | None:
    """The most popular hashtags on a map, always the same; None with fewer than three."""
    if "w2v" in bundle.arrays:
        vectors, of = read_vectors(bundle), "Word2Vec"
    else:
        vectors, of = read_als(bundle).hashtag_factors, "ALS"
    popularity = read_ranking(bundle, "both").popularity
    known = np.flatnonzero(np.any(vectors != 0, axis=1))
    chosen = known[np.argsort(-popularity[known], kind="stable")][:MOST]
    if len(chosen) < 3:
        return None
    rows = unit(vectors[chosen])
    # More threads add the same numbers in another order, which moves the whole map.
    with threadpool_limits(1):
        flat, method = _flat(rows)
    low, high = flat.min(axis=0), flat.max(axis=0)
    flat = (flat - low) / np.maximum(high - low, 1e-9)
    tables = read_knowledge(bundle)
    names = [] if tables is None else [one.name for one in tables.categories]
    category_of = np.full(len(bundle.hashtags), -1) if tables is None else tables.category_of
    return Landscape(
        [
            Place(
                bundle.hashtags[column],
                float(x),
                float(y),
                int(category_of[column]),
                float(popularity[column]),
            )
            for column, (x, y) in zip(chosen, flat, strict=True)
        ],
        names,
        method,
        of,
        len(bundle.hashtags),
    )


def _flat(rows: Floats) -> tuple[Floats, str]:
    if len(rows) < _FEWEST:
        flat = PCA(2, random_state=0).fit_transform(rows)
        return np.asarray(flat, np.float32), "PCA"
    tsne = TSNE(
        2,
        perplexity=min(25.0, (len(rows) - 1) / 3),
        metric="cosine",
        init="pca",
        random_state=0,
        n_jobs=1,
    )
    return np.asarray(tsne.fit_transform(rows), np.float32), "t-SNE"
