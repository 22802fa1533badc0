"""Choosing on photos held back: how much popularity counts, and how two backends are blended.

Relevance of 5,000 photos for 20,000 hashtags takes 400 MB, and every choice that is tried as much
again: so it is computed for a few photos at a time, and of each only the first hashtags are kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from recommenders.arrays import Floats
from recommenders.fusion import blend
from recommenders.ranking import adjusted
from recommenders.recommender import Recommender
from training.evaluation.metrics import measure, top_columns
from training.features.compute import batches
from training.features.examples import Features

Top = NDArray[np.intp]
Choice = TypeVar("Choice")

AT = 5
EXPONENTS = (0.0, 0.1, 0.2, 0.3, 0.4)
"""More only costs recall: F1 no longer rises, and a small validation split would hide that."""
BLENDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7)

_ROWS = 256
"""Photos at a time: neighbours' factors are (n, k, f)."""


@dataclass(frozen=True)
class Held:
    """Photos held back, and how good answers to them are.

    Attributes:
        popularity: (V,) in the photos that were fitted on.
        truth: (n, V) bool, which hashtags each photo carries.
        lengths: (n,) how many it carries, those outside the vocabulary included.
    """

    popularity: Floats
    truth: NDArray[np.bool_]
    lengths: NDArray[np.integer]

    def figures(self, top: Top) -> dict[str, float]:
        """All figures of the photos' first hashtags (n, k)."""
        return measure(top, self.truth, self.lengths)

    def goodness(self, top: Top, *, rare: float = 0.0) -> float:
        """What choices are made by: recall for the photos plus F1 for the hashtags.

        ``rare`` is what the share of hashtags that are recalled at all weighs beside them.
        """
        figures = self.figures(top)
        recalled = figures["n_plus"] / max(int(self.truth.any(axis=0).sum()), 1)
        return figures["recall"] + figures["label_f1"] + rare * recalled


class Scored:
    """A recommender's relevance of photos, computed as it is asked for."""

    def __init__(self, recommender: Recommender, features: Features) -> None:
        self._recommender, self._features = recommender, features

    def __len__(self) -> int:
        return len(self._features)

    def __getitem__(self, rows: slice) -> Floats:
        """Relevance (m, V) of a slice of the photos."""
        return self._recommender.scores(self._features[rows])

    def top(self) -> Top:
        """The ``AT`` most relevant hashtags of each photo, (n, AT) columns, best first."""
        return np.concatenate([top_columns(self[rows], AT) for rows in batches(len(self), _ROWS)])


def choose_exponent(scored: Scored, held: Held) -> tuple[float, Top]:
    """The popularity exponent that does best on held-out photos, and their first hashtags."""
    parts: dict[float, list[Top]] = {exponent: [] for exponent in EXPONENTS}
    for rows in batches(len(scored), _ROWS):
        scores = scored[rows]
        for exponent in EXPONENTS:
            order = adjusted(scores, held.popularity, exponent)
            parts[exponent].append(top_columns(order, AT))
    return _best(parts, held, rare=0.0)


def choose_blend(als: Scored, w2v: Scored, held: Held) -> tuple[dict[str, float], Top]:
    """The blend's settings that do best on held-out photos, and their first hashtags.

    Two backends that agree can afford to name rare hashtags, so these count in the choice too.
    """
    choices = [(weight, exponent) for weight in BLENDS for exponent in EXPONENTS]
    parts: dict[tuple[float, float], list[Top]] = {choice: [] for choice in choices}
    for rows in batches(len(als), _ROWS):
        of_als, of_w2v = als[rows], w2v[rows]
        for weight in BLENDS:
            mixed = blend(of_als, of_w2v, weight)
            for exponent in EXPONENTS:
                order = adjusted(mixed, held.popularity, exponent)
                parts[weight, exponent].append(top_columns(order, AT))
    (weight, exponent), top = _best(parts, held, rare=0.5)
    return {"als_weight": weight, "popularity_exponent": exponent}, top


def _best(parts: Mapping[Choice, list[Top]], held: Held, *, rare: float) -> tuple[Choice, Top]:
    """The choice with the best first hashtags; the first of equals."""
    tops = {choice: np.concatenate(some) for choice, some in parts.items()}
    best = max(tops, key=lambda choice: held.goodness(tops[choice], rare=rare))
    return best, tops[best]
