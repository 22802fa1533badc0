"""The interface of every recommender: a batch of features in, a row of relevance per photo out."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recommenders.arrays import Floats


class Recommender(Protocol):
    """Scores the hashtags of a vocabulary for photos; one photo is a batch of one.

    Attributes:
        backbone: the backbone whose features it takes.
    """

    backbone: str

    def scores(self, features: NDArray[np.floating]) -> Floats:
        """Features (n, dims) to relevance (n, hashtags) float32, from 0 (no) to about 1 (sure)."""
        ...
