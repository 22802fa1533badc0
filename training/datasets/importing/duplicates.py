"""The same photo posted twice: found by fingerprints, and joined into one post.

The average hash proposes, the perceptual hash and the colours confirm (``recommenders.copies``).
Measured on 19,418 photos: of their copies 99.97 % are found at quality 60 and two thirds of the
size, 99.88 % at quality 40 and half the size. Of the 44,418 pairs of different photos that the
average hash proposes ten are taken for one, nearly all of them frames of the same webcam.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from pathlib import Path

import numpy as np

from recommenders import copies
from training.datasets.format import Post
from training.datasets.importing.fingerprints import Fingerprint


def number_photos(fingerprints: Sequence[Fingerprint]) -> list[int]:
    """Which photo each fingerprint is of: 0, 1, 2, … in order of the first; copies share one."""
    numbers: list[int] = []
    by_digest: dict[bytes, int] = {}
    size = len(fingerprints)
    averages = np.empty(size, np.int64)
    perceptual = np.empty((size, copies.PERCEPTUAL_BITS // 8), np.uint8)
    colours = np.empty((size, copies.COLOURS), np.uint8)
    count = 0
    for one in fingerprints:
        number = by_digest.get(one.digest)
        if number is None:
            near = copies.nearest(one.hashes.average, averages[:count])
            bits = copies.perceptual_distances(one.hashes.perceptual, perceptual[near])
            apart = copies.colour_differences(one.colours, colours[near])
            if (best := copies.most_alike_by_colours(bits, apart)) is not None:
                number = int(near[best])
            else:
                number = count
                averages[number] = copies.signed(one.hashes.average)
                perceptual[number] = np.frombuffer(copies.packed(one.hashes.perceptual), np.uint8)
                colours[number] = one.colours
                count += 1
            by_digest[one.digest] = number
        numbers.append(number)
    return numbers


def join(first: Post, other: Post) -> Post:
    """One post of two with the same photo: all hashtags, the larger likes, else what is known."""
    likes = [post.likes for post in (first, other) if post.likes is not None]
    return replace(
        first,
        hashtags=tuple(dict.fromkeys(first.hashtags + other.hashtags)),
        image=first.image or other.image,
        likes=max(likes, default=None),
        split=first.split or other.split,
        posted_at=first.posted_at or other.posted_at,
        search_hashtag=first.search_hashtag or other.search_hashtag,
        album=first.album or other.album,
    )


def join_duplicates(posts: Iterable[Post], fingerprints: Mapping[Path, Fingerprint]) -> list[Post]:
    """Posts of one photo joined, in order of the first; one without a photo stays as it is."""
    numbers = dict(zip(fingerprints, number_photos([*fingerprints.values()]), strict=True))
    groups: dict[object, list[Post]] = {}
    for post in posts:
        # Without a photo the key is like no other.
        key = object() if post.image is None else numbers[post.image]
        groups.setdefault(key, []).append(post)
    return [reduce(join, group) for group in groups.values()]
