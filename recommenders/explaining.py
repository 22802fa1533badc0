"""Why a photo gets a hashtag: known photos near it that carry it, and ImageNet classes seen in it.

For ``both``, also how much each source contributed.

A bundle does not store known photos' hashtags, but photo factors times hashtag factors approximate
them, which is what ALS optimises. Those of photos that people taught are stored.
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
"""A known photo carries a hashtag whose affinity is at least this fraction of its largest."""
LEADING = 4
"""How many hashtags of a known photo a reason lists."""
NEAREST = 3
"""How many known photos a reason lists."""

MIN_COUNTED = 0.05
"""The least share of the evidence for a source to be listed."""

MIN_PROBABILITY = 0.03
MIN_SHARE = 0.15
"""A class is a reason if it is this probable and gives this share of the classes' evidence."""


SourceShares = tuple[tuple[str, float], ...]
"""Sources of ``both`` in favour of a hashtag, with each one's share of the evidence."""


@dataclass(frozen=True)
class KnownPhoto:
    """A known photo near the photo: its leading hashtags, and the cosine."""

    hashtags: tuple[str, ...]
    cosine: float


@dataclass(frozen=True)
class SeenClass:
    """An ImageNet class that a classifier sees in the photo, and how surely (0 to 1)."""

    name: str
    probability: float


@dataclass(frozen=True)
class Reason:
    """The evidence for a hashtag.

    Attributes:
        known: how many of the known photos nearby carry it.
        nearest: up to ``NEAREST`` of those, the largest contribution first.
        seen: up to two classes, the largest contribution first.
        words: similar hashtags that the caption names, the nearest first.
        sources: the sources' shares in ``both``, as returned by ``shares_of``.
    """

    hashtag: str
    known: int = 0
    nearest: tuple[KnownPhoto, ...] = ()
    seen: tuple[SeenClass, ...] = ()
    words: tuple[str, ...] = ()
    sources: SourceShares = ()


def shares_of(added: Mapping[str, float]) -> SourceShares:
    """The shares of the sources in favour of a hashtag, summing to 1, largest first.

    Args:
        added: log-odds by source: ``als`` (known photos), ``w2v`` (the projection head),
            ``classes``, ``words``, ``share`` (how common the hashtag is). Negative and small ones
            are left out.
    """
    in_favour = {source: value for source, value in added.items() if value > 0}
    total = sum(in_favour.values())
    shares = {s: value / total for s, value in in_favour.items() if value >= MIN_COUNTED * total}
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
    """Reasons for hashtags of a photo, or of all photos of an album together.

    Args:
        recommenders: those that gave the hashtags.
        features: (n, dims) by backbone; n is 1 for a single photo.
        columns: the hashtags to explain and their columns, None for an unknown one.
        vocabulary: all hashtags, by column.
        skip: hashtags of known photos that must not be listed.
        audiences: whose lessons count.
    """
    als = next((one for one in recommenders if isinstance(one, AlsRecommender)), None)
    near = None if als is None else als.neighbourhood(features[als.backbone], audiences)
    evidence = [
        (recommender, probabilities)
        for recommender in recommenders
        if (probabilities := _classes_seen(recommender, features)) is not None
    ]
    reasons = []
    for tag, column in columns.items():
        if column is None:
            reasons.append(Reason(tag))
            continue
        unlisted = {*skip, vocabulary[column]}
        known, nearest = (
            (0, []) if near is None else _known_photos(near, column, vocabulary, unlisted)
        )
        classes = _classes_behind(evidence, column)
        reasons.append(Reason(tag, known, tuple(nearest), tuple(classes)))
    return reasons


def _known_photos(
    near: Neighbourhood, column: int, vocabulary: Sequence[str], skip: Collection[str]
) -> tuple[int, list[KnownPhoto]]:
    """How many neighbours carry a hashtag, and those that contribute most to it."""
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
    """Class probabilities of a recommender's classifier, (classes,); None without named ones."""
    if not isinstance(recommender, AlsRecommender | Word2VecRecommender):
        return None
    probabilities = recommender.classes_seen(features[recommender.backbone])
    if probabilities is None or probabilities.shape[1] != len(class_names()):
        return None
    return np.asarray(probabilities.mean(axis=0), np.float32)


def _shares(recommender: Recommender, probabilities: Floats, column: int) -> Floats:
    """Each class's share of the classes' evidence for a hashtag, (classes,); zeros without any."""
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
