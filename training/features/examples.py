"""Training examples, and subsets of them that do not copy features.

The features of 80,000 photos and of their mirror images take a gigabyte, which the subsets to fit
on, to hold out and of each backend share.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

Rows = NDArray[np.intp]


class Features(Protocol):
    """Features (n, dims) of floats, row by row: an array, ``Picked`` rows, or ``Mapped``."""

    def __len__(self) -> int: ...

    def __getitem__(self, at: Any, /) -> Any:
        """The features (m, dims) at a slice or at an array of rows."""


class Picked:
    """Rows of vertically stacked arrays, copied only when indexed.

    Args:
        arrays: each (n, dims).
        rows: (m,) indices into the stack.
    """

    def __init__(self, arrays: Sequence[Features], rows: Rows) -> None:
        self._arrays, self._rows = arrays, rows
        self._starts = np.cumsum([0, *(len(array) for array in arrays)])

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, at: slice | Rows) -> NDArray[Any]:
        rows = self._rows[at]
        if len(self._arrays) == 1:
            return np.asarray(self._arrays[0][rows])
        array_of = np.searchsorted(self._starts, rows, side="right") - 1
        first = np.asarray(self._arrays[0][:0])
        picked = np.empty((len(rows), first.shape[1]), first.dtype)
        for number, array in enumerate(self._arrays):
            here = array_of == number
            picked[here] = array[rows[here] - self._starts[number]]
        return picked


@dataclass(frozen=True)
class Mapped:
    """Features in a ``.npy`` file, memory-mapped so that processes share them."""

    path: Path

    def __len__(self) -> int:
        return len(self._array)

    def __getitem__(self, at: slice | Rows) -> NDArray[Any]:
        return np.asarray(self._array[at])

    @property
    def _array(self) -> NDArray[Any]:
        mapped: NDArray[Any] = np.load(self.path, mmap_mode="r")
        return mapped


@dataclass(frozen=True)
class Examples:
    """Photos to learn from, as arrays.

    Attributes:
        features: (n, dims) by backbone.
        counts: (n, V) weights of each photo's hashtags.
        mirrored: (n, dims) by backbone, of the photos mirrored; may be empty.
        jittered: (n, dims) by backbone, of each copy of the photos in other colours.
    """

    features: Mapping[str, Features]
    counts: csr_matrix
    mirrored: Mapping[str, Features] = field(default_factory=dict)
    jittered: Sequence[Mapping[str, Features]] = ()

    def rows(self, rows: Rows) -> "Examples":
        """Some of the photos."""

        def picked(features: Mapping[str, Features]) -> dict[str, Features]:
            return {name: Picked([values], rows) for name, values in features.items()}

        return Examples(
            picked(self.features),
            self.counts[rows],
            picked(self.mirrored),
            [picked(copy) for copy in self.jittered],
        )

    def augmented(self, backbone: str) -> tuple[Features, csr_matrix]:
        """Features and counts for training, those of any changed copies included."""
        copies = [one[backbone] for one in (self.mirrored, *self.jittered) if backbone in one]
        if not copies:
            return self.features[backbone], self.counts
        arrays = [self.features[backbone], *copies]
        return (
            Picked(arrays, np.arange(len(arrays) * len(arrays[0]))),
            vstack([self.counts] * len(arrays), format="csr"),
        )
