"""Metrics of recommendations, as plain functions of arrays.

Per photo: precision, recall, F2, accuracy and hit at k. Per hashtag: the image annotation
literature's mean precision and recall over the hashtags of the test split, the F1 of those two
means, and N+, how many hashtags are recalled at least once (Duygulu et al. 2002; Makadia et al.
2008).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommenders.arrays import Doubles, Floats, largest_first
from training.datasets.albums import first_pictures

Bools = NDArray[np.bool_]

_ROWS = 512

ROUNDS = 400
"""Of the bootstrap."""


def top_columns(order: Floats, k: int) -> NDArray[np.intp]:
    """The k best columns of each row, best first, ties by column: (n, k), -1 where V is less."""
    top = np.full((len(order), k), -1, np.intp)
    k = min(k, order.shape[1])
    for start in range(0, len(order), _ROWS):
        top[start : start + _ROWS, :k] = largest_first(order[start : start + _ROWS], k)
    return top


def measure(top: NDArray[np.intp], truth: Bools, lengths: NDArray[np.integer]) -> dict[str, float]:
    """All metrics of one recommender.

    Args:
        top: (n, k) recommended columns, best first, none of them twice; -1 where there were fewer.
        truth: (n, V) which hashtags the photos carry.
        lengths: (n,) hashtags of each photo, those outside the vocabulary included.

    Returns:
        ``precision``, ``recall``, ``f2``, ``accuracy``, ``p@1``, ``label_precision``,
        ``label_recall``, ``label_f1`` from 0 to 1, and ``n_plus``.
    """
    hits = hits_of(top, truth)
    carried = truth.sum(axis=0)
    occurs = carried > 0
    recommended = np.bincount(top[top >= 0], minlength=len(carried))[occurs]
    right = np.bincount(top[hits], minlength=len(carried))[occurs]
    # Of few photos none may carry a hashtag that can be recommended.
    hashtags = max(int(occurs.sum()), 1)
    label_precision = float((right / np.maximum(recommended, 1)).sum() / hashtags)
    label_recall = float((right / carried[occurs]).sum() / hashtags)
    both = label_precision + label_recall
    return {
        **{name: float(v.mean()) for name, v in _of_photos(top, hits, truth, lengths).items()},
        "label_precision": label_precision,
        "label_recall": label_recall,
        "label_f1": 2 * label_precision * label_recall / both if both else 0.0,
        "n_plus": int((right > 0).sum()),
    }


def hits_of(top: NDArray[np.intp], truth: Bools) -> Bools:
    """(n, k) which recommended columns the photos carry; arguments as for ``measure``."""
    return np.asarray((top >= 0) & np.take_along_axis(truth, np.maximum(top, 0), axis=1))


def _of_photos(
    top: NDArray[np.intp], hits: Bools, truth: Bools, lengths: NDArray[np.integer]
) -> dict[str, Doubles]:
    """The metrics of each photo whose means are reported, (n,) each.

    ``f2`` is the photo's F-beta with a beta of 2, in which recall weighs four times as much as
    precision: 5 · P · R / (4 · P + R), which is 5 · right / (4 · carried + k). Published projects
    that gave photos several labels scored by its mean over photos.

    ``accuracy`` is the share of all V hashtags about which the answer is right, by naming those
    that the photo carries and leaving the others out. It flatters: see ``empty_accuracy``.
    """
    right, k = hits.sum(axis=1), hits.shape[1]
    wrong = (top >= 0).sum(axis=1) + truth.sum(axis=1) - 2 * right
    return {
        "precision": right / k,
        "recall": right / np.maximum(lengths, 1),
        "f2": 5 * right / (4 * lengths + k),
        "accuracy": 1 - wrong / truth.shape[1],
        "p@1": hits[:, 0].astype(np.float64),
    }


def weighted_recall(top: NDArray[np.intp], truth: csr_matrix) -> float:
    """Mean share of the weight of a photo's hashtags that the recommended ones have.

    Args:
        top: (n, k) columns, none of them twice; -1 where there were fewer.
        truth: (n, V) weights; photos without any are left out.
    """
    total = np.asarray(truth.sum(axis=1)).ravel()
    if not total.any():
        return 0.0
    weights = truth[np.arange(len(top))[:, None], np.maximum(top, 0)]
    recalled = np.asarray(weights.multiply(top >= 0).sum(axis=1)).ravel()
    return float((recalled[total > 0] / total[total > 0]).mean())


def empty_accuracy(truth: Bools) -> float:
    """The accuracy of answers without a single hashtag: the share of true negatives.

    A photo carries a few of thousands of hashtags, so this is close to 1. Only the distance of an
    accuracy from it tells anything.
    """
    return float(1 - truth.mean())


def bootstrap(
    top: NDArray[np.intp],
    truth: Bools,
    lengths: NDArray[np.integer],
    albums: Sequence[str | None] | None = None,
) -> dict[str, tuple[float, float]]:
    """95 % intervals of every figure of ``measure``.

    The Bayesian bootstrap (Rubin 1981): in each round every post gets a random weight above 0, and
    for the means over hashtags every hashtag too, since one photo tells nothing of how its
    hashtag's recall would vary. Drawing photos with replacement would lose a third of the hashtags
    that only one photo carries, the hard ones, and the interval would miss the estimate.
    ``n_plus`` counts hashtags, so for it the hashtags of the split are drawn with replacement.

    Args:
        albums: (n,) the album of each photo, whose pictures get the same weight, since they tell
            the same; None where it has none.
    """
    generator = np.random.default_rng(0)
    photos = photo_weights(albums or [None] * len(top), generator)
    hits = hits_of(top, truth)
    of_photos = _of_photos(top, hits, truth, lengths)
    occurs = np.flatnonzero(truth.any(axis=0))
    hashtags = _shares(np.arange(len(occurs)), generator)
    recommended = _weighted(top >= 0, top, photos, truth.shape[1])[:, occurs]
    right = _weighted(hits, top, photos, truth.shape[1])[:, occurs]
    carried = (csr_matrix(truth).T @ photos.T).T[:, occurs]
    precision = np.divide(right, recommended, out=np.zeros_like(right), where=recommended > 0)
    label_precision = (hashtags * precision).sum(axis=1)
    label_recall = (hashtags * (right / carried)).sum(axis=1)
    both = np.maximum(label_precision + label_recall, np.finfo(np.float64).tiny)
    recalled = np.asarray((right > 0).any(axis=0))
    drawn = generator.integers(0, len(occurs), (ROUNDS, len(occurs)))
    samples = {
        **{name: photos @ values for name, values in of_photos.items()},
        "label_precision": label_precision,
        "label_recall": label_recall,
        "label_f1": 2 * label_precision * label_recall / both,
        "n_plus": recalled[drawn].sum(axis=1),
    }
    return {
        name: (float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975)))
        for name, values in samples.items()
    }


def photo_weights(albums: Sequence[str | None], generator: np.random.Generator) -> Doubles:
    """Random weights of n photos for the Bayesian bootstrap: (ROUNDS, n), 1 in all each round.

    Args:
        albums: (n,) as of ``bootstrap``.
    """
    return _shares(np.unique(first_pictures(albums), return_inverse=True)[1], generator)


def _shares(unit_of: NDArray[np.intp], generator: np.random.Generator) -> Doubles:
    drawn = generator.standard_exponential((ROUNDS, unit_of.max(initial=-1) + 1))[:, unit_of]
    return np.asarray(drawn / drawn.sum(axis=1, keepdims=True))


def _weighted(chosen: Bools, top: NDArray[np.intp], weights: Doubles, hashtags: int) -> Doubles:
    """(rounds, hashtags): the photos' weights added up over those of ``top`` that are chosen."""
    rows, places = np.nonzero(chosen)
    ones = np.ones(len(rows))
    marked = csr_matrix((ones, (rows, top[rows, places])), (len(top), hashtags))
    return np.asarray((marked.T @ weights.T).T)
