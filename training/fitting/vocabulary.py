"""Which hashtags are learnt, and posts as a photo × hashtag matrix."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommenders.arrays import Floats
from training.datasets.format import Post


def frequencies(posts: Iterable[Iterable[str]], min_count: int = 1) -> dict[str, int]:
    """How many posts carry each hashtag that at least ``min_count`` carry, the most used first."""
    counts = Counter(tag for hashtags in posts for tag in set(hashtags))
    frequent = [(tag, count) for tag, count in counts.items() if count >= min_count]
    return dict(sorted(frequent, key=lambda item: (-item[1], item[0])))


def vocabulary(posts: Iterable[Iterable[str]], min_count: int = 1) -> list[str]:
    """Hashtags that occur at least ``min_count`` times, the most frequent first."""
    return list(frequencies(posts, min_count))


def matrix(
    posts: Sequence[Iterable[str] | Mapping[str, float]], hashtags: Sequence[str]
) -> csr_matrix:
    """(posts, hashtags) float32: 1 for a hashtag of a post, or its weight where posts have them."""
    columns = {tag: column for column, tag in enumerate(hashtags)}
    rows: list[int] = []
    cols: list[int] = []
    values: list[float] = []
    for row, post in enumerate(posts):
        weighted = post if isinstance(post, Mapping) else dict.fromkeys(post, 1.0)
        for tag, weight in weighted.items():
            if tag in columns:
                rows.append(row)
                cols.append(columns[tag])
                values.append(weight)
    shape = (len(posts), len(hashtags))
    return csr_matrix((np.array(values, np.float32), (rows, cols)), shape=shape)


def popularity(counts: csr_matrix, weights: Floats | None = None) -> Floats:
    """(hashtags,) float32: share of rows, weighted or not, that carry each hashtag, never 0.

    Of photos where photos are learnt: each picture of an album is an example there.
    """
    carried = counts.sum(axis=0) if weights is None else weights @ counts
    rows = counts.shape[0] if weights is None else weights.sum()
    carried = np.asarray(carried, np.float32).ravel() + np.float32(0.5)
    return np.asarray(carried / (rows + 1), np.float32)


def lengths_of(posts: Sequence[Post]) -> NDArray[np.intp]:
    """(n,) how many hashtags each post carries."""
    return np.array([len(post.hashtags) for post in posts], np.intp)
