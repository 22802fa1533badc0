"""What people taught, beside what was fitted: photos with hashtags, and when two show the same."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

AT_ONCE = 512
"""Photos compared with all known ones at a time, when many are taught."""

COPIES = 0.97
"""Photos that are as near are copies, whatever people call them."""

FULLY = 0.5
"""How far from its surroundings to a taught photo itself another must come to count as the same."""


@dataclass(frozen=True)
class TaughtPhoto:
    """A photo that people tagged.

    Attributes:
        vector: (k,) unit, where it is among the known photos.
        factors: (f,) solved from its hashtags.
        columns: its hashtags.
        surroundings: the cosine at which other photos begin: a photo nearer than that shows the
            same scene, or is a copy.
    """

    vector: Floats
    factors: Floats
    columns: tuple[int, ...]
    surroundings: float


@dataclass(frozen=True)
class Taught:
    """Everything taught, as arrays. Replaced whole: a photo being answered sees old or new.

    Attributes:
        vectors, factors: (T, k) and (T, f) float32 of the photos.
        columns: (T,) tuples of hashtags.
        remainders: (T,) arrays: 1 minus what the factors say of each of these hashtags.
        surroundings: (T,) float32.
        hashtag_factors: (V + taught - fitted, f) float32 of the hashtags that the fit did not know.
    """

    vectors: Floats
    factors: Floats
    columns: tuple[tuple[int, ...], ...]
    remainders: tuple[Floats, ...]
    surroundings: Floats
    hashtag_factors: Floats


def sameness(cosine: float, surroundings: float) -> float:
    """How surely a photo shows what a taught one shows: 0 where others are as near, up to 1.

    Args:
        cosine: of the two photos.
        surroundings: the cosine at which other photos are found around the taught one.
    """
    room = max(1 - surroundings, 1e-6) * FULLY
    return float(np.clip((cosine - surroundings) / room, 0, 1))


def tell_apart(photos: dict[Hashable, TaughtPhoto], fresh: Sequence[Hashable]) -> None:
    """Taught photos with nothing in common are no copies of each other, however near.

    Among pictures of a kind that the fit did not have, screenshots say, all are near.
    """
    keys = list(photos)
    place = {key: row for row, key in enumerate(keys)}
    vectors = np.array([photo.vector for photo in photos.values()], np.float32)
    nearest_other = np.array([photo.surroundings for photo in photos.values()])
    carried = [set(photo.columns) for photo in photos.values()]
    raised: set[int] = set()
    for start in range(0, len(fresh), AT_ONCE):
        rows = np.array([place[key] for key in fresh[start : start + AT_ONCE]], np.intp)
        cosines = vectors[rows] @ vectors.T
        close = cosines > np.minimum(nearest_other[rows, None], nearest_other)
        for at, other in zip(*np.nonzero(close & (cosines < COPIES)), strict=True):
            row = int(rows[at])
            if carried[row].isdisjoint(carried[other]):
                for one in (row, int(other)):
                    nearest_other[one] = max(nearest_other[one], cosines[at, other])
                    raised.add(one)
    for row in raised:
        photo = photos[keys[row]]
        photos[keys[row]] = replace(photo, surroundings=float(nearest_other[row]))


def arrays_of(photos: Mapping[Hashable, TaughtPhoto], late: Floats, size: int) -> Taught:
    """Taught photos side by side, their remainders still to be computed."""
    all_of = list(photos.values())
    return Taught(
        np.stack([p.vector for p in all_of]) if all_of else np.zeros((0, size), np.float32),
        np.stack([p.factors for p in all_of])
        if all_of
        else np.zeros((0, late.shape[1]), np.float32),
        tuple(p.columns for p in all_of),
        (),
        np.array([p.surroundings for p in all_of], np.float32),
        late,
    )
