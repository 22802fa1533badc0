"""How ALS learns what people tag: at once, without a refit, and only what is new.

A photo joins by the method's own normal equation with the hashtag factors fixed, and a hashtag that
the fit did not know by the same equation with the photo factors fixed.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from recommenders.als_fit import FittedAls, solve, solve_few, weighted_mean
from recommenders.als_taught import (
    BATCH,
    Audience,
    Place,
    Taught,
    TaughtPhoto,
    nothing_taught,
    with_photos,
)
from recommenders.arrays import Floats, softmax
from recommenders.nearest import nearest

COPIES = 4
"""A taught photo, its mirror image and its copies may be among the known ones: the nearest after
so many is another photo."""


class Lessons:
    """What each audience was taught, beside a fit.

    Attributes:
        fitted_factors: (V, f) of the hashtags that the fit knows; others are solved from the
            photos that carry them.
    """

    def __init__(self, fitted: FittedAls) -> None:
        self.fitted_factors = fitted.hashtag_factors[: fitted.fitted_hashtags]
        self._settings = fitted.settings
        self._space = fitted.space
        self._photos, self._photo_factors = fitted.photos, fitted.photo_factors
        self._photo_gram = self._photo_factors.T @ self._photo_factors
        self._places: dict[Hashable, Place] = {}
        self._audiences: dict[Hashable, frozenset[Audience]] = {}
        # Replaced whole, the size of the vocabulary with what has so many hashtags.
        self._now: tuple[int, Mapping[Audience, Taught]] = (len(fitted.hashtag_factors), {})

    def of(self, audiences: Collection[Audience]) -> tuple[int, tuple[Taught, ...]]:
        """The size of the vocabulary, and what some audiences were taught."""
        hashtags, by_audience = self._now
        return hashtags, tuple(by_audience[who] for who in audiences if who in by_audience)

    def learn(
        self,
        photos: Mapping[Hashable, tuple[Floats | None, Mapping[Audience, Sequence[int]]]],
        hashtags: int,
        itself: Mapping[Hashable, float] = MappingProxyType({}),
    ) -> None:
        """Takes photos that people tagged, at once and without a refit.

        It takes as long as these photos need, whatever else was taught.

        Args:
            photos: key to features (dims,) and the columns of its hashtags by audience. A key that
                was taught before is replaced, needs no features, and is forgotten where there are
                no hashtags; another without features is passed over.
            hashtags: the size of the vocabulary, taught hashtags at its end.
            itself: of photos whose features are but nearly their own: see ``Place``.
        """
        self._place({key: features for key, (features, _) in photos.items()}, itself)
        by_audience = dict(self._now[1])
        changes: dict[Audience, dict[Hashable, tuple[int, ...]]] = {}
        for key, (_, lessons) in photos.items():
            before = self._audiences.pop(key, frozenset())
            now = frozenset(who for who, columns in lessons.items() if columns)
            for who in before | now if key in self._places else before:
                columns = tuple(dict.fromkeys(lessons.get(who, ())))
                changes.setdefault(who, {})[key] = columns
            if now and key in self._places:
                self._audiences[key] = now
            else:
                self._places.pop(key, None)
        for who, lesson in changes.items():
            taught = self._with_lesson(by_audience.pop(who, self._nothing), lesson)
            if taught.keys:
                by_audience[who] = taught
        self._now = (hashtags, by_audience)

    def look_around(self, taught: Taught, photos: Sequence[int]) -> None:
        """Fills in the surroundings of some photos, rows of what an audience was taught.

        Not when they are taught: of all that are, few are ever near another photo.
        """
        unknown = [row for row in photos if np.isnan(taught.surroundings[row])]
        if unknown:
            _, cosines = nearest(taught.vectors[unknown], self._photos, COPIES + 1)
            # The photo itself, or its mirror image, may be among the known ones.
            taught.surroundings[unknown] = cosines[:, COPIES:].max(axis=1, initial=0.0)

    @property
    def _nothing(self) -> Taught:
        return nothing_taught(self._photos.shape[1], self.fitted_factors.shape[1])

    @cached_property
    def _inverse(self) -> NDArray[np.float64]:
        """(f, f), of the normal equation's part that all photos share."""
        factors = self.fitted_factors.astype(np.float64)
        identity = np.eye(factors.shape[1])
        gram = factors.T @ factors + self._settings.regularization * identity
        return np.asarray(np.linalg.inv(gram), np.float64)

    def _place(
        self, photos: Mapping[Hashable, Floats | None], itself: Mapping[Hashable, float]
    ) -> None:
        """Notes where photos are."""
        features = {key: row for key, row in photos.items() if row is not None}
        keys = list(features)
        for start in range(0, len(keys), BATCH):
            some = keys[start : start + BATCH]
            vectors = self._space.project(np.stack([features[key] for key in some]))
            for key, vector in zip(some, vectors, strict=True):
                self._places[key] = Place(vector, itself.get(key, 1.0))

    def _solved(self, photos: Mapping[Hashable, tuple[int, ...]]) -> dict[Hashable, TaughtPhoto]:
        """Photos with factors of their hashtags; the fit's hashtags keep their factors."""
        by_length: dict[int, dict[Hashable, tuple[int, ...]]] = {}
        for key, columns in photos.items():
            fitted = tuple(c for c in columns if c < len(self.fitted_factors))
            by_length.setdefault(len(fitted), {})[key] = fitted
        solved: dict[Hashable, TaughtPhoto] = {}
        for length, alike in by_length.items():
            keys = list(alike)
            for start in range(0, len(keys), BATCH):
                some = keys[start : start + BATCH]
                if length:
                    rows = np.array([alike[key] for key in some], np.intp)
                    alpha = self._settings.alpha
                    factors = solve_few(self.fitted_factors, self._inverse, rows, alpha)
                else:
                    # Hashtags that the fit did not know tell nothing, so neighbours must.
                    factors = self._mean_of_neighbours([self._places[key] for key in some])
                for key, row in zip(some, factors, strict=True):
                    solved[key] = TaughtPhoto(self._places[key], row, photos[key])
        return solved

    def _mean_of_neighbours(self, places: Sequence[Place]) -> Floats:
        vectors = np.array([place.vector for place in places], np.float32)
        rows, cosines = nearest(vectors, self._photos, self._settings.neighbours)
        shares = softmax(self._settings.sharpness * cosines)
        return weighted_mean(self._photo_factors[rows], shares)

    def _with_lesson(self, taught: Taught, photos: Mapping[Hashable, tuple[int, ...]]) -> Taught:
        """What an audience was taught with some photos changed; without hashtags, forgotten."""
        affected = {c for columns in photos.values() for c in columns}
        for key, columns in zip(taught.keys, taught.columns, strict=True):
            if key in photos:
                affected.update(columns)
        forgotten: dict[Hashable, TaughtPhoto | None] = dict.fromkeys(photos)
        solved = self._solved({key: columns for key, columns in photos.items() if columns})
        taught = with_photos(taught, forgotten | solved)
        # The factors of the fit's hashtags stay; others are solved from the photos that carry them.
        carrying: dict[int, list[int]] = {
            c: [] for c in sorted(affected) if c >= len(self.fitted_factors)
        }
        for row, columns in enumerate(taught.columns if carrying else ()):
            for column in columns:
                if column in carrying:
                    carrying[column].append(row)
        late = {
            column: factors
            for column, factors in zip(taught.hashtags, taught.hashtag_factors, strict=True)
            if column not in carrying
        }
        gram = (self._photo_gram + taught.gram).astype(np.float32)
        for column, carriers in carrying.items():
            if carriers:
                alpha, regularization = self._settings.alpha, self._settings.regularization
                at = np.array(carriers, np.intp)
                late[column] = solve(taught.factors, gram, at, alpha, regularization)
        columns_of_late = np.array(sorted(late), np.intp)
        factors = np.array([late[column] for column in columns_of_late], np.float32)
        size = taught.factors.shape[1]
        return replace(taught, hashtags=columns_of_late, hashtag_factors=factors.reshape(-1, size))
