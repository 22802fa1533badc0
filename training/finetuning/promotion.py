"""Whether a fine-tuned head is to take the old one's place: what it recalls of photos held out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommenders.bundle import Bundle
from recommenders.ranking import adjusted
from training.evaluation.metrics import top_columns
from training.finetuning.replay import Replay
from training.fitting.fusion import AT
from training.fitting.head import FittedHead, head_recommender

Floats = NDArray[np.float32]

FIRST = 10
"""Hashtags of an answer among which a held-out label counts as recalled."""

MOST_LOST = 0.01
"""What recall on the held-out replay may lose."""


@dataclass(frozen=True)
class Figures:
    """What a head recalls, 0 to 1.

    Attributes:
        replay: of held-out replay photos' hashtags, in the first five.
        labels: of held-out taught photos' hashtags, in the first ten.
    """

    replay: float
    labels: float


def split(
    keys: Sequence[int], counts: csr_matrix, share: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows to train on and rows held out; a hashtag's last photo is never held out."""
    left = np.asarray((counts > 0).sum(axis=0)).ravel()
    order = sorted(range(len(keys)), key=lambda row: crc32(str(keys[row]).encode()))
    wanted = max(1, round(len(keys) * share))
    held: list[int] = []
    for row in order:
        columns = counts.indices[counts.indptr[row] : counts.indptr[row + 1]]
        if len(held) < wanted and (left[columns] > 1).all():
            held.append(row)
            left[columns] -= 1
    if not held:  # every photo has a hashtag of its own: the old hashtags alone can be checked
        held = order[:wanted]
    training = np.setdiff1d(np.arange(len(keys)), held)
    return training.astype(np.intp), np.array(sorted(held), np.intp)


class Measure:
    """Figures of a head on the held-out replay and on held-out labels."""

    def __init__(
        self, bundle: Bundle, replay: Replay, features: Floats, counts: csr_matrix
    ) -> None:
        self._replay = replay.features[: replay.held]
        self._truth = widened(replay.counts[: replay.held], counts.shape[1]).toarray()
        self._features = features
        self._labels = counts.toarray() > 0
        popularity = bundle.arrays["ranking"]["popularity"].astype(np.float32)
        exponent = float(bundle.settings["w2v"].get("popularity_exponent", 0.0))
        more = np.full(counts.shape[1] - len(popularity), popularity.min(), np.float32)
        self._popularity, self._exponent = np.concatenate([popularity, more]), exponent
        self._per_post = float(bundle.settings["w2v"]["hashtags_per_post"])

    def __call__(self, head: FittedHead) -> Figures:
        return Figures(
            recall(self._order(head, self._replay), self._truth, AT),
            recall(self._order(head, self._features), self._labels, FIRST),
        )

    def _order(self, head: FittedHead, features: Floats) -> Floats:
        scores = head_recommender("", head, self._per_post).scores(features)
        return adjusted(scores, self._popularity[: scores.shape[1]], self._exponent)


def recall(order: Floats, truth: NDArray[Any], at: int) -> float:
    """Mean share of the photos' (weighted) hashtags among the first ``at``.

    Args:
        order: (n, V) what hashtags are sorted by.
        truth: (n, W) weights; W may be more than V, for hashtags that cannot be recalled.
    """
    total = truth.sum(axis=1)
    if not len(total) or not total.any():
        return 0.0
    top = top_columns(order, at)
    found = np.take_along_axis(truth, top, axis=1).sum(axis=1)
    return float((found[total > 0] / total[total > 0]).mean())


def keeps(before: float, after: float) -> bool:
    """Whether recall of rehearsed photos has not fallen by more than may be lost."""
    return after >= before - MOST_LOST


def worth(before: Figures, after: Figures) -> tuple[bool, str]:
    """Whether to promote a head with these figures, and why, a sentence."""
    learnt = f"recall of held-out labels went from {before.labels:.3f} to {after.labels:.3f}"
    if not keeps(before.replay, after.replay):
        return False, forgets(before.replay, after.replay)
    if after.labels <= before.labels:
        return False, f"It has not learnt: {learnt}."
    return True, (
        f"It has learnt: {learnt}, and recall of rehearsed photos from {before.replay:.3f} to "
        f"{after.replay:.3f}."
    )


def forgets(before: float, after: float) -> str:
    """The sentence for a head that loses too much."""
    return (
        f"It forgets: recall of rehearsed photos fell from {before:.3f} to {after:.3f}, and "
        f"no more than {MOST_LOST:.2f} may be lost."
    )


def widened(counts: csr_matrix, width: int) -> csr_matrix:
    """The same rows with more columns, of hashtags that they do not carry."""
    return csr_matrix((counts.data, counts.indices, counts.indptr), (counts.shape[0], width))
