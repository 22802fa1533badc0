"""Arrays of numbers: their types, and the two row-wise functions that every part works with."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Floats = NDArray[np.float32]

_TINY = np.float32(1e-12)


def unit(rows: Floats) -> Floats:
    """Rows scaled to length 1; rows of zeros stay."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), _TINY))


def softmax(logits: Floats) -> Floats:
    """Row-wise softmax, stable."""
    exponent = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(exponent / exponent.sum(axis=1, keepdims=True))
