"""Sizes of hashtags: by a platform's counts of posts where they are known, else by the corpus."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from recommenders.answers import MIDDLE_POSTS

NICHE, MIDDLE, BROAD = range(3)


def size_of(uses: NDArray[np.integer]) -> NDArray[np.int8]:
    """Sizes by rank in the corpus, (V,) int8: 0 niche, 1 middle, 2 broad.

    A few hashtags make up most of what is posted: the most used ones that make up the first third
    of all uses are broad, those of the second third middle, all others niche. Hashtags used equally
    often are of one size.

    Args:
        uses: (V,) how often each hashtag is used.
    """
    values, place = np.unique(uses, return_inverse=True)
    of_value = values * np.bincount(place, minlength=len(values))
    more_used = of_value[::-1].cumsum()[::-1] - of_value
    total = of_value.sum()
    sizes = np.where(
        3 * more_used < total, BROAD, np.where(3 * more_used < 2 * total, MIDDLE, NICHE)
    )
    return sizes[place].astype(np.int8)


def size_by_posts(posts: NDArray[np.integer]) -> NDArray[np.int8]:
    """Sizes by a platform's counts of posts, (V,) int8: 0 niche, 1 middle, 2 broad."""
    low, high = MIDDLE_POSTS
    return ((posts >= low).astype(np.int8) + (posts > high)).astype(np.int8)


def known_posts(
    hashtags: Sequence[str], post_counts: Mapping[str, int]
) -> NDArray[np.int64] | None:
    """A platform's counts of a vocabulary, (V,) int64, -1 where unknown; None where all are."""
    posts = np.array([post_counts.get(tag, -1) for tag in hashtags], np.int64)
    return posts if (posts >= 0).any() else None


def sizes(uses: NDArray[np.integer], posts: NDArray[np.integer] | None = None) -> NDArray[np.int8]:
    """Sizes of a vocabulary, (V,) int8, by posts where they are known and else by rank.

    Args:
        uses: (V,) uses in the corpus.
        posts: (V,) a platform's counts, -1 where unknown; see ``known_posts``.
    """
    by_rank = size_of(uses)
    if posts is None:
        return by_rank
    return np.where(posts >= 0, size_by_posts(posts), by_rank).astype(np.int8)
