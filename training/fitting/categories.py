"""Categories: what posts are about, by which hashtags occur together.

TF-IDF over posts' hashtag sets and k-means. A category is named after the three hashtags with the
most weight in its posts' mean: boat_water_sailing. With many hashtags, TF-IDF is first reduced to
fifty dimensions (latent semantic analysis, Deerwester et al. 1990): most posts share no hashtag
with each other, and without it k-means lumps half of them into one meaningless group.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.metrics import silhouette_score
from threadpoolctl import threadpool_limits

from recommenders.arrays import Doubles, Floats, unit
from recommenders.category import Category
from training.datasets.format import DatasetError, Post

Rows = Any
"""A sparse matrix, CSR; scipy has no types."""
Points = Any
"""Rows, sparse or an array."""

KS = (2, 3, 4, 6, 8, 12, 16, 24, 32, 40, 48, 64)
"""Numbers of categories that are tried; nobody browses more."""
LEADERS = 3

_DIMS = 50
_RESTARTS = 4
_FIT_POSTS = 20_000
_SILHOUETTE_POSTS = 3_000
_NOISE = 0.01
"""What a silhouette varies by chance: the fewest categories this near to the best are taken."""
_PRIOR_POSTS = 25.0
"""Average posts added to each category, so that a single use in a small category does not put a
rare hashtag there."""


@dataclass(frozen=True)
class Categories:
    """Categories, and which one each of V hashtags belongs to.

    Attributes:
        of_hashtag: (V,) int32, an index of ``categories``; -1 for none.
        weight: (V,) float32 from 0 to 1, how strongly it belongs there.
        silhouette: how well the categories are separated, -1 to 1; None where unknown.
    """

    categories: tuple[Category, ...]
    of_hashtag: NDArray[np.int32]
    weight: Floats
    silhouette: float | None = None


class Grouping(Protocol):
    """Clusters of points."""

    def predict(self, points: Points, /) -> Any:
        """The group of each point."""


Cluster = Callable[[Points, int, int], Grouping]
"""Clusters points; called with the points, the number of groups and a seed."""


def k_means(points: Points, k: int, seed: int) -> Grouping:
    """k-means, the best of several starts."""
    fitted: Grouping = KMeans(k, n_init=_RESTARTS, random_state=seed).fit(points)
    return fitted


def categories(
    posts: Sequence[Post],
    hashtags: Sequence[str],
    *,
    k: int | None = None,
    seed: int = 0,
    cluster: Cluster = k_means,
) -> Categories:
    """Groups posts by their hashtags, the largest group first. The same seed gives the same groups.

    A hashtag weighs its mean TF-IDF in its category's posts.

    Args:
        hashtags: the vocabulary; other hashtags are ignored.
        k: how many categories, by silhouette where None; fewer if there are fewer distinct posts.

    Raises:
        DatasetError: where no post has a hashtag of the vocabulary, or ``k`` is less than one.
    """
    if k is not None and k < 1:
        raise DatasetError(f"{k} categories cannot be made: ask for at least one.")
    uses = _uses(posts, hashtags)
    used = np.flatnonzero(np.diff(uses.indptr))
    if not len(used):
        raise DatasetError("No post has a hashtag, so there is nothing to make categories from.")
    tfidf = TfidfTransformer().fit_transform(uses[used]).tocsr().astype(np.float32)
    # More threads add the same numbers in another order, and k-means then ends elsewhere.
    with threadpool_limits(1):
        groups, silhouette = _group(tfidf, k, seed, cluster)
    return _named_and_sorted(groups, tfidf, uses[used], hashtags, silhouette)


def _uses(posts: Sequence[Post], hashtags: Sequence[str]) -> Rows:
    """Which post has which hashtag, (P, V) float64 of ones."""
    column = {tag: index for index, tag in enumerate(hashtags)}
    columns: list[int] = []
    starts = [0]
    for post in posts:
        columns.extend(sorted({column[tag] for tag in post.hashtags if tag in column}))
        starts.append(len(columns))
    return sparse.csr_matrix((np.ones(len(columns)), columns, starts), (len(posts), len(hashtags)))


def _group(
    tfidf: Rows, k: int | None, seed: int, cluster: Cluster
) -> tuple[NDArray[np.int64], float | None]:
    """The group of each row, and the silhouette."""
    points = _points(tfidf, seed)
    random = np.random.default_rng(seed)
    fitted = points[_sample(points.shape[0], _FIT_POSTS, random)]
    # Equal posts count once when groups are judged: repeats are no topic.
    distinct = fitted[_distinct(fitted)]
    different = distinct.shape[0]
    sample = distinct[_sample(different, _SILHOUETTE_POSTS, random)]
    if k is not None:
        sizes = [min(k, different)]
    else:
        # More groups than that describe single posts, not what posts are about.
        sizes = [size for size in KS if size**2 <= different] or [1]
    clusterings: list[tuple[float, Grouping]] = []
    for size in sizes:
        means = cluster(fitted, size, seed)
        clusterings.append((_silhouette(sample, means), means))
    best = max(score for score, _ in clusterings)
    score, means = next((s, m) for s, m in clusterings if s >= best - _NOISE or best == -np.inf)
    groups = np.asarray(means.predict(points), np.int64)
    return groups, None if score == -np.inf else score


def _points(tfidf: Rows, seed: int) -> Points:
    if min(tfidf.shape) <= 2 * _DIMS:
        return tfidf
    svd = TruncatedSVD(_DIMS, random_state=seed).fit(
        tfidf[_sample(tfidf.shape[0], _FIT_POSTS, np.random.default_rng(seed))]
    )
    return unit(np.asarray(svd.transform(tfidf), np.float32))


def _sample(count: int, most: int, random: np.random.Generator) -> NDArray[np.int64]:
    """``most`` of ``count`` rows at random, in order."""
    if count <= most:
        return np.arange(count)
    return np.sort(random.choice(count, most, replace=False))


def _distinct(points: Points) -> NDArray[np.int64]:
    """Rows that differ from all rows before them."""
    seen: set[bytes] = set()
    first: list[int] = []
    for start in range(0, points.shape[0], 1024):
        block = points[start : start + 1024]
        rows = block.toarray() if sparse.issparse(block) else block
        for index, row in enumerate(rows.round(4), start):
            if (key := row.tobytes()) not in seen:
                seen.add(key)
                first.append(index)
    return np.array(first, np.int64)


def _silhouette(sample: Points, means: Grouping) -> float:
    groups = means.predict(sample)
    if not 1 < len(np.unique(groups)) < sample.shape[0]:
        return -np.inf
    return float(silhouette_score(sample, groups))


def _named_and_sorted(
    groups: NDArray[np.int64],
    tfidf: Rows,
    uses: Rows,
    hashtags: Sequence[str],
    silhouette: float | None,
) -> Categories:
    sizes = np.bincount(groups)
    weights = _sums(groups, tfidf) / np.maximum(sizes, 1)[:, None]
    # The largest first, equal ones by their first post.
    present, first = np.unique(groups, return_index=True)
    order = present[np.lexsort((first, -sizes[present]))]
    weights, sizes = weights[order], sizes[order]

    counts = _sums(groups, uses)[order]
    total = counts.sum(axis=0)
    shares = (counts + _PRIOR_POSTS * total / len(groups)) / (sizes + _PRIOR_POSTS)[:, None]
    of_hashtag = np.where(total > 0, shares.argmax(axis=0), -1).astype(np.int32)

    # A hashtag of every category leads none: it would not tell them apart.
    own = weights / np.maximum(weights.sum(axis=0), 1e-12)
    leaders = [
        tuple(
            hashtags[column] for column in np.argsort(-row, kind="stable")[:LEADERS] if row[column]
        )
        for row in weights * np.sqrt(own)
    ]
    weight = np.where(of_hashtag >= 0, weights[of_hashtag, np.arange(len(hashtags))], 0)
    rows = zip(_names(leaders), leaders, map(int, sizes), strict=True)
    return Categories(
        tuple(Category(name, tags, posts) for name, tags, posts in rows),
        of_hashtag,
        weight.astype(np.float32),
        silhouette,
    )


def _sums(groups: NDArray[np.int64], rows: Rows) -> Doubles:
    """Rows added up by group, (C, V) float64."""
    ones = np.ones(len(groups))
    members = sparse.csr_matrix((ones, (groups, np.arange(len(groups)))))
    return np.asarray((members @ rows).toarray(), np.float64)


def _names(leaders: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Names from the joined leaders; repeated ones are numbered."""
    names: dict[str, None] = {}
    for tags in leaders:
        name, number = "_".join(tags), 1
        while name in names:
            number += 1
            name = f"{'_'.join(tags)}_{number}"
        names[name] = None
    return tuple(names)
