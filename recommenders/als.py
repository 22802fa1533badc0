"""The ALS backend: nearest known photos, the mean of their ALS factors, dot product with hashtags.

Implicit-feedback ALS is Hu, Koren & Volinsky (ICDM 2008). A photo that people tag joins without a
refit by the method's own normal equation with the hashtag factors fixed, and a new hashtag by the
same equation with the photo factors fixed.
"""

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommenders.als_taught import (
    BATCH,
    Taught,
    TaughtPhoto,
    narrow_surroundings,
    sameness,
    side_by_side,
)
from recommenders.arrays import Floats, softmax
from recommenders.nearest import PhotoSpace, nearest

COPIES = 4
"""A taught photo, its mirror image and its copies may be among the known ones: the nearest after
so many is another photo."""


NEAR = 10
"""Photos of the fit that tell how much is known about photos like this one."""


@dataclass(frozen=True)
class AlsSettings:
    """How neighbours are weighed and how taught photos are solved.

    Attributes:
        neighbours: how many known photos are looked at.
        sharpness: a neighbour weighs exp(sharpness · cosine).
        alpha, regularization: of the normal equation; the fit's own.
        class_weight: what the ImageNet classes seen weigh beside the neighbours, 0 to 1, where the
            classifier is sure of one class.
        class_power: how fast that falls with the probability of the likeliest class.
    """

    neighbours: int = 50
    sharpness: float = 15.0
    alpha: float = 10.0
    regularization: float = 0.1
    class_weight: float = 0.0
    class_power: float = 1.0


@dataclass(frozen=True)
class FittedAls:
    """What a fit gives, and a bundle stores.

    Attributes:
        backbone: whose features it takes.
        space: features to the space of neighbours.
        photos: (N, k) float32 unit vectors of known photos.
        photo_factors: (N, f) float32.
        hashtag_factors: (V, f) float32.
        settings: see ``AlsSettings``.
        class_hashtags: (classes, V) float32, how sure each hashtag is where the backbone's own
            ImageNet classifier sees a class; None without. They are added as they are: a class
            that few photos show would be blurred by the factors.
        fitted_hashtags: how many of the hashtags the fit knew, all where None. The factors of the
            others were solved from taught photos, and are solved anew when these are taught here.
    """

    backbone: str
    space: PhotoSpace
    photos: Floats
    photo_factors: Floats
    hashtag_factors: Floats
    settings: AlsSettings
    class_hashtags: csr_matrix | None = None
    fitted_hashtags: int | None = None


@dataclass(frozen=True)
class Neighbourhood:
    """The known photos nearest to some photos, m in all, and what hashtags are made of.

    Attributes:
        rows: (m,) their numbers; photos of an album may share neighbours.
        cosines, weights: (m,) float32; the weights are together 1.
        photo_factors: (m, f) float32.
        hashtag_factors: (V + taught, f) float32.
        columns: (m,) tuples of hashtags; empty for photos of the fit, of which only factors are
            known.
    """

    rows: NDArray[np.intp]
    cosines: Floats
    weights: Floats
    photo_factors: Floats
    hashtag_factors: Floats
    columns: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Recognition:
    """What ALS knows of n photos.

    Attributes:
        scores: relevance (n, V + taught) float32.
        same_scene: (n, V + taught) float32, what photos of the same scene were taught and 0 for all
            else; None where nothing was.
        class_sums, surest_class: as ``AlsRecommender.class_sums`` gives them.
        cosines: (n, ``NEAR``) float32, of the nearest photos of the fit, nearest first; 0 where
            there are fewer.
    """

    scores: Floats
    same_scene: Floats | None
    class_sums: Floats
    surest_class: Floats
    cosines: Floats


