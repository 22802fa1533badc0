"""The ALS backend: nearest known photos, the mean of their ALS factors, dot product with hashtags.

Implicit-feedback ALS is Hu, Koren & Volinsky (ICDM 2008). A photo that people tag is added without
a refit by solving the method's normal equation with the hashtag factors fixed; a new hashtag, with
the photo factors fixed.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommenders.als_fit import FittedAls, weighted_mean
from recommenders.als_lessons import Lessons
from recommenders.als_taught import Audience, Taught, narrowed_surroundings, sameness
from recommenders.arrays import Floats, softmax
from recommenders.nearest import nearest

FUSION_NEIGHBOURS = 10
"""How many of the nearest fitted photos' cosines are evidence for the fusion."""


@dataclass(frozen=True)
class Neighbourhood:
    """The m known photos nearest to some photos, and all factors needed to explain an answer.

    Attributes:
        rows: (m,) their row numbers; photos of an album may share neighbours.
        cosines, weights: (m,) float32; the weights sum to 1.
        photo_factors: (m, f) float32.
        hashtag_factors: (V + taught, f) float32.
        columns: (m,) tuples of hashtags; empty for photos of the fit, which have only factors.
    """

    rows: NDArray[np.intp]
    cosines: Floats
    weights: Floats
    photo_factors: Floats
    hashtag_factors: Floats
    columns: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Recognition:
    """What ALS recognises in n photos.

    Attributes:
        scores: relevance (n, V + taught) float32.
        same_scene: (n, V + taught) float32, relevance of hashtags taught for the same scene, 0 for
            all others; None where there are none.
        class_sums, surest_class: as returned by ``AlsRecommender.class_sums``.
        cosines: (n, ``FUSION_NEIGHBOURS``) float32, of the nearest photos of the fit, nearest
            first; 0 where there are fewer.
    """

    scores: Floats
    same_scene: Floats | None
    class_sums: Floats
    surest_class: Floats
    cosines: Floats


class AlsRecommender:
    """Scores hashtags for photos, and learns photos that people tagged.

    Taught photos leave the fit unchanged: each is one more neighbour, with factors solved from its
    hashtags. A few factors cannot reproduce one photo's hashtags exactly, so the remainder (1 minus
    the reconstruction) is added with the neighbour's weight: taught hashtags count in full. A photo
    nearer to a taught one than other photos are is taken for the same scene, and gets its hashtags
    with a relevance up to 1.

    Every method that answers takes the audiences whose lessons count: by default only everybody's;
    none gives the fit alone. See ``recommenders.als_taught``.

    Args:
        fitted: see ``FittedAls``.
        classifier: the backbone's own, weight (classes, dims) and bias (classes,) float32; None
            where it has none, which leaves ``fitted.class_hashtags`` unused.

    Attributes:
        lessons: what people taught; teach it by ``lessons.learn``.
    """

    def __init__(self, fitted: FittedAls, classifier: tuple[Floats, Floats] | None = None) -> None:
        self.backbone = fitted.backbone
        self.settings = fitted.settings
        self._space = fitted.space
        self._photos, self._photo_factors = fitted.photos, fitted.photo_factors
        self._photo_count = fitted.photo_count
        self._hashtag_factors = fitted.hashtag_factors
        self._class_hashtags = fitted.class_hashtags
        self._classifier = classifier
        self.lessons = Lessons(fitted)

    @property
    def photos(self) -> int:
        """How many photos everybody's answers learnt from: the fit's, and taught ones."""
        _, taught = self.lessons.of((None,))
        return self._photo_count + sum(len(one.keys) for one in taught)

    def scores(
        self, features: NDArray[np.floating], audiences: Collection[Audience] = (None,)
    ) -> Floats:
        """Relevance (n, V + taught) float32, clipped at 0."""
        return self.recognised(features, audiences).scores

    def recognised(
        self, features: NDArray[np.floating], audiences: Collection[Audience] = (None,)
    ) -> Recognition:
        """Relevance as ``scores``, and the evidence for it."""
        near = self._neighbours(features, audiences)
        shares = softmax(self.settings.sharpness * near.cosines)
        means = weighted_mean(near.factors, shares)
        scores = np.zeros((len(features), near.hashtags), np.float32)
        scores[:, : len(self._hashtag_factors)] = means @ self._hashtag_factors.T
        for taught in near.taught:
            taught_scores = means @ taught.hashtag_factors.T
            scores[:, taught.hashtags] = np.maximum(scores[:, taught.hashtags], taught_scores)
        scores = np.maximum(scores, 0)
        class_sums, surest_class = self.class_sums(features)
        if surest_class.any():
            sure = surest_class[:, None] ** self.settings.class_power
            class_share = self.settings.class_weight * sure
            scores *= 1 - class_share
            scores[:, : class_sums.shape[1]] += class_share * class_sums
        same_scene: Floats | None = None
        for row in range(len(features) if near.taught else 0):
            for at, taught, photo, same in near.taught_photos(row, self.lessons.look_around):
                columns = list(taught.columns[photo])
                remainders = taught.remainders(photo, self.lessons.fitted_factors)
                scores[row, columns] += shares[row, at] * remainders
                if same > 0:
                    if same_scene is None:
                        same_scene = np.zeros(scores.shape, np.float32)
                    same_scene[row, columns] = np.maximum(same_scene[row, columns], same)
        if same_scene is not None:
            scores = np.maximum(scores, same_scene)
        scores = np.asarray(scores, np.float32)
        return Recognition(scores, same_scene, class_sums, surest_class, near.fit_cosines)

    def neighbourhood(
        self, features: NDArray[np.floating], audiences: Collection[Audience] = (None,)
    ) -> Neighbourhood:
        """The known photos that features (n, dims) get their factors from, for all n together."""
        near = self._neighbours(features, audiences)
        weights = softmax(self.settings.sharpness * near.cosines) / max(len(near.rows), 1)
        hashtag_factors = np.zeros((near.hashtags, self._hashtag_factors.shape[1]), np.float32)
        hashtag_factors[: len(self._hashtag_factors)] = self._hashtag_factors
        for taught in near.taught:
            hashtag_factors[taught.hashtags] = taught.hashtag_factors
        places = [near.taught_photo(int(row)) for row in near.rows.ravel()]
        return Neighbourhood(
            near.rows.ravel(),
            near.cosines.ravel(),
            np.asarray(weights.ravel(), np.float32),
            near.factors.reshape(-1, near.factors.shape[-1]),
            hashtag_factors,
            tuple(() if place is None else place[0].columns[place[1]] for place in places),
        )

    def classes_seen(self, features: NDArray[np.floating]) -> Floats | None:
        """Probabilities (n, classes) of the backbone's own classes; None where unused."""
        if self._classifier is None or self._class_hashtags is None:
            return None
        if self.settings.class_weight <= 0:
            return None
        weight, bias = self._classifier
        return softmax(features.astype(np.float32) @ weight.T + bias)

    def class_sums(self, features: NDArray[np.floating]) -> tuple[Floats, Floats]:
        """The classes' evidence for the fit's hashtags, each class weighted by its probability.

        Returns:
            (n, V) float32, and the largest probability of a class, (n,); zeros without classes.
        """
        probabilities = self.classes_seen(features)
        if probabilities is None or self._class_hashtags is None:
            shape = (len(features), len(self._hashtag_factors))
            return np.zeros(shape, np.float32), np.zeros(len(features), np.float32)
        return self._class_hashtags.sums(probabilities), probabilities.max(axis=1)

    def class_affinity(self, column: int) -> Floats:
        """A hashtag's relevance given each class: (classes,) float32, 0 for a taught hashtag."""
        assert self._class_hashtags is not None
        return self._class_hashtags.of_hashtag(column)

    def _neighbours(
        self, features: NDArray[np.floating], audiences: Collection[Audience]
    ) -> "_Neighbours":
        """The k known photos nearest to photos (n, dims), among them what audiences were taught."""
        hashtags, taught = self.lessons.of(audiences)
        k = self.settings.neighbours
        vectors = self._space.project(features)
        rows, cosines = nearest(vectors, self._photos, max(k, FUSION_NEIGHBOURS))
        missing = max(FUSION_NEIGHBOURS - cosines.shape[1], 0)
        fit_cosines = np.pad(cosines[:, :FUSION_NEIGHBOURS], ((0, 0), (0, missing)))
        rows, cosines = rows[:, :k], cosines[:, :k]
        factors = self._photo_factors[rows]
        first = len(self._photos)
        for one in taught:
            taught_rows, taught_cosines = nearest(vectors, one.vectors, k)
            rows = np.concatenate([rows, taught_rows + first], axis=1)
            cosines = np.concatenate([cosines, taught_cosines], axis=1)
            factors = np.concatenate([factors, one.factors[taught_rows]], axis=1)
            first += len(one.keys)
        if taught:
            best = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
            rows = np.take_along_axis(rows, best, axis=1)
            cosines = np.take_along_axis(cosines, best, axis=1)
            factors = np.take_along_axis(factors, best[:, :, None], axis=1)
        return _Neighbours(rows, cosines, factors, fit_cosines, len(self._photos), taught, hashtags)


