"""How ALS learns what people tag: at once, without a refit, and only what changed.

A photo's factors are solved by the method's normal equation with the hashtag factors fixed; those
of a hashtag new to the fit, with the photo factors fixed.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from types import MappingProxyType

import numpy as np

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
from recommenders.arrays import Doubles, Floats, softmax
from recommenders.nearest import nearest

COPIES = 4
"""A taught photo, its mirror image and its copies may be among the known photos: only the nearest
after this many is a different one."""


class Lessons:
    """What each audience was taught in addition to a fit.

    Attributes:
        fitted_factors: (V, f) of the fit's hashtags; others are solved from the photos that carry
            them.
    """

    def __init__(self, fitted: FittedAls) -> None:
        self.fitted_factors = fitted.hashtag_factors[: fitted.fitted_hashtags]
        self._settings = fitted.settings
        self._space = fitted.space
        self._photos, self._photo_factors = fitted.photos, fitted.photo_factors
        self._photo_gram = fitted.photo_gram
        self._places: dict[Hashable, Place] = {}
        self._audiences: dict[Hashable, frozenset[Audience]] = {}
        # The size of the vocabulary and what was taught; replaced together, for other threads.
        self._current: tuple[int, Mapping[Audience, Taught]] = (len(fitted.hashtag_factors), {})

    @property
    def photos(self) -> frozenset[Hashable]:
        """The keys of the photos that were taught."""
        return frozenset(self._audiences)

    def of(self, audiences: Collection[Audience]) -> tuple[int, tuple[Taught, ...]]:
        """The size of the vocabulary, and what some audiences were taught."""
        hashtags, by_audience = self._current
        return hashtags, tuple(by_audience[who] for who in audiences if who in by_audience)

    def learn(
        self,
        photos: Mapping[Hashable, tuple[Floats | None, Mapping[Audience, Sequence[int]]]],
        hashtags: int,
        copy_cosines: Mapping[Hashable, float] = MappingProxyType({}),
    ) -> None:
        """Adds photos that people tagged, effective at once and without a refit.

        The time depends on these photos only, not on what else was taught.

        Args:
            photos: key to features (dims,) and the columns of its hashtags by audience. A key that
                was taught before is replaced, needs no features, and is forgotten where there are
                no hashtags; another without finite features is ignored.
            hashtags: the size of the vocabulary, taught hashtags at its end.
            copy_cosines: for photos whose features are approximate, see ``Place``.
        """
        self._place({key: features for key, (features, _) in photos.items()}, copy_cosines)
        by_audience = dict(self._current[1])
        changes: dict[Audience, dict[Hashable, tuple[int, ...]]] = {}
        for key, (_, lessons) in photos.items():
            before = self._audiences.pop(key, frozenset())
            now = frozenset(audience for audience, columns in lessons.items() if columns)
            for audience in before | now if key in self._places else before:
                columns = tuple(dict.fromkeys(lessons.get(audience, ())))
                changes.setdefault(audience, {})[key] = columns
            if now and key in self._places:
                self._audiences[key] = now
            else:
                self._places.pop(key, None)
        empty = nothing_taught(self._photos.shape[1], self.fitted_factors.shape[1])
        for audience, lesson in changes.items():
            taught = self._with_lesson(by_audience.pop(audience, empty), lesson)
            if taught.keys:
                by_audience[audience] = taught
        self._current = (hashtags, by_audience)

    def look_around(self, taught: Taught, photos: Sequence[int]) -> None:
        """Fills in the surroundings of some photos, rows of what an audience was taught.

        Done on demand and not on learning, since few of them are ever near another photo.
        """
        unknown = [row for row in photos if np.isnan(taught.surroundings[row])]
        if unknown:
            _, cosines = nearest(taught.vectors[unknown], self._photos, COPIES + 1)
            taught.surroundings[unknown] = cosines[:, COPIES:].max(axis=1, initial=0.0)

    @cached_property
    def _inverse(self) -> Doubles:
        """(f, f) inverse of the part of the normal equation that all photos share."""
        factors = self.fitted_factors.astype(np.float64)
        identity = np.eye(factors.shape[1])
        gram = factors.T @ factors + self._settings.regularization * identity
        return np.asarray(np.linalg.inv(gram), np.float64)

    def _place(
        self, photos: Mapping[Hashable, Floats | None], copy_cosines: Mapping[Hashable, float]
    ) -> None:
        """Stores the photos' vectors; one that is not finite would be near every photo."""
        features = {key: row for key, row in photos.items() if row is not None}
        keys = list(features)
        for start in range(0, len(keys), BATCH):
            some = keys[start : start + BATCH]
            with np.errstate(invalid="ignore", over="ignore"):
                vectors = self._space.project(np.stack([features[key] for key in some]))
            for key, vector in zip(some, vectors, strict=True):
                if np.isfinite(vector).all():
                    self._places[key] = Place(vector, copy_cosines.get(key, 1.0))

    def _solved(self, photos: Mapping[Hashable, tuple[int, ...]]) -> dict[Hashable, TaughtPhoto]:
        """Photos with factors solved from their hashtags' factors, which stay fixed."""
        by_length: dict[int, dict[Hashable, tuple[int, ...]]] = {}
        for key, columns in photos.items():
            fitted = tuple(c for c in columns if c < len(self.fitted_factors))
            by_length.setdefault(len(fitted), {})[key] = fitted
        solved: dict[Hashable, TaughtPhoto] = {}
        for length, columns_by_key in by_length.items():
            keys = list(columns_by_key)
            for start in range(0, len(keys), BATCH):
                some = keys[start : start + BATCH]
                if length:
                    rows = np.array([columns_by_key[key] for key in some], np.intp)
                    alpha = self._settings.alpha
                    factors = solve_few(self.fitted_factors, self._inverse, rows, alpha)
                else:
                    # Hashtags new to the fit have no factors to solve from, so take neighbours'.
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
        """``taught`` with some photos replaced; those without hashtags are forgotten."""
        affected = {c for columns in photos.values() for c in columns}
        for key, columns in zip(taught.keys, taught.columns, strict=True):
            if key in photos:
                affected.update(columns)
        forgotten: dict[Hashable, TaughtPhoto | None] = dict.fromkeys(photos)
        solved = self._solved({key: columns for key, columns in photos.items() if columns})
        taught = with_photos(taught, forgotten | solved)
        carriers_by_column: dict[int, list[int]] = {
            c: [] for c in sorted(affected) if c >= len(self.fitted_factors)
        }
        for row, columns in enumerate(taught.columns if carriers_by_column else ()):
            for column in columns:
                if column in carriers_by_column:
                    carriers_by_column[column].append(row)
        new_factors = {
            column: factors
            for column, factors in zip(taught.hashtags, taught.hashtag_factors, strict=True)
            if column not in carriers_by_column
        }
        new_factors |= self._hashtag_factors(taught, carriers_by_column)
        new_columns = np.array(sorted(new_factors), np.intp)
        factors = np.array([new_factors[column] for column in new_columns], np.float32)
        size = taught.factors.shape[1]
        return replace(taught, hashtags=new_columns, hashtag_factors=factors.reshape(-1, size))

    def _hashtag_factors(
        self, taught: Taught, carriers_by_column: Mapping[int, Sequence[int]]
    ) -> dict[int, Floats]:
        """Factors of hashtags new to the fit, solved from those of the photos that carry them.

        Args:
            carriers_by_column: rows of ``taught``; a hashtag without any has no factors.
        """
        by_length: dict[int, list[int]] = {}
        for column, carriers in carriers_by_column.items():
            if carriers:
                by_length.setdefault(len(carriers), []).append(column)
        if not by_length:
            return {}
        alpha, regularization = self._settings.alpha, self._settings.regularization
        gram = self._photo_gram + taught.gram
        inverse = np.asarray(np.linalg.inv(gram + regularization * np.eye(len(gram))), np.float64)
        factors: dict[int, Floats] = {}
        for length, columns in by_length.items():
            rows = np.array([carriers_by_column[column] for column in columns], np.intp)
            if length < len(gram):
                solved: list[Floats] = []
                at_once = 1 + BATCH // length
                for start in range(0, len(rows), at_once):
                    some = rows[start : start + at_once]
                    solved += list(solve_few(taught.factors, inverse, some, alpha))
            else:
                single = gram.astype(np.float32)
                solved = [solve(taught.factors, single, row, alpha, regularization) for row in rows]
            factors |= zip(columns, solved, strict=True)
        return factors
