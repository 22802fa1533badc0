"""The pictures of an album are one post: they count once, and are held out together."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from training.datasets.format import Post


def first_pictures(albums: Sequence[object | None]) -> list[int]:
    """By picture, the row of its album's first one; its own where it has no album.

    Args:
        albums: (n,) each picture's album, None for a picture of its own.
    """
    first_of: dict[object, int] = {}
    return [
        row if album is None else first_of.setdefault(album, row)
        for row, album in enumerate(albums)
    ]


def whole_posts(posts: Iterable[Post]) -> list[Post]:
    """The posts, with the pictures of an album as one that carries all their hashtags.

    Its likes are those of the first picture that has any.
    """
    posts = list(posts)
    whole: dict[int, Post] = {}
    for row, post in zip(first_pictures([post.album for post in posts]), posts, strict=True):
        first = whole.setdefault(row, post)
        if (first.hashtags, first.likes) != (post.hashtags, post.likes):
            hashtags = tuple(dict.fromkeys(first.hashtags + post.hashtags))
            likes = post.likes if first.likes is None else first.likes
            whole[row] = replace(first, hashtags=hashtags, likes=likes)
    return list(whole.values())


def held_apart(
    order: NDArray[np.intp], albums: Sequence[object | None], count: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Splits pictures in two such that no album is on both sides.

    Args:
        order: (n,) a permutation of the pictures' rows; the first ones are held out.
        albums: (n,) as of ``first_pictures``.
        count: how many to hold out, and then the rest of the last one's album; one album less if
            none would be left to fit on. Where all are one album, it is split.

    Returns:
        Rows left to fit on, and rows held out, both ascending.
    """
    # An album takes the place of its first picture, so that its size does not matter.
    places = np.argsort(order)[first_pictures(albums)]
    order = np.argsort(places, kind="stable")
    starts = np.flatnonzero(np.diff(places[order])) + 1
    if count and len(starts):
        count = starts[min(int(np.searchsorted(starts, count)), len(starts) - 1)]
    return np.sort(order[count:]), np.sort(order[:count])
