"""The ALS backend: nearest known photos, the mean of their ALS factors, dot product with hashtags.

Implicit-feedback ALS is Hu, Koren & Volinsky (ICDM 2008). A photo that people tag joins without a
refit by the method's own normal equation with the hashtag factors fixed, and a new hashtag by the
same equation with the photo factors fixed.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recommenders.neighbours import PhotoSpace, nearest

Floats = NDArray[np.float32]


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

    neighbours: int = 100
    sharpness: float = 12.0
    alpha: float = 10.0
    regularization: float = 0.1
    class_weight: float = 0.0
    class_power: float = 1.0


@dataclass(frozen=True)
class ClassEvidence:
    """ImageNet's classes as pseudo photos: what the backbone's own classifier sees, as factors.

    Attributes:
        weight, bias: the classifier, (classes, dims) and (classes,) float32.
        factors: (classes, f) float32, solved from the hashtags of each class.
    """

    weight: Floats
    bias: Floats
    factors: Floats

    def probabilities(self, features: NDArray[np.floating]) -> Floats:
        return softmax(features.astype(np.float32) @ self.weight.T + self.bias)


@dataclass(frozen=True)
class _Known:
    """Photos and hashtags as they stand: taught ones after those of the fit.

    Replaced whole, so that a photo being answered meanwhile sees the old or the new.
    """

    photos: Floats
    photo_factors: Floats
    hashtag_factors: Floats


@dataclass
class _Taught:
    """What people taught: photos by key, and the columns of their hashtags."""

    vectors: dict[Hashable, Floats] = field(default_factory=dict)
    hashtags: dict[Hashable, tuple[int, ...]] = field(default_factory=dict)


def softmax(logits: Floats) -> Floats:
    """Row-wise softmax, stable."""
    exponent = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(exponent / exponent.sum(axis=1, keepdims=True))


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

    Args:
        backbone: whose features it takes.
        space: features to the space of neighbours.
        photos: (N, k) unit vectors of known photos.
        photo_factors: (N, f) float32.
        hashtag_factors: (V, f) float32.
        photo_gram: (f, f) XᵀX of the fit's photo factors.
        settings: see ``AlsSettings``.
        classes: evidence from the backbone's own classifier, or None.
    """

    def __init__(
        self,
        backbone: str,
        space: PhotoSpace,
        photos: Floats,
        photo_factors: Floats,
        hashtag_factors: Floats,
        settings: AlsSettings,
        classes: ClassEvidence | None = None,
    ) -> None:
        self.backbone = backbone
        self.settings = settings
        self._space = space
        self._classes = classes
        self._fitted = self._known = _Known(photos, photo_factors, hashtag_factors)
        self._photo_gram = photo_factors.T @ photo_factors
        self._hashtag_gram = hashtag_factors.T @ hashtag_factors
        self._taught = _Taught()

    def photo_factors(self, features: NDArray[np.floating]) -> Floats:
        """Factors (n, f) of new photos: the weighted mean of their neighbours'."""
        return self._mix(self._known, features)

    def scores(self, features: NDArray[np.floating]) -> Floats:
        """Relevance (n, V + taught) float32, clipped at 0."""
        known = self._known
        scores: Floats = np.maximum(self._mix(known, features) @ known.hashtag_factors.T, 0)
        return scores

    def learn(self, photos: Mapping[Hashable, tuple[Floats, Sequence[int]]], hashtags: int) -> None:
        """Takes photos that people tagged, at once and without a refit.

        Args:
            photos: key to (features (dims,), columns of its hashtags); a key that was taught
                before is replaced, and one without hashtags forgotten.
            hashtags: the size of the vocabulary, taught hashtags at its end.
        """
        for key, (features, columns) in photos.items():
            self._taught.vectors.pop(key, None)
            self._taught.hashtags.pop(key, None)
            if columns:
                self._taught.vectors[key] = self._space.project(features[None])[0]
                self._taught.hashtags[key] = tuple(columns)
        self._join(hashtags)

    def _join(self, hashtags: int) -> None:
        """Solves the factors of everything taught; known photos and hashtags keep theirs."""
        fitted = self._fitted
        known_hashtags = len(fitted.hashtag_factors)
        settings = self.settings
        carried = list(self._taught.hashtags.values())
        factors = np.zeros((len(carried), fitted.photo_factors.shape[1]), np.float32)
        vectors = np.zeros((len(carried), fitted.photos.shape[1]), np.float32)
        if carried:
            vectors = np.stack(list(self._taught.vectors.values()))
            # A photo whose hashtags nobody knows yet has only its looks: its neighbours' factors.
            rows, cosines = nearest(vectors, fitted.photos, settings.neighbours)
            looks = _weighted(fitted.photo_factors[rows], settings.sharpness * cosines)
        for row, columns in enumerate(carried):
            old = np.array([c for c in columns if c < known_hashtags], np.intp)
            factors[row] = (
                solve(
                    fitted.hashtag_factors,
                    self._hashtag_gram,
                    old,
                    settings.alpha,
                    settings.regularization,
                )
                if len(old)
                else looks[row]
            )
        gram = self._photo_gram + factors.T @ factors
        new = np.zeros((hashtags - known_hashtags, factors.shape[1]), np.float32)
        for at in range(len(new)):
            column = known_hashtags + at
            rows_with = np.array([r for r, c in enumerate(carried) if column in c], np.intp)
            if len(rows_with):
                new[at] = solve(factors, gram, rows_with, settings.alpha, settings.regularization)
        self._known = _Known(
            np.concatenate([fitted.photos, vectors]),
            np.concatenate([fitted.photo_factors, factors]),
            np.concatenate([fitted.hashtag_factors, new]),
        )

    def _mix(self, known: _Known, features: NDArray[np.floating]) -> Floats:
        settings = self.settings
        vectors = self._space.project(features)
        rows, cosines = nearest(vectors, known.photos, settings.neighbours)
        mixed = _weighted(known.photo_factors[rows], settings.sharpness * cosines)
        if self._classes is not None and settings.class_weight > 0:
            seen = self._classes.probabilities(features)
            share = settings.class_weight * seen.max(axis=1, keepdims=True) ** settings.class_power
            mixed = (1 - share) * mixed + share * (seen @ self._classes.factors)
        return np.asarray(mixed, np.float32)


def _weighted(factors: Floats, logits: Floats) -> Floats:
    """Mean of (n, k, f) over k with weights softmax(logits) of (n, k)."""
    mean = np.einsum("nk,nkf->nf", softmax(logits), factors, optimize=True)
    return np.asarray(mean, np.float32)
