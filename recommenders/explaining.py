"""Why a photo gets a hashtag: known photos near it that carry it, and ImageNet classes seen in it.

A bundle holds no hashtags of known photos, but their factors times the hashtags' factors give them
back nearly: what ALS made the factors for. Of photos that people taught, the hashtags are known.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recommenders.als import AlsRecommender, Neighbourhood
from recommenders.recommender import Recommender
from recommenders.w2v import Word2VecRecommender

Floats = NDArray[np.float32]

CLASS_NAMES = Path(__file__).parent / "class_names.txt"

CARRIED = 0.5
"""A known photo carries the hashtags that its factors give back this surely, beside its surest."""
TOLD = 4
"""Of those, this many are told."""
NEAREST = 3
"""Known photos told of behind a hashtag."""

_LEAST_PROBABILITY = 0.03
_LEAST_SHARE = 0.15
"""A class stands behind a hashtag where it is seen, and gives it this much of what classes do."""


@dataclass(frozen=True)
class KnownPhoto:
    """A known photo near the photo: its leading hashtags, and how near."""

    hashtags: tuple[str, ...]
    cosine: float


@dataclass(frozen=True)
class SeenClass:
    """An ImageNet class that a classifier sees in the photo, and how surely (0 to 1)."""

    name: str
    probability: float


@dataclass(frozen=True)
class Reason:
    """What stands behind a hashtag.

    Attributes:
        known: how many of the known photos nearby carry it.
        nearest: up to ``NEAREST`` of those, the one that gave the hashtag most first.
        seen: up to two classes, the one that gave the hashtag most first.
    """

    hashtag: str
    known: int = 0
    nearest: tuple[KnownPhoto, ...] = ()
    seen: tuple[SeenClass, ...] = ()


@cache
def class_names() -> tuple[str, ...]:
    """ImageNet's 1,000 classes, in the classifiers' order."""
    return tuple(CLASS_NAMES.read_text(encoding="utf-8").splitlines())


def explain(
    recommenders: Sequence[Recommender],
    features: Mapping[str, NDArray[np.floating]],
    columns: Mapping[str, int | None],
    hashtags: Sequence[str],
    skip: Collection[str] = (),
) -> list[Reason]:
    """Reasons for hashtags of a photo, or of an album's photos as one.

    Args:
        recommenders: those that gave the hashtags.
        features: (n, dims) by backbone; n is 1 for a photo.
        columns: the hashtags to explain and their columns, None for one that is unknown.
        hashtags: the vocabulary.
        skip: hashtags of known photos that must not be told.
    """
    neighbourhoods = [
        recommender.neighbourhood(features[recommender.backbone])
        for recommender in recommenders
        if isinstance(recommender, AlsRecommender)
    ]
    evidence = [found for one in recommenders if (found := _Classes.of(one, features))]
    reasons = []
    for tag, column in columns.items():
        known, nearest = 0, list[KnownPhoto]()
        seen: list[SeenClass] = []
        if column is not None:
            for neighbourhood in neighbourhoods:
                known, nearest = _known_photos(neighbourhood, column, hashtags, {*skip, tag})
            seen = _seen(evidence, column)
        reasons.append(Reason(tag, known, tuple(nearest), tuple(seen)))
    return reasons


def _known_photos(
    near: Neighbourhood, column: int, hashtags: Sequence[str], skip: Collection[str]
) -> tuple[int, list[KnownPhoto]]:
    """How many neighbours carry a hashtag, and the ones that give it most weight."""
    if column >= len(near.hashtag_factors):
        return 0, []
    carried = near.photo_factors @ near.hashtag_factors.T
    for place, columns in enumerate(near.columns):
        if columns:
            carried[place] = 0
            carried[place, list(columns)] = 1
    least = CARRIED * carried.max(axis=1)
    own = carried[:, column]
    carries = (own > 0) & (own >= least)
    given = np.where(carries, near.weights * own, 0)
    known = np.unique(near.rows[carries]).size  # photos of an album may share neighbours
    told: dict[int, KnownPhoto] = {}
    for place in np.argsort(-given, kind="stable"):
        if len(told) == NEAREST or not carries[place]:
            break
        row = int(near.rows[place])
        if row not in told:
            best = np.argsort(-carried[place], kind="stable")[: TOLD + len(skip)]
            sure = [c for c in best if carried[place, c] > max(0, least[place])]
            tags = [hashtags[c] for c in sure if hashtags[c] not in skip]
            told[row] = KnownPhoto(tuple(tags[:TOLD]), round(float(near.cosines[place]), 4))
    return known, list(told.values())


@dataclass(frozen=True)
class _Classes:
    """What a recommender's classifier sees, and what each class gives each hashtag.

    Attributes:
        probabilities: (classes,) float32.
        recommender: who makes hashtags of classes.
    """

    probabilities: Floats
    recommender: AlsRecommender | Word2VecRecommender

    @classmethod
    def of(
        cls, recommender: Recommender, features: Mapping[str, NDArray[np.floating]]
    ) -> "_Classes | None":
        """None where a recommender has no classifier whose classes have names."""
        if not isinstance(recommender, AlsRecommender | Word2VecRecommender):
            return None
        probabilities = recommender.classes_seen(features[recommender.backbone])
        if probabilities is None or probabilities.shape[1] != len(class_names()):
            return None
        return cls(probabilities.mean(axis=0), recommender)

    def shares(self, column: int) -> Floats:
        """(classes,) what each gives a hashtag, together 1; zeros where none gives anything."""
        given = self.probabilities * np.maximum(self.recommender.class_affinity(column), 0)
        total = float(given.sum())
        return np.asarray(given / total if total > 0 else given, np.float32)


def _seen(evidence: Sequence[_Classes], column: int) -> list[SeenClass]:
    if not evidence:
        return []
    share = np.mean([one.shares(column) for one in evidence], axis=0)
    probability = np.mean([one.probabilities for one in evidence], axis=0)
    return [
        SeenClass(class_names()[number], round(float(probability[number]), 4))
        for number in np.argsort(-share, kind="stable")[:2]
        if share[number] >= _LEAST_SHARE and probability[number] >= _LEAST_PROBABILITY
    ]
