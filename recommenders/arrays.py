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


def largest_first(values: Array, k: int) -> NDArray[np.intp]:
    """The columns (n, k) of the k largest in each row (n, N), largest first, ties in order."""
    count = values.shape[1]
    # The k-th best of each row; hardly more than k are not below it.
    least = -np.partition(-values, k - 1, axis=1)[:, k - 1] if 0 < k < count else None
    columns = np.empty((len(values), k), np.intp)
    for at, row in enumerate(values):
        best = np.arange(count) if least is None else np.flatnonzero(~(row < least[at]))
        columns[at] = best[np.argsort(-row[best], kind="stable")[:k]]
    return columns


def quantised(rows: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Rows (n, k) as int8, each row's largest value 127, and the scales (n,) to multiply by."""
    largest = np.maximum(np.abs(rows).max(axis=1, keepdims=True), 1e-12)
    scales = np.asarray(largest[:, 0] / 127, np.float32)
    return np.asarray(np.round(rows / largest * 127), np.int8), scales


def whole_numbers(vectors: Floats) -> NDArray[np.int8]:
    """Unit vectors (n, k) as ``quantised``, whose scales they do not need.

    Normalising loses nothing: ``whole_numbers(unit(stored)) == stored``.
    """
    return quantised(vectors)[0]
