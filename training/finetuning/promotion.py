"""Decides by recall on held-out photos whether a fine-tuned head replaces the old one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommenders.arrays import Floats
from recommenders.bundle import Bundle
from recommenders.ranking import adjusted, read_ranking
from recommenders.w2v import read_w2v
from training.evaluation.metrics import top_columns, weighted_recall
from training.features.compute import batches
from training.fitting.choosing import AT
from training.fitting.head import FittedHead, head_recommender
from training.fitting.replay import Replay

FIRST = 10
"""How many hashtags of an answer count when recall of held-out labels is measured."""

ROWS = 256
"""Photos whose scores for all hashtags are in memory at a time."""

TAUGHT_HELD_OUT = 0.2
"""Of the taught photos with hashtags that the version in use has not learnt, to measure by."""

MOST_LOST = 0.01
"""The most that recall on the held-out replay may drop."""


@dataclass(frozen=True)
class Figures:
    """A head's recall, 0 to 1.

    Attributes:
        replay: of held-out replay photos' hashtags, in the first five.
        labels: of held-out taught photos' hashtags that the old head was not trained on, in the
            first ten.
    """

    replay: float
    labels: float


@dataclass(frozen=True)
class Decision:
    """Whether a head is to be promoted.

    Attributes:
        outcome: ``learnt`` if so, otherwise what speaks against it.
        reason: the same as a sentence with its figures.
    """

    outcome: Literal["learnt", "forgets", "not_learnt"]
    reason: str

    @property
    def promoted(self) -> bool:
        return self.outcome == "learnt"


def split_held_out(
    keys: Sequence[int], counts: csr_matrix, unlearnt: csr_matrix
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows to train on and rows held out: a fifth, at least one, of those with unlearnt hashtags.

    A hashtag's last photo is not held out, unless every photo is some hashtag's last. No head can
    then answer the hashtags that only held-out photos carry, so they count as missed by both.

    Args:
        keys: (n,) of the photos, whose hashes order them.
        counts: (n, V) weights of their hashtags.
        unlearnt: (n, V) not zero for those that the old head was not trained on.
    """
    left = np.asarray((counts > 0).sum(axis=0)).ravel()
    rows = np.flatnonzero(np.diff(unlearnt.indptr)).tolist()
    order = sorted(rows, key=lambda row: crc32(str(keys[row]).encode()))
    most = max(1, round(len(order) * TAUGHT_HELD_OUT))
    held_out: list[int] = []
    for row in order:
        columns = counts.indices[counts.indptr[row] : counts.indptr[row + 1]]
        if len(held_out) < most and (left[columns] > 1).all():
            held_out.append(row)
            left[columns] -= 1
    if not held_out:
        held_out = order[:most]
    training = np.setdiff1d(np.arange(len(keys)), held_out)
    return training.astype(np.intp), np.array(sorted(held_out), np.intp)


class HeldOut:
    """The photos that heads are measured on: of the replay, and taught ones.

    Args:
        features: (n, dims) of the taught photos held out.
        counts: (n, V) of the hashtags to measure by, new ones after the bundle's.
    """

    def __init__(
        self, bundle: Bundle, replay: Replay, features: Floats, counts: csr_matrix
    ) -> None:
        self._replay = replay.features[: replay.held_out]
        self._replay_weights = widened(replay.counts[: replay.held_out], counts.shape[1])
        self._features, self._labels = features, csr_matrix(counts > 0, dtype=np.float32)
        ranking = read_ranking(bundle, "w2v")
        new = counts.shape[1] - len(ranking.popularity)
        rarest = np.full(new, ranking.popularity.min(), np.float32)
        self._popularity = np.concatenate([ranking.popularity, rarest])
        self._exponent = ranking.exponent
        self._hashtags_per_post = read_w2v(bundle).hashtags_per_post

    def figures(self, head: FittedHead) -> Figures:
        """A head's recall on them."""
        return Figures(
            weighted_recall(self._top(head, self._replay, AT), self._replay_weights),
            weighted_recall(self._top(head, self._features, FIRST), self._labels),
        )

    def _top(self, head: FittedHead, features: Floats, at: int) -> NDArray[np.intp]:
        """A head's first hashtags (n, at) of photos."""
        recommender = head_recommender("", head, self._hashtags_per_post)
        popularity = self._popularity[: len(head.vectors)]
        top = [np.empty((0, at), np.intp)]
        for rows in batches(len(features), ROWS):
            scores = recommender.scores(features[rows])
            top.append(top_columns(adjusted(scores, popularity, self._exponent), at))
        return np.concatenate(top)


def decide(before: Figures, after: Figures) -> Decision:
    """Whether to promote a head with these figures, and why."""
    learnt = f"recall of held-out labels went from {before.labels:.3f} to {after.labels:.3f}"
    if after.replay < before.replay - MOST_LOST:
        return Decision(
            "forgets",
            f"It forgets: recall of rehearsed photos fell from {before.replay:.3f} to "
            f"{after.replay:.3f}; it may lose {MOST_LOST:.2f} at most.",
        )
    if after.labels <= before.labels:
        return Decision("not_learnt", f"It has not learnt: {learnt}.")
    return Decision(
        "learnt",
        f"It has learnt: {learnt}, recall of rehearsed photos from {before.replay:.3f} to "
        f"{after.replay:.3f}.",
    )


def widened(counts: csr_matrix, width: int) -> csr_matrix:
    """The same rows with empty columns added up to ``width``."""
    return csr_matrix((counts.data, counts.indices, counts.indptr), (counts.shape[0], width))
