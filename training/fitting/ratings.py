"""Ratings by likes: what the uses of a hashtag earn."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recommenders.arrays import Doubles, Floats
from recommenders.ratings import Uses
from training.datasets.format import Post

DOUBT = 10.0
"""Uses at which a hashtag's own likes weigh as much as the overall median."""
FLOOR = 0.25
"""The factor of the hashtag that earns least; the one that earns most has 1. It bounds what likes
can do against relevance."""


def uses_of(posts: Sequence[Post], hashtags: Sequence[str]) -> Uses:
    """The uses of a vocabulary's hashtags; posts whose likes are unknown or hidden are left out."""
    return uses_and_posts(posts, hashtags)[0]


def uses_and_posts(
    posts: Sequence[Post], hashtags: Sequence[str]
) -> tuple[Uses, NDArray[np.int64]]:
    """As ``uses_of``, and the row of each use's post, (U,)."""
    column = {tag: index for index, tag in enumerate(hashtags)}
    uses = [
        (column[tag], post.likes, len(post.hashtags), row)
        for row, post in enumerate(posts)
        if post.likes is not None and post.likes >= 0
        for tag in post.hashtags
        if tag in column
    ]
    tags, likes, lengths, rows = zip(*uses, strict=True) if uses else ((), (), (), ())
    found = Uses(
        np.array(tags, np.int64),
        np.array(likes, np.float64),
        np.array(lengths, np.int64),
        len(hashtags),
    )
    return found, np.array(rows, np.int64)


def median_likes(uses: Uses) -> Doubles:
    """The median likes of the posts that carry each hashtag, (V,) float64; NaN where unknown."""
    return _medians(uses, uses.likes)


def earnings(uses: Uses) -> Floats:
    """The factor by which style ``popular`` multiplies each hashtag's relevance.

    It is the hashtag's rank, from ``FLOOR`` to 1, by the median of its posts' log likes (one lucky
    post does not lift it), shrunk towards the overall median if uses are few. Ranks, because likes
    span orders of magnitude and would drown relevance.

    Returns:
        (V,) float32; all ones where no likes are known.
    """
    counts = uses.counts
    if not counts.any():
        return np.ones(uses.hashtags, np.float32)
    logs = np.log1p(uses.likes)
    overall = float(np.median(logs))
    own = np.where(counts > 0, _medians(uses, logs), overall)
    shrunk = (counts * own + DOUBT * overall) / (counts + DOUBT)
    if np.ptp(shrunk) < 1e-9:
        return np.ones(uses.hashtags, np.float32)
    return (FLOOR + (1 - FLOOR) * _ranks(shrunk)).astype(np.float32)


def _medians(uses: Uses, values: Doubles) -> Doubles:
    """(V,) the median of ``values`` over each hashtag's uses; NaN where it has none."""
    counts = uses.counts
    ordered = values[np.lexsort((values, uses.hashtag))]
    start = np.cumsum(counts) - counts
    medians = np.full(uses.hashtags, np.nan)
    used = counts > 0
    lower, upper = (start + (counts - 1) // 2)[used], (start + counts // 2)[used]
    medians[used] = (ordered[lower] + ordered[upper]) / 2
    return medians


def _ranks(values: Doubles) -> Doubles:
    """Ranks from 0 to 1; equal values share one."""
    distinct, place = np.unique(values.round(12), return_inverse=True)
    if len(distinct) == 1:
        return np.ones(len(values))
    counts = np.bincount(place)
    below = np.cumsum(counts) - counts
    ranks = below + (counts - 1) / 2
    return np.asarray(((ranks - ranks[0]) / (ranks[-1] - ranks[0]))[place])
