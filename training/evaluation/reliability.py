"""Calibration: predicted probabilities against observed shares, in bins (Murphy & Winkler 1977)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommenders.arrays import Floats

BINS = 10


@dataclass(frozen=True)
class Bin:
    """Hashtags of photos with about the same predicted probability.

    Attributes:
        count: how many.
        predicted: their mean probability.
        observed: the share of them that the photos carry.
        low, high: the 95 % interval of that share (Wilson 1927).
    """

    count: int
    predicted: float
    observed: float
    low: float
    high: float


@dataclass(frozen=True)
class Reliability:
    """The bins that are not empty, least probable first.

    Attributes:
        error: the expected calibration error: the mean difference of predicted and observed over
            hashtags (Naeini et al. 2015).
    """

    bins: tuple[Bin, ...]
    error: float


def reliability(probabilities: Floats, carried: NDArray[np.bool_]) -> Reliability:
    """Compares probabilities (m,) with the truth (m,) in ``BINS`` bins of equal width."""
    number = np.minimum((probabilities * BINS).astype(np.intp), BINS - 1)
    bins = []
    for each in np.unique(number):
        of_bin = number == each
        count, observed = int(of_bin.sum()), float(carried[of_bin].mean())
        low, high = _wilson(observed, count)
        bins.append(Bin(count, float(probabilities[of_bin].mean()), observed, low, high))
    return Reliability(tuple(bins), _error(bins))


def _error(bins: Sequence[Bin]) -> float:
    total = sum(one.count for one in bins)
    return sum(one.count * abs(one.predicted - one.observed) for one in bins) / max(total, 1)


def _wilson(share: float, count: int) -> tuple[float, float]:
    z = 1.96
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z * (share * (1 - share) / count + z**2 / (4 * count**2)) ** 0.5 / (1 + z**2 / count)
    return max(0.0, middle - half), min(1.0, middle + half)
