"""How ALS learns what people tag: at once, without a refit, and only what is new.

A photo joins by the method's own normal equation with the hashtag factors fixed, and a hashtag that
the fit did not know by the same equation with the photo factors fixed.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from recommenders.als_fit import FittedAls, solve, weighted_mean
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
        self._hashtag_gram = self.fitted_factors.T @ self.fitted_factors
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

    @property
    def _nothing(self) -> Taught:
        return nothing_taught(self._photos.shape[1], self.fitted_factors.shape[1])

    def _place(
        self, photos: Mapping[Hashable, Floats | None], itself: Mapping[Hashable, float]
    ) -> None:
        """Notes where photos are; of those that are known only where they have moved."""
        features = {key: row for key, row in photos.items() if row is not None}
        keys = list(features)
        for start in range(0, len(keys), BATCH):
            some = keys[start : start + BATCH]
            vectors = self._space.project(np.stack([features[key] for key in some]))
            moved = [
                row
                for row, key in enumerate(some)
                if key not in self._places
                or not np.allclose(vectors[row], self._places[key].vector, atol=1e-5)
            ]
            rows, cosines = nearest(vectors[moved], self._photos, self._settings.neighbours)
            shares = softmax(self._settings.sharpness * cosines)
            means = weighted_mean(self._photo_factors[rows], shares)
            for at, row in enumerate(moved):
                # The photo itself, or its mirror image, may be among the known ones.
                others = cosines[at][COPIES:]
                surroundings = max(float(others[0]) if len(others) else 0.0, 0.0)
                key = some[row]
                self._places[key] = Place(
                    vectors[row], means[at], surroundings, itself.get(key, 1.0)
                )

    def _solved(self, key: Hashable, columns: tuple[int, ...]) -> TaughtPhoto:
        """A photo with factors of its hashtags; the fit's hashtags keep their factors."""
        place = self._places[key]
        fitted = np.array([c for c in columns if c < len(self.fitted_factors)], np.intp)
        if not len(fitted):  # hashtags that the fit did not know tell nothing, so neighbours must
            return TaughtPhoto(place, place.factors, columns)
        alpha, regularization = self._settings.alpha, self._settings.regularization
        factors = solve(self.fitted_factors, self._hashtag_gram, fitted, alpha, regularization)
        return TaughtPhoto(place, factors, columns)

    def _with_lesson(self, taught: Taught, photos: Mapping[Hashable, tuple[int, ...]]) -> Taught:
        """What an audience was taught with some photos changed; without hashtags, forgotten."""
        affected = {c for columns in photos.values() for c in columns}
        for key, columns in zip(taught.keys, taught.columns, strict=True):
            if key in photos:
                affected.update(columns)
        new = {
            key: self._solved(key, columns) if columns else None for key, columns in photos.items()
        }
        taught, without_remainders = with_photos(taught, new)
        rows = set(without_remainders)
        # The factors of the fit's hashtags stay; others are solved from the photos that carry them.
        carrying: dict[int, list[int]] = {
            c: [] for c in sorted(affected) if c >= len(self.fitted_factors)
        }
        for row, columns in enumerate(taught.columns if carrying else ()):
            for column in carrying.keys() & columns:
                carrying[column].append(row)
                rows.add(row)
        gram = self._photo_gram + taught.factors.T @ taught.factors if carrying else None
        solved = {
            column: factors
            for column, factors in zip(taught.hashtags, taught.hashtag_factors, strict=True)
            if column not in carrying
        }
        for column, carriers in carrying.items():
            if carriers:
                assert gram is not None
                alpha, regularization = self._settings.alpha, self._settings.regularization
                at = np.array(carriers, np.intp)
                solved[column] = solve(taught.factors, gram, at, alpha, regularization)
        late = np.array(sorted(solved), np.intp)
        size = taught.factors.shape[1]
        factors = np.array([solved[column] for column in late], np.float32).reshape(-1, size)
        taught = replace(taught, hashtags=late, hashtag_factors=factors)
        return replace(taught, remainders=self._remainders(taught, sorted(rows)))

    def _remainders(self, taught: Taught, rows: Sequence[int]) -> tuple[Floats, ...]:
        """1 minus what photos' factors give back of each of their hashtags; ``rows`` are new."""
        remainders = list(taught.remainders)
        if rows:
            lengths = [len(taught.columns[row]) for row in rows]
            columns = np.concatenate([np.array(taught.columns[row], np.intp) for row in rows])
            fitted = columns < len(self.fitted_factors)
            factors = np.empty((len(columns), taught.factors.shape[1]), np.float32)
            factors[fitted] = self.fitted_factors[columns[fitted]]
            late = np.searchsorted(taught.hashtags, columns[~fitted])
            factors[~fitted] = taught.hashtag_factors[late]
            photos = np.repeat(taught.factors[list(rows)], lengths, axis=0)
            recovered = np.einsum("cf,cf->c", factors, photos)
            values = np.clip(1 - recovered, 0, 1).astype(np.float32)
            for row, part in zip(rows, np.split(values, np.cumsum(lengths)[:-1]), strict=True):
                remainders[row] = part
        return tuple(remainders)
