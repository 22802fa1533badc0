"""What people taught ALS in addition to the fit: photos with hashtags, and which of them are near.

Factors are solved in ``recommenders.als_lessons``.

A lesson has an audience: everybody (None), or one chat. Each audience has its own ``Taught``; a
chat's answers use everybody's and its own. So a lesson in one chat changes no other chat's answers,
and takes no longer to learn because of what others taught.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from recommenders.arrays import Doubles, Floats

_T = TypeVar("_T")

Audience = int | None
"""Whose answers a lesson affects: everybody's (None), or those of the chat with this id."""

BATCH = 512
"""Photos compared with all known ones at a time, when many are taught."""

COPY_COSINE = 0.97
"""Photos at least this near are copies, even where people tagged them differently."""

SAME_SCENE = 0.5
"""The fraction of the way from its surroundings to a taught photo at which sameness reaches 1."""


def audiences_for(audience: Audience) -> tuple[Audience, ...]:
    """Whose lessons count for an audience: everybody's, and its own."""
    return (None,) if audience is None else (None, audience)


@dataclass(frozen=True)
class Place:
    """A taught photo's position in the space of neighbours.

    Attributes:
        vector: (k,) unit.
        copy_cosine: the cosine of a copy: 1, or less where ``vector`` is only approximate.
    """

    vector: Floats
    copy_cosine: float = 1.0


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
    """What one audience was taught, as arrays. Replaced as a whole, for answers in other threads.

    Attributes:
        keys: (T,) of the photos.
        vectors, factors: (T, k) and (T, f) float32.
        columns: (T,) tuples of hashtags.
        surroundings: (T,) float32, the cosine of the nearest different photo: a nearer one shows
            the same scene, or is a copy. NaN until ``Lessons.look_around``.
        copy_cosine: (T,) float32; see ``Place``.
        gram: (f, f) float64, of the factors.
        hashtags: (h,) columns, ascending, of the hashtags new to the fit.
        hashtag_factors: (h, f) float32, theirs.
    """

    keys: tuple[Hashable, ...]
    vectors: Floats
    factors: Floats
    columns: tuple[tuple[int, ...], ...]
    surroundings: Floats
    copy_cosine: Floats
    gram: Doubles
    hashtags: NDArray[np.intp]
    hashtag_factors: Floats

    def remainders(self, photo: int, fitted_factors: Floats) -> Floats:
        """1 minus the reconstruction of each of a photo's hashtags from its factors, float32.

        Args:
            photo: its row.
            fitted_factors: (V, f) of the fit's hashtags.
        """
        columns = np.array(self.columns[photo], np.intp)
        fitted = columns < len(fitted_factors)
        factors = np.empty((len(columns), self.factors.shape[1]), np.float32)
        factors[fitted] = fitted_factors[columns[fitted]]
        factors[~fitted] = self.hashtag_factors[np.searchsorted(self.hashtags, columns[~fitted])]
        return np.asarray(np.clip(1 - factors @ self.factors[photo], 0, 1), np.float32)


def nothing_taught(size: int, factors: int) -> Taught:
    """An empty ``Taught`` for vectors (size,) and factors (factors,)."""
    return Taught(
        (),
        np.zeros((0, size), np.float32),
        np.zeros((0, factors), np.float32),
        (),
        np.zeros(0, np.float32),
        np.zeros(0, np.float32),
        np.zeros((factors, factors)),
        np.zeros(0, np.intp),
        np.zeros((0, factors), np.float32),
    )


def with_photos(taught: Taught, photos: Mapping[Hashable, TaughtPhoto | None]) -> Taught:
    """``taught`` with some photos changed, added, or forgotten (None).

    Changed and new photos come last; hashtags and their factors are unchanged.
    """
    changed = [row for row, key in enumerate(taught.keys) if key in photos]
    new = {key: photo for key, photo in photos.items() if photo is not None}
    size, factors = taught.vectors.shape[1], taught.factors.shape[1]
    vectors = np.array([photo.place.vector for photo in new.values()], np.float32)
    solved = np.array([photo.factors for photo in new.values()], np.float32).reshape(-1, factors)
    copy_cosines = np.array([photo.place.copy_cosine for photo in new.values()], np.float32)
    forgotten = taught.factors[changed].astype(np.float64)
    remaining = np.delete(np.arange(len(taught.keys)), changed)
    gram = taught.gram - forgotten.T @ forgotten if len(remaining) else np.zeros_like(taught.gram)
    return Taught(
        (*_without(taught.keys, changed), *new),
        _extended(taught.vectors, remaining, vectors.reshape(-1, size)),
        _extended(taught.factors, remaining, solved),
        (*_without(taught.columns, changed), *(photo.columns for photo in new.values())),
        _extended(taught.surroundings, remaining, np.full(len(new), np.nan, np.float32)),
        _extended(taught.copy_cosine, remaining, copy_cosines),
        gram + solved.astype(np.float64).T @ solved,
        taught.hashtags,
        taught.hashtag_factors,
    )


def _without(values: tuple[_T, ...], rows: Sequence[int]) -> list[_T]:
    remaining = list(values)
    for row in reversed(rows):
        del remaining[row]
    return remaining


def _extended(values: Floats, remaining: NDArray[np.intp], new: Floats) -> Floats:
    """Some rows of an array, then new ones."""
    extended = np.empty((len(remaining) + len(new), *values.shape[1:]), values.dtype)
    np.take(values, remaining, axis=0, out=extended[: len(remaining)], mode="clip")
    extended[len(remaining) :] = new
    return extended


def sameness(cosine: float, surroundings: float, copy_cosine: float) -> float:
    """How surely a photo shows the same scene as a taught one: 0 where others are as near, up to 1.

    Args:
        cosine: of the two photos.
        surroundings: the cosine of the taught one with the nearest different photo.
        copy_cosine: the cosine of the taught one with a copy.
    """
    room = max(copy_cosine - surroundings, 1e-6) * SAME_SCENE
    return float(np.clip((cosine - surroundings) / room, 0, 1))


def narrowed_surroundings(
    photo: int, vectors: Floats, columns: Sequence[tuple[int, ...]], surroundings: float
) -> float:
    """The surroundings of a taught photo, with other taught photos taken into account.

    Taught photos without a common hashtag are different scenes, however near: kinds of pictures
    that the fit lacks, screenshots say, are all near one another.

    Args:
        photo: its row in ``vectors``.
        vectors: (m, k) unit vectors of taught photos near the photo that is answered.
        columns: (m,) their hashtags.
        surroundings: among the photos of the fit.
    """
    own = set(columns[photo])
    cosines = vectors @ vectors[photo]
    for other in np.flatnonzero((cosines > surroundings) & (cosines < COPY_COSINE)):
        if own.isdisjoint(columns[int(other)]):
            surroundings = max(surroundings, float(cosines[other]))
    return surroundings