def solve(
    fixed: Floats, gram: Floats, rows: NDArray[np.intp], alpha: float, regularization: float
) -> Floats:
    """One side's factors with the other side's fixed: (f,) float32.

    (FᵀF + αFᵣᵀFᵣ + λI) x = (1 + α) Σ Fᵣ, with F the fixed factors and r the rows that occur with x.

    Args:
        fixed: (n, f) the other side's factors.
        gram: (f, f) FᵀF.
        rows: which of ``fixed`` occur with this one.
    """
    seen = fixed[rows]
    left = gram + alpha * (seen.T @ seen) + regularization * np.eye(len(gram), dtype=np.float32)
    return np.linalg.solve(left, (1 + alpha) * seen.sum(axis=0)).astype(np.float32)


class AlsRecommender:
    """Scores hashtags for photos, and learns photos that people tagged.

    What is taught lies beside the fit: a taught photo is one more neighbour, with factors solved
    from its hashtags. Few factors blur what one photo says of its own hashtags, so the remainder
    (1 minus what the factors give back) is added by the neighbour's share of the mean: taught
    hashtags are voted for as they are. A photo that is nearer to a taught one than photos are there
    is taken for the same scene, and gets that one's hashtags with a relevance up to 1.

    Args:
        fitted: see ``FittedAls``.
        classifier: the backbone's own, weight (classes, dims) and bias (classes,) float32; None
            where it has none, which leaves ``fitted.class_hashtags`` unused.
    """

    def __init__(self, fitted: FittedAls, classifier: tuple[Floats, Floats] | None = None) -> None:
        self.backbone = fitted.backbone
        self.settings = fitted.settings
        self._space = fitted.space
        self._photos, self._photo_factors = fitted.photos, fitted.photo_factors
        self._hashtag_factors = fitted.hashtag_factors[: fitted.fitted_hashtags]
        self._added_factors = fitted.hashtag_factors[len(self._hashtag_factors) :]
        self._photo_gram = self._photo_factors.T @ self._photo_factors
        self._hashtag_gram = self._hashtag_factors.T @ self._hashtag_factors
        self._class_hashtags = fitted.class_hashtags
        self._classifier = classifier
        self._by_key: dict[Hashable, TaughtPhoto] = {}
        self._taught = side_by_side({}, self._added_factors, self._photos.shape[1])

    @property
    def photos(self) -> int:
        """How many photos are known, taught ones among them."""
        return len(self._photos) + len(self._by_key)

    def scores(self, features: NDArray[np.floating]) -> Floats:
        """Relevance (n, V + taught) float32, clipped at 0."""
        return self.recognised(features).scores

    def recognised(self, features: NDArray[np.floating]) -> Recognition:
        """Relevance as ``scores``, and what it comes of."""
        taught = self._taught
        rows, cosines, factors, of_fit = self._neighbours(taught, features)
        shares = softmax(self.settings.sharpness * cosines)
        means = _weighted_mean(factors, shares)
        scores = np.concatenate(
            [means @ self._hashtag_factors.T, means @ taught.hashtag_factors.T], axis=1
        )
        scores = np.maximum(scores, 0)
        class_sums, surest_class = self.class_sums(features)
        if surest_class.any():
            sure = surest_class[:, None] ** self.settings.class_power
            share = self.settings.class_weight * sure
            scores *= 1 - share
            scores[:, : class_sums.shape[1]] += share * class_sums
        same_scene: Floats | None = None
        for row, at in zip(*np.nonzero(rows >= len(self._photos)), strict=True):
            photo = rows[row, at] - len(self._photos)
            columns = list(taught.columns[photo])
            scores[row, columns] += shares[row, at] * taught.remainders[photo]
            alike = sameness(cosines[row, at], taught.surroundings[photo], taught.itself[photo])
            if alike > 0:
                if same_scene is None:
                    same_scene = np.zeros(scores.shape, np.float32)
                same_scene[row, columns] = np.maximum(same_scene[row, columns], alike)
        if same_scene is not None:
            scores = np.maximum(scores, same_scene)
        scores = np.asarray(scores, np.float32)
        return Recognition(scores, same_scene, class_sums, surest_class, of_fit)

    def neighbourhood(self, features: NDArray[np.floating]) -> Neighbourhood:
        """The known photos that some photos' factors are made of, (n, dims) as one."""
        taught = self._taught
        rows, cosines, factors, _ = self._neighbours(taught, features)
        weights = softmax(self.settings.sharpness * cosines) / max(len(rows), 1)
        return Neighbourhood(
            rows.ravel(),
            cosines.ravel(),
            np.asarray(weights.ravel(), np.float32),
            factors.reshape(-1, factors.shape[-1]),
            np.concatenate([self._hashtag_factors, taught.hashtag_factors]),
            tuple(
                taught.columns[row - len(self._photos)] if row >= len(self._photos) else ()
                for row in rows.ravel()
            ),
        )

    def classes_seen(self, features: NDArray[np.floating]) -> Floats | None:
        """Probabilities (n, classes) of the backbone's own classes; None where none count."""
        if self._classifier is None or self._class_hashtags is None:
            return None
        if self.settings.class_weight <= 0:
            return None
        weight, bias = self._classifier
        return softmax(features.astype(np.float32) @ weight.T + bias)

    def class_sums(self, features: NDArray[np.floating]) -> tuple[Floats, Floats]:
        """What all classes seen say of the fit's hashtags, each as far as it is seen.

        Returns:
            (n, V) float32, and the largest probability of a class, (n,); zeros without classes.
        """
        probabilities = self.classes_seen(features)
        if probabilities is None or self._class_hashtags is None:
            shape = (len(features), len(self._hashtag_factors) + len(self._added_factors))
            return np.zeros(shape, np.float32), np.zeros(len(features), np.float32)
        sums = np.asarray(probabilities @ self._class_hashtags, np.float32)
        return sums, probabilities.max(axis=1)

    def class_affinity(self, column: int) -> Floats:
        """What a surely seen class gives a hashtag: (classes,) float32, 0 where it is taught."""
        assert self._class_hashtags is not None
        classes, known = self._class_hashtags.shape
        if column >= known:
            return np.zeros(classes, np.float32)
        return np.asarray(self._class_hashtags[:, [column]].toarray(), np.float32).ravel()

    def learn(
        self,
        photos: Mapping[Hashable, tuple[Floats, Sequence[int]]],
        hashtags: int,
        itself: Mapping[Hashable, float] = MappingProxyType({}),
    ) -> None:
        """Takes photos that people tagged, at once and without a refit.

        Args:
            photos: key to (features (dims,), columns of its hashtags); a key that was taught
                before is replaced, and one without hashtags forgotten.
            hashtags: the size of the vocabulary, taught hashtags at its end.
            itself: of photos whose features are but nearly their own: see ``TaughtPhoto``.
        """
        affected: set[int] = set()
        new: dict[Hashable, tuple[Floats, tuple[int, ...]]] = {}
        for key, (features, columns) in photos.items():
            if key in self._by_key:
                affected.update(self._by_key.pop(key).columns)
            if columns:
                new[key] = (features, tuple(dict.fromkeys(columns)))
                affected.update(columns)
        keys = list(new)
        for start in range(0, len(keys), BATCH):
            some = keys[start : start + BATCH]
            solved = self._solve_photos([new[key] for key in some])
            for key, photo in zip(some, solved, strict=True):
                self._by_key[key] = replace(photo, itself=itself.get(key, 1.0))
        narrow_surroundings(self._by_key, keys)
        self._taught = self._everything_taught(hashtags, affected)

    def _solve_photos(self, photos: list[tuple[Floats, tuple[int, ...]]]) -> Iterator[TaughtPhoto]:
        """Solves photos, features and hashtags each; the fit's hashtags keep their factors."""
        settings = self.settings
        vectors = self._space.project(np.stack([features for features, _ in photos]))
        rows, cosines = nearest(vectors, self._photos, settings.neighbours)
        shares = softmax(settings.sharpness * cosines)
        means = _weighted_mean(self._photo_factors[rows], shares)
        for row, (_, columns) in enumerate(photos):
            fitted = np.array([c for c in columns if c < len(self._hashtag_factors)], np.intp)
            if len(fitted):
                factors = solve(
                    self._hashtag_factors,
                    self._hashtag_gram,
                    fitted,
                    settings.alpha,
                    settings.regularization,
                )
            else:  # hashtags that the fit did not know tell nothing, so its neighbours must
                factors = means[row]
            # The photo itself, or its mirror image, may be among the known ones.
            others = cosines[row][COPIES:]
            surroundings = float(others[0]) if len(others) else 0.0
            yield TaughtPhoto(vectors[row], factors, columns, max(surroundings, 0.0))

    def _everything_taught(self, hashtags: int, affected: Collection[int]) -> Taught:
        """Everything taught as arrays; solves the factors of ``affected`` hashtags."""
        known = len(self._hashtag_factors)
        before = self._taught.hashtag_factors
        factors = np.zeros((hashtags - known, before.shape[1]), np.float32)
        factors[: len(before)] = before
        photos_with: dict[int, list[int]] = {c: [] for c in affected if c >= known}
        for row, photo in enumerate(self._by_key.values()):
            for column in photo.columns:
                if column in photos_with:
                    photos_with[column].append(row)
        taught = side_by_side(self._by_key, factors, self._photos.shape[1])
        gram = self._photo_gram + taught.factors.T @ taught.factors
        for column, rows in photos_with.items():
            at = column - known
            if rows:
                factors[at] = solve(
                    taught.factors,
                    gram,
                    np.array(rows, np.intp),
                    self.settings.alpha,
                    self.settings.regularization,
                )
            else:
                factors[at] = self._added_factors[at] if at < len(self._added_factors) else 0
        return replace(taught, remainders=self._remainders(taught))

    def _remainders(self, taught: Taught) -> tuple[Floats, ...]:
        """1 minus what photos' factors give back of each of their hashtags."""
        if not taught.columns:
            return ()
        known, added = len(self._hashtag_factors), taught.hashtag_factors
        lengths = [len(columns) for columns in taught.columns]
        columns = np.concatenate([np.array(c, np.intp) for c in taught.columns])
        factors = np.empty((len(columns), added.shape[1]), np.float32)
        factors[columns < known] = self._hashtag_factors[columns[columns < known]]
        factors[columns >= known] = added[columns[columns >= known] - known]
        recovered = np.einsum("cf,cf->c", factors, np.repeat(taught.factors, lengths, axis=0))
        remainders = np.clip(1 - recovered, 0, 1).astype(np.float32)
        return tuple(np.split(remainders, np.cumsum(lengths)[:-1]))

    def _neighbours(
        self, taught: Taught, features: NDArray[np.floating]
    ) -> tuple[NDArray[np.intp], Floats, Floats, Floats]:
        """The k known photos nearest to photos (n, dims).

        Returns:
            Their numbers (n, k), taught ones after those of the fit, cosines (n, k), factors
            (n, k, f), and ``Recognition.cosines``.
        """
        k = self.settings.neighbours
        vectors = self._space.project(features)
        rows, cosines = nearest(vectors, self._photos, max(k, NEAR))
        missing = max(NEAR - cosines.shape[1], 0)
        of_fit = np.pad(cosines[:, :NEAR], ((0, 0), (0, missing)))
        rows, cosines = rows[:, :k], cosines[:, :k]
        factors = self._photo_factors[rows]
        if not len(taught.vectors):
            return rows, cosines, factors, of_fit
        of_taught, their_cosines = nearest(vectors, taught.vectors, k)
        cosines = np.concatenate([cosines, their_cosines], axis=1)
        best = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
        rows = np.concatenate([rows, of_taught + len(self._photos)], axis=1)
        factors = np.concatenate([factors, taught.factors[of_taught]], axis=1)
        return (
            np.take_along_axis(rows, best, axis=1),
            np.take_along_axis(cosines, best, axis=1),
            np.take_along_axis(factors, best[:, :, None], axis=1),
            of_fit,
        )


def _weighted_mean(factors: Floats, shares: Floats) -> Floats:
    """Mean of (n, k, f) over k, weighted by ``shares`` (n, k), whose rows are together 1."""
    return np.asarray(np.einsum("nk,nkf->nf", shares, factors, optimize=True), np.float32)