@dataclass(frozen=True)
class _Neighbours:
    """The k known photos nearest to each of n photos.

    Attributes:
        rows, cosines, factors: (n, k), (n, k) and (n, k, f); taught photos are numbered after
            those of the fit, one audience's after another's.
        fit_cosines: ``Recognition.cosines``.
        fitted: how many photos the fit has.
        taught: what the audiences were taught.
        hashtags: the size of the vocabulary.
    """

    rows: NDArray[np.intp]
    cosines: Floats
    factors: Floats
    fit_cosines: Floats
    fitted: int
    taught: tuple[Taught, ...]
    hashtags: int

    def taught_photo(self, row: int) -> tuple[Taught, int] | None:
        """The taught photo of a row number, as (audience's, row); None for one of the fit."""
        row -= self.fitted
        if row < 0:
            return None
        for taught in self.taught:
            if row < len(taught.keys):
                return taught, row
            row -= len(taught.keys)
        raise IndexError(row)

    def taught_photos(
        self, photo: int, look_around: Callable[[Taught, Sequence[int]], None]
    ) -> list[tuple[int, Taught, int, float]]:
        """Taught photos near one of the n: (place among the k, taught, row, sameness) each."""
        near = [
            (at, *place)
            for at, row in enumerate(self.rows[photo])
            if (place := self.taught_photo(int(row))) is not None
        ]
        if not near:
            return []
        for taught in self.taught:
            look_around(taught, [row for _, one, row in near if one is taught])
        vectors = np.array([taught.vectors[row] for _, taught, row in near], np.float32)
        columns = [taught.columns[row] for _, taught, row in near]
        taught_photos = []
        for number, (at, taught, row) in enumerate(near):
            cosine, surroundings = self.cosines[photo, at], float(taught.surroundings[row])
            if cosine > surroundings:
                surroundings = narrowed_surroundings(number, vectors, columns, surroundings)
            alike = sameness(cosine, surroundings, float(taught.copy_cosine[row]))
            taught_photos.append((at, taught, row, alike))
        return taught_photos
