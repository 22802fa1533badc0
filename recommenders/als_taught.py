"""What people taught ALS, beside what was fitted: photos with hashtags, and which of them are near.

Everything here is about the photos alone; their factors are solved in ``recommenders.als``.

Whom a lesson is for is its audience: everybody (None), or one chat. Each audience has its own
``Taught``; a chat is answered by everybody's and its own, and by nobody else's. So what one chat
was taught changes no other chat's answers, and learning it takes no longer for what others taught.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommenders.arrays import Floats

Audience = int | None
"""Who is answered by what was taught: everybody (None), or the chat of this number."""

BATCH = 512
"""Photos compared with all known ones at a time, when many are taught."""

COPY_COSINE = 0.97
"""Photos that are as near are copies, whatever people call them."""

SAME_SCENE = 0.5
"""How far from its surroundings to a taught photo itself another must come to count as the same."""


@dataclass(frozen=True)
class Place:
    """Where a photo is among those of the fit.

    Attributes:
        vector: (k,) unit.
        factors: (f,) the mean of its neighbours' factors.
        surroundings: the cosine at which other photos begin: a photo nearer than that shows the
            same scene, or is a copy.
        itself: the cosine of a copy: 1, or less where ``vector`` is but nearly the photo's own.
    """

    vector: Floats
    factors: Floats
    surroundings: float
    itself: float = 1.0


@dataclass(frozen=True)
class TaughtPhoto:
    """A photo that people tagged.

    Attributes:
        factors: (f,) solved from its hashtags.
        columns: its hashtags.
    """

    place: Place
    factors: Floats
    columns: tuple[int, ...]


@dataclass(frozen=True)
class Taught:
    """What one audience was taught, as arrays. Replaced whole: an answer sees old or new.

    Attributes:
        keys: (T,) of the photos.
        vectors, factors: (T, k) and (T, f) float32.
        columns: (T,) tuples of hashtags.
        remainders: (T,) arrays: 1 minus what the factors give back of each of these hashtags.
        surroundings, itself: (T,) float32.
        hashtags: (h,) columns, rising, of those hashtags that the fit did not know.
        hashtag_factors: (h, f) float32 of them.
    """

    keys: tuple[Hashable, ...]
    vectors: Floats
    factors: Floats
    columns: tuple[tuple[int, ...], ...]
    remainders: tuple[Floats, ...]
    surroundings: Floats
    itself: Floats
    hashtags: NDArray[np.intp]
    hashtag_factors: Floats


def nothing_taught(size: int, factors: int) -> Taught:
    """No photos, of vectors (size,) and factors (factors,)."""
    return Taught(
        (),
        np.zeros((0, size), np.float32),
        np.zeros((0, factors), np.float32),
        (),
        (),
        np.zeros(0, np.float32),
        np.zeros(0, np.float32),
        np.zeros(0, np.intp),
        np.zeros((0, factors), np.float32),
    )


def with_photos(
    taught: Taught, photos: Mapping[Hashable, TaughtPhoto | None]
) -> tuple[Taught, list[int]]:
    """What is taught with some photos changed, added, or forgotten (None).

    Returns:
        It, with the remainders of unchanged photos and empty ones for the others, which come last;
        hashtags and their factors are as before. And the rows whose remainders are missing.
    """
    rest = [row for row, key in enumerate(taught.keys) if key not in photos]
    new = {key: photo for key, photo in photos.items() if photo is not None}
    size, factors = taught.vectors.shape[1], taught.factors.shape[1]
    vectors = np.array([photo.place.vector for photo in new.values()], np.float32)
    solved = np.array([photo.factors for photo in new.values()], np.float32)
    near = np.array([photo.place.surroundings for photo in new.values()], np.float32)
    itself = np.array([photo.place.itself for photo in new.values()], np.float32)
    changed = Taught(
        (*(taught.keys[row] for row in rest), *new),
        np.concatenate([taught.vectors[rest], vectors.reshape(-1, size)]),
        np.concatenate([taught.factors[rest], solved.reshape(-1, factors)]),
        (*(taught.columns[row] for row in rest), *(photo.columns for photo in new.values())),
        (*(taught.remainders[row] for row in rest), *(np.zeros(0, np.float32) for _ in new)),
        np.concatenate([taught.surroundings[rest], near]),
        np.concatenate([taught.itself[rest], itself]),
        taught.hashtags,
        taught.hashtag_factors,
    )
    return changed, list(range(len(rest), len(changed.keys)))


def sameness(cosine: float, surroundings: float, itself: float = 1.0) -> float:
    """How surely a photo shows what a taught one shows: 0 where others are as near, up to 1.

    Args:
        cosine: of the two photos.
        surroundings: the cosine at which other photos begin around the taught one.
        itself: the cosine of a copy of the taught one.
    """
    room = max(itself - surroundings, 1e-6) * SAME_SCENE
    return float(np.clip((cosine - surroundings) / room, 0, 1))


def narrowed_surroundings(
    photo: int, vectors: Floats, columns: Sequence[tuple[int, ...]], surroundings: float
) -> float:
    """The surroundings of a taught photo among others that lie around the same photo.

    Taught photos with no hashtag in common are not taken for the same scene: among pictures of a
    kind that the fit did not have, screenshots say, all are near.

    Args:
        photo: its row among the others.
        vectors: (m, k) unit vectors.
        columns: (m,) their hashtags.
        surroundings: among the photos of the fit.
    """
    own = set(columns[photo])
    cosines = vectors @ vectors[photo]
    for other in np.flatnonzero((cosines > surroundings) & (cosines < COPY_COSINE)):
        if own.isdisjoint(columns[int(other)]):
            surroundings = max(surroundings, float(cosines[other]))
    return surroundings
