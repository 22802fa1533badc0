"""What the words of a caption add to a hashtag's log-odds, fitted on captioned photos.

A logistic regression whose offset is the photo's own log-odds: it learns only what a caption adds,
and leaves photos without one unchanged.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from recommenders.arrays import Doubles, Floats
from recommenders.fusion import BY_WORDS, Fusion, log_odds
from recommenders.words import WordsGain
from training.features.compute import batches
from training.fitting.fusion import SourcesOf

_ROWS = 256


def fit_words_gain(
    fusion: Fusion,
    sources: SourcesOf,
    nearness: Sequence[Floats],
    truth: csr_matrix,
    weights: Floats,
) -> WordsGain:
    """Fits what words add, which is never negative.

    Args:
        sources: of n captioned photos.
        nearness: n arrays (V,), how near the hashtags are to the words of one caption.
        truth: (n, V), not zero where a hashtag fits by what else is known about the photo.
        weights: (n,) of the photos.
    """
    offsets, terms, labels, counts = [], [], [], []
    for rows in batches(len(nearness), _ROWS):
        near = np.asarray(nearness[rows], np.float32)
        columns = np.argpartition(-near, min(BY_WORDS, near.shape[1] - 1), axis=1)[:, :BY_WORDS]
        near = np.take_along_axis(near, columns, axis=1)
        is_near = near > 0
        scores = fusion.scores_of(sources(rows), columns)
        offsets.append(log_odds(scores)[is_near])
        terms.append(WordsGain.terms(near)[is_near])
        labels.append(np.take_along_axis(truth[rows].toarray() != 0, columns, axis=1)[is_near])
        counts.append(np.broadcast_to(weights[rows, None], near.shape)[is_near])
    return WordsGain(*_regressed(*map(np.concatenate, (offsets, terms, labels, counts))))


def _regressed(
    offsets: Floats, terms: Floats, labels: NDArray[np.bool_], counts: Floats
) -> Sequence[float]:
    """Coefficients of the terms, none negative, rounded to a hundredth."""
    offset, x = offsets.astype(np.float64), terms.astype(np.float64)
    sign = np.where(labels, 1.0, -1.0)
    share = counts / counts.sum()

    def loss(coefficients: Doubles) -> tuple[float, Doubles]:
        margin = sign * (offset + x @ coefficients)
        slope = -sign * share / (1 + np.exp(margin))
        return float(share @ np.logaddexp(0, -margin)), slope @ x

    size = x.shape[1]
    fitted = minimize(loss, np.zeros(size), jac=True, method="L-BFGS-B", bounds=[(0, None)] * size)
    return [round(float(value), 2) for value in fitted.x]
