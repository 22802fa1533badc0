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
        order: rows of the pictures that may be held out, the first ones before the others.
        albums: (n,) as of ``first_pictures``.
        count: the most to hold out. Albums larger than what is left of it are passed over, lest one
            be most of the pictures; the smallest is held out where nothing else can be. Where all
            are one album, it is split.

    Returns:
        Rows left to fit on, at least one, and rows held out, both ascending.
    """
    post_of = np.array(first_pictures(albums), np.intp)
    sizes = np.bincount(post_of, minlength=len(albums))
    # An album takes the place of its first picture, so that its size does not matter.
    posts = [row for row in order if post_of[row] == row]
    left = min(count, len(albums) - 1)
    chosen: list[int] = []
    for post in posts:
        if 0 < sizes[post] <= left:
            chosen.append(post)
            left -= sizes[post]
    if left > 0 and not chosen:
        smallest = min(posts, key=lambda post: sizes[post])
        if sizes[smallest] == len(albums):
            return np.sort(order[left:]), np.sort(order[:left])
        chosen = [smallest]
    apart = np.isin(post_of, chosen)
    return np.flatnonzero(~apart), np.flatnonzero(apart)
