"""Sizes of hashtags: by a platform's counts of posts where they are known, else by the corpus."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

NICHE, MIDDLE, BROAD = range(3)
MIDDLE_POSTS = (100_000, 10_000_000)
"""From and up to how many posts a hashtag is of the middle size: there a post is found and not
drowned."""


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
    sizes = np.where(3 * more_used < total, BROAD, np.where(3 * more_used < 2 * total, 1, 0))
    return sizes[place].astype(np.int8)


def size_by_posts(posts: NDArray[np.integer]) -> NDArray[np.int8]:
    """Sizes by a platform's counts of posts, (V,) int8: 0 niche, 1 middle, 2 broad."""
    low, high = MIDDLE_POSTS
    return ((posts >= low).astype(np.int8) + (posts > high)).astype(np.int8)


def sizes(
    hashtags: Sequence[str], uses: NDArray[np.integer], posts: Mapping[str, int] | None = None
) -> NDArray[np.int8]:
    """Sizes of a vocabulary, (V,) int8, by posts where they are known and else by rank.

    Args:
        uses: (V,) uses in the corpus.
        posts: a platform's count by hashtag, where it is known.
    """
    by_rank = size_of(uses)
    if not posts:
        return by_rank
    known = np.array([posts.get(tag, -1) for tag in hashtags], np.int64)
    return np.where(known >= 0, size_by_posts(known), by_rank).astype(np.int8)
