"""The pictures of an album are one post: they count once, and are held out together."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from training.datasets.format import Post


def whole_posts(posts: Iterable[Post]) -> list[Post]:
    """The posts, with the pictures of an album as one that carries all their hashtags."""
    whole: dict[str | int, Post] = {}
    for number, post in enumerate(posts):
        key = number if post.album is None else post.album
        first = whole.setdefault(key, post)
        if first.hashtags != post.hashtags:
            whole[key] = replace(
                first, hashtags=tuple(dict.fromkeys(first.hashtags + post.hashtags))
            )
    return list(whole.values())


def held_apart(
    order: NDArray[np.intp], albums: Sequence[object | None], count: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Splits pictures in two such that no album is on both sides.

    Args:
        order: (n,) a permutation of the pictures' rows; the first ones are held out.
        albums: (n,) each picture's album, None for a picture of its own.
        count: how many to hold out, and then the rest of the last one's album; one album less if
            none would be left to fit on. Where all are one album, it is split.

    Returns:
        Rows left to fit on, and rows held out, both ascending.
    """
    # An album takes the place of its first picture, so that its size does not matter.
    first_of: dict[object, int] = {}
    first = [
        row if album is None else first_of.setdefault(album, row)
        for row, album in enumerate(albums)
    ]
    places = np.argsort(order)[first]
    order = np.argsort(places, kind="stable")
    starts = np.flatnonzero(np.diff(places[order])) + 1
    if count and len(starts):
        count = starts[min(int(np.searchsorted(starts, count)), len(starts) - 1)]
    return np.sort(order[count:]), np.sort(order[:count])
