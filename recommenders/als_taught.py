"""What people taught ALS, beside what was fitted: photos with hashtags, and which of them are near.

Everything here is about the photos alone; their factors are solved in ``recommenders.als``.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from recommenders.arrays import Floats

BATCH = 512
"""Photos compared with all known ones at a time, when many are taught."""

COPY_COSINE = 0.97
"""Photos that are as near are copies, whatever people call them."""

SAME_SCENE = 0.5
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
        itself: the cosine of a copy: 1, or less where ``vector`` is but nearly the photo's own.
    """

    vector: Floats
    factors: Floats
    columns: tuple[int, ...]
    surroundings: float
    itself: float = 1.0


@dataclass(frozen=True)
class Taught:
    """Everything taught, as arrays. Replaced whole: a photo being answered sees old or new.

    Attributes:
        vectors, factors: (T, k) and (T, f) float32 of the photos.
        columns: (T,) tuples of hashtags.
        remainders: (T,) arrays: 1 minus what the factors give back of each of these hashtags.
        surroundings, itself: (T,) float32.
        hashtag_factors: (V + taught - fitted, f) float32 of the hashtags that the fit did not know.
    """

    vectors: Floats
    factors: Floats
    columns: tuple[tuple[int, ...], ...]
    remainders: tuple[Floats, ...]
    surroundings: Floats
    itself: Floats
    hashtag_factors: Floats


def sameness(cosine: float, surroundings: float, itself: float = 1.0) -> float:
    """How surely a photo shows what a taught one shows: 0 where others are as near, up to 1.

    Args:
        cosine: of the two photos.
        surroundings: the cosine at which other photos begin around the taught one.
        itself: the cosine of a copy of the taught one.
    """
    room = max(itself - surroundings, 1e-6) * SAME_SCENE
    return float(np.clip((cosine - surroundings) / room, 0, 1))


def narrow_surroundings(photos: dict[Hashable, TaughtPhoto], new: Sequence[Hashable]) -> None:
    """Sees to it that taught photos with no hashtag in common are not taken for the same scene.

    Among pictures of a kind that the fit did not have, screenshots say, all are near.

    Args:
        photos: all taught ones; replaced where their surroundings come nearer.
        new: keys of those that were taught last.
    """
    keys = list(photos)
    place = {key: row for row, key in enumerate(keys)}
    vectors = np.array([photo.vector for photo in photos.values()], np.float32)
    surroundings = np.array([photo.surroundings for photo in photos.values()])
    hashtags = [set(photo.columns) for photo in photos.values()]
    changed: set[int] = set()
    for start in range(0, len(new), BATCH):
        rows = np.array([place[key] for key in new[start : start + BATCH]], np.intp)
        cosines = vectors[rows] @ vectors.T
        near = cosines > np.minimum(surroundings[rows, None], surroundings)
        for at, other in zip(*np.nonzero(near & (cosines < COPY_COSINE)), strict=True):
            row = int(rows[at])
            if hashtags[row].isdisjoint(hashtags[other]):
                for one in (row, int(other)):
                    surroundings[one] = max(surroundings[one], cosines[at, other])
                    changed.add(one)
    for row in changed:
        photo = photos[keys[row]]
        photos[keys[row]] = replace(photo, surroundings=float(surroundings[row]))


def side_by_side(
    photos: Mapping[Hashable, TaughtPhoto], hashtag_factors: Floats, size: int
) -> Taught:
    """Taught photos as arrays, their remainders still to be computed.

    Args:
        hashtag_factors: as in ``Taught``.
        size: k, of the photos' vectors.
    """
    rows = list(photos.values())
    return Taught(
        np.array([photo.vector for photo in rows], np.float32).reshape(-1, size),
        np.array([photo.factors for photo in rows], np.float32).reshape(
            -1, hashtag_factors.shape[1]
        ),
        tuple(photo.columns for photo in rows),
        (),
        np.array([photo.surroundings for photo in rows], np.float32),
        np.array([photo.itself for photo in rows], np.float32),
        hashtag_factors,
    )
