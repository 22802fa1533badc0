"""Why a photo gets a hashtag: known photos near it that carry it, and ImageNet classes seen in it.

Beside them stands what each source of ``both`` counted for.

A bundle stores no hashtags of known photos, but their factors times the hashtags' factors give them
back nearly: what ALS made the factors for. Of photos that people taught, the hashtags are known.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recommenders.als import AlsRecommender, Neighbourhood
from recommenders.als_taught import Audience
from recommenders.arrays import Floats
from recommenders.recommender import Recommender
from recommenders.w2v import Word2VecRecommender

CLASS_NAMES = Path(__file__).parent / "class_names.txt"

MIN_AFFINITY = 0.5
"""A known photo carries the hashtags that its factors give back this surely, beside its surest."""
LEADING = 4
"""Hashtags of a known photo that a reason names."""
NEAREST = 3
"""Known photos that a reason names."""

MIN_COUNTED = 0.05
"""The share of all evidence from which a source is named."""

MIN_PROBABILITY = 0.03
MIN_SHARE = 0.15
"""A class stands behind a hashtag where it is seen, and gives it this much of what classes do."""


SourceShares = tuple[tuple[str, float], ...]
"""Sources of ``both`` that spoke for a hashtag, and the share of all that each counted for."""


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
        words: hashtags that the caption names and that speak for it, the nearest first.
        sources: what each source counted for in ``both``, as ``shares_of`` gives it.
    """

    hashtag: str
    known: int = 0
    nearest: tuple[KnownPhoto, ...] = ()
    seen: tuple[SeenClass, ...] = ()
    words: tuple[str, ...] = ()
    sources: SourceShares = ()


def shares_of(added: Mapping[str, float]) -> SourceShares:
    """What sources that speak for a hashtag count for, together 1, the weightiest first.

    Args:
        added: log-odds by source: ``als`` (known photos), ``w2v`` (the projection head),
            ``classes``, ``words``, ``share`` (how common the hashtag is). What speaks against it,
            and what counts for little, is left out.
    """
    speaking = {source: value for source, value in added.items() if value > 0}
    total = sum(speaking.values())
    shares = {s: value / total for s, value in speaking.items() if value >= MIN_COUNTED * total}
    rest = sum(shares.values())
    return tuple((s, shares[s] / rest) for s in sorted(shares, key=lambda one: -shares[one]))


@cache
def class_names() -> tuple[str, ...]:
    """ImageNet's 1,000 classes, in the classifiers' order."""
    return tuple(CLASS_NAMES.read_text(encoding="utf-8").splitlines())


def explain(
    recommenders: Sequence[Recommender],
    features: Mapping[str, NDArray[np.floating]],
    columns: Mapping[str, int | None],
    vocabulary: Sequence[str],
    skip: Collection[str] = (),
    audiences: Collection[Audience] = (None,),
) -> list[Reason]:
    """Reasons for hashtags of a photo, or of an album's photos as one.

    Args:
        recommenders: those that gave the hashtags.
        features: (n, dims) by backbone; n is 1 for a photo.
        columns: the hashtags to explain and their columns, None for one that is unknown.
        vocabulary: all hashtags, by column.
        skip: hashtags of known photos that must not be named.
        audiences: whose lessons count.
    """
    neighbourhoods = [
        recommender.neighbourhood(features[recommender.backbone], audiences)
        for recommender in recommenders
        if isinstance(recommender, AlsRecommender)
    ]
    evidence = [
        (recommender, probabilities)
        for recommender in recommenders
        if (probabilities := _classes_seen(recommender, features)) is not None
    ]
    reasons = []
    for tag, column in columns.items():
        reason = Reason(tag)
        if column is not None:
            known, nearest = 0, list[KnownPhoto]()
            for neighbourhood in neighbourhoods:
                unsaid = {*skip, vocabulary[column]}
                known, nearest = _known_photos(neighbourhood, column, vocabulary, unsaid)
            reason = Reason(tag, known, tuple(nearest), tuple(_classes_behind(evidence, column)))
        reasons.append(reason)
    return reasons


def _known_photos(
    near: Neighbourhood, column: int, vocabulary: Sequence[str], skip: Collection[str]
) -> tuple[int, list[KnownPhoto]]:
    """How many neighbours carry a hashtag, and the ones that give it most weight."""
    if column >= len(near.hashtag_factors):
        return 0, []
    affinity = near.photo_factors @ near.hashtag_factors.T
    for place, columns in enumerate(near.columns):
        if columns:
            affinity[place] = 0
            affinity[place, list(columns)] = 1
    least = MIN_AFFINITY * affinity.max(axis=1)
    own = affinity[:, column]
    carries = (own > 0) & (own >= least)
    weight = np.where(carries, near.weights * own, 0)
    count = np.unique(near.rows[carries]).size  # photos of an album may share neighbours
    nearest: dict[int, KnownPhoto] = {}
    for place in np.argsort(-weight, kind="stable"):
        if len(nearest) == NEAREST or not carries[place]:
            break
        row = int(near.rows[place])
        if row not in nearest:
            best = np.argsort(-affinity[place], kind="stable")[: LEADING + len(skip)]
            sure = [c for c in best if affinity[place, c] > max(0, least[place])]
            tags = [vocabulary[c] for c in sure if vocabulary[c] not in skip]
            nearest[row] = KnownPhoto(tuple(tags[:LEADING]), round(float(near.cosines[place]), 4))
    return count, list(nearest.values())


def _classes_seen(
    recommender: Recommender, features: Mapping[str, NDArray[np.floating]]
) -> Floats | None:
    """What a recommender's classifier sees, (classes,); None where no classes with names."""
    if not isinstance(recommender, AlsRecommender | Word2VecRecommender):
        return None
    probabilities = recommender.classes_seen(features[recommender.backbone])
    if probabilities is None or probabilities.shape[1] != len(class_names()):
        return None
    return np.asarray(probabilities.mean(axis=0), np.float32)


def _shares(recommender: Recommender, probabilities: Floats, column: int) -> Floats:
    """(classes,) what each gives a hashtag, together 1; zeros where none gives anything."""
    assert isinstance(recommender, AlsRecommender | Word2VecRecommender)
    weight = probabilities * np.maximum(recommender.class_affinity(column), 0)
    total = float(weight.sum())
    return np.asarray(weight / total if total > 0 else weight, np.float32)


def _classes_behind(evidence: Sequence[tuple[Recommender, Floats]], column: int) -> list[SeenClass]:
    if not evidence:
        return []
    share = np.mean([_shares(*one, column) for one in evidence], axis=0)
    probability = np.mean([probabilities for _, probabilities in evidence], axis=0)
    return [
        SeenClass(class_names()[number], round(float(probability[number]), 4))
        for number in np.argsort(-share, kind="stable")[:2]
        if share[number] >= MIN_SHARE and probability[number] >= MIN_PROBABILITY
    ]
