"""Array types, and row-wise functions shared by all modules."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

_TINY = np.float32(1e-12)


def unit(rows: Floats) -> Floats:
    """Rows scaled to length 1; rows of zeros stay as they are."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), _TINY))


def softmax(logits: Floats) -> Floats:
    """Numerically stable row-wise softmax."""
    exponent = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(exponent / exponent.sum(axis=1, keepdims=True))


def whole_numbers(vectors: Floats) -> NDArray[np.int8]:
    """Unit vectors (n, k) quantised to int8, each row's largest value to 127.

    Normalising loses nothing: ``whole_numbers(unit(stored)) == stored``.
    """
    largest = np.maximum(np.abs(vectors).max(axis=1, keepdims=True), 1e-12)
    return np.asarray(np.round(vectors / largest * 127), np.int8)
