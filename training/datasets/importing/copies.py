"""The same photo posted twice: found by fingerprints, and joined into one post.

Measured on 4,999 and 6,439 different photos and three re-encoded copies of each (down to half the
size at JPEG quality 40): at least 99.9 % of the copies agree, and of the 11,462 pairs of
different photos that the average hash proposes two do, both of them the same picture in truth.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from recommenders.copies import MAX_CANDIDATES, MAX_DISTANCE, bands, distance
from training.datasets.format import Post
from training.datasets.importing.fingerprints import Fingerprint

MIN_CORRELATION = 0.97
"""Of two 32×32 grey thumbnails. Copies: at least 0.974; other pairs this dark or bright: 0.945."""
MAX_DIFFERENCE = 10.0
"""Mean difference of two thumbnails, of 255. Copies: at most 8; other pairs mostly over 20."""
MAX_STRETCH = 0.03
"""How much the aspect ratios may differ, as a share."""


class Copies:
    """Fingerprints seen so far; finds the one that a new photo is a copy of.

    The hash is cut into bands as in `recommenders.copies`: near hashes share one band at least.
    """

    def __init__(self) -> None:
        self._seen: list[Fingerprint] = []
        self._digests: dict[bytes, int] = {}
        self._bands: defaultdict[tuple[int, int], list[int]] = defaultdict(list)

    def find_or_add(self, fingerprint: Fingerprint) -> int:
        """The number of the photo this is a copy of, or a new number: 0, 1, 2, …"""
        known = self._digests.get(fingerprint.digest)
        if known is None:
            known = self._nearest(fingerprint)
        if known is None:
            known = len(self._seen)
            self._seen.append(fingerprint)
            for band in enumerate(bands(fingerprint.hash)):
                self._bands[band].append(known)
        self._digests[fingerprint.digest] = known
        return known

    def _nearest(self, fingerprint: Fingerprint) -> int | None:
        proposed = {
            number
            for band in enumerate(bands(fingerprint.hash))
            for number in self._bands.get(band, ())
        }
        near = sorted(
            (apart, number)
            for number in proposed
            if (apart := distance(fingerprint.hash, self._seen[number].hash)) <= MAX_DISTANCE
            and abs(fingerprint.aspect / self._seen[number].aspect - 1) <= MAX_STRETCH
        )
        numbers = [number for _, number in near[:MAX_CANDIDATES]]
        if not numbers:
            return None
        others = np.stack([self._seen[number].thumbnail for number in numbers])
        alike = correlations(fingerprint.thumbnail, others)
        best = int(alike.argmax())
        return numbers[best] if alike[best] >= MIN_CORRELATION else None


def correlations(thumbnail: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How alike a thumbnail (d,) is to each of others (n, d): (n,) float32, -1 … 1.

    0 where the pixels differ too much for a copy, or where a picture is one flat grey, of which
    nothing can be told.
    """
    one = thumbnail.astype(np.float32)
    many = others.astype(np.float32)
    apart = np.abs(many - one).mean(axis=1)
    one -= one.mean()
    many -= many.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(many, axis=1) * np.linalg.norm(one)
    alike = np.zeros(len(many), np.float32)
    np.divide(many @ one, lengths, out=alike, where=(lengths > 0) & (apart <= MAX_DIFFERENCE))
    return alike


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


def join_all(posts: Iterable[Post]) -> Post:
    """`join` of several, in order."""
    several = iter(posts)
    joined = next(several)
    for post in several:
        joined = join(joined, post)
    return joined
