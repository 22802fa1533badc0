"""Ratings by likes: what each use of a hashtag earned compared with its other uses.

A post's likes are divided among its hashtags (adj_likes = likes / hashtags of the post). For each
hashtag they are scaled to 0..1 over its uses, and a use's rating is ln(uses) times that: uses of
more frequent hashtags count more, and a hashtag used once says nothing.

This scale compares the uses of one hashtag; hashtags are compared with one another by
``training.fitting.ratings.earnings``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommenders.arrays import Doubles


@dataclass(frozen=True)
class Uses:
    """Uses of hashtags in posts with known likes.

    Attributes:
        hashtag: (U,) int, columns of the vocabulary.
        likes: (U,) float64, of the post.
        post_hashtags: (U,) int, how many hashtags the post has.
        hashtags: how many hashtags the vocabulary has.
    """

    hashtag: NDArray[np.integer]
    likes: Doubles
    post_hashtags: NDArray[np.integer]
    hashtags: int

    @property
    def counts(self) -> NDArray[np.int64]:
        """(V,) uses of each hashtag."""
        return np.bincount(self.hashtag, minlength=self.hashtags)

    @property
    def adj_likes(self) -> Doubles:
        """(U,) likes / hashtags of the post."""
        return np.asarray(self.likes / self.post_hashtags, np.float64)

    def rows_of(self, column: int) -> NDArray[np.intp]:
        """The indices of one hashtag's uses, in order."""
        return np.flatnonzero(self.hashtag == column)


def normalised_likes(uses: Uses) -> Doubles:
    """adj_likes scaled from 0, the hashtag's lowest use, to 1, its highest: (U,) float64.

    0 for a hashtag used once, or whose uses all earned the same.
    """
    adj_likes = uses.adj_likes
    lowest = np.full(uses.hashtags, np.inf)
    highest = np.full(uses.hashtags, -np.inf)
    np.minimum.at(lowest, uses.hashtag, adj_likes)
    np.maximum.at(highest, uses.hashtag, adj_likes)
    low, high = lowest[uses.hashtag], highest[uses.hashtag]
    normalised = np.zeros(len(low))
    np.divide(adj_likes - low, high - low, out=normalised, where=high > low)
    return normalised


def ratings(uses: Uses) -> Doubles:
    """The rating of every use, (U,) float64 from 0 to ln(uses of its hashtag)."""
    return np.asarray(np.log(uses.counts[uses.hashtag]) * normalised_likes(uses))


def mean_of_uses(uses: Uses, values: Doubles) -> Doubles:
    """The mean of ``values`` (U,) over each hashtag's uses, (V,) float64; NaN without uses."""
    sums, counts = np.bincount(uses.hashtag, values, uses.hashtags), uses.counts
    means = np.full(uses.hashtags, np.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    return means
