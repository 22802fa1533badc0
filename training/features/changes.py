"""Data augmentation: copies of photos mirrored left to right, or with jittered colours.

Colours are jittered as in torchvision's ColorJitter: brightness, contrast, saturation and hue, in
random order. The photo's content and the copy's number seed it, so a copy is always the same.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

from recommenders.backbones.recipe import View

HUE = 0.25
"""The largest hue shift in turns, per unit of strength: more turns grass into water."""


@dataclass(frozen=True)
class Change:
    """How a photo is changed before its features are computed; by default it is not.

    Attributes:
        mirrored: left to right.
        jitter: the number of the copy in other colours, from 1; 0 keeps the colours.
        strength: factors of brightness, contrast and saturation are 1 - strength to 1 + strength.
    """

    mirrored: bool = False
    jitter: int = 0
    strength: float = 0.0

    def __str__(self) -> str:
        """In words, behind a backbone's name."""
        mirrored = " of mirrored photos" if self.mirrored else ""
        return mirrored + (f" in other colours, copy {self.jitter}" if self.jitter else "")

    @property
    def file_suffix(self) -> str:
        """The end of the cache file's name, unique to each change."""
        mirrored = "-flipped" if self.mirrored else ""
        return mirrored + (f"-jitter{self.jitter}x{self.strength!r}" if self.jitter else "")

    def pixels(self, photo: Image.Image, view: View, digest: bytes) -> NDArray[np.uint8]:
        """The changed photo as a network's input: (side, side, 3) uint8.

        Args:
            digest: SHA-256 of the photo's file.
        """
        pixels = view.pixels(ImageOps.mirror(photo) if self.mirrored else photo)
        return self._jittered(pixels, digest) if self.jitter else pixels

    def _jittered(self, pixels: NDArray[np.uint8], digest: bytes) -> NDArray[np.uint8]:
        draw = np.random.default_rng([*digest, self.jitter])
        factors = draw.uniform(1 - self.strength, 1 + self.strength, 3)
        turn = draw.uniform(-HUE * self.strength, HUE * self.strength)
        steps: list[Callable[[Image.Image], Image.Image]] = [
            lambda image: ImageEnhance.Brightness(image).enhance(factors[0]),
            lambda image: ImageEnhance.Contrast(image).enhance(factors[1]),
            lambda image: ImageEnhance.Color(image).enhance(factors[2]),
            lambda image: _with_other_hue(image, turn),
        ]
        image = Image.fromarray(pixels)
        for step in draw.permutation(len(steps)):
            image = steps[step](image)
        return np.asarray(image, np.uint8)


AS_IT_IS = Change()
MIRRORED = Change(mirrored=True)


def _with_other_hue(image: Image.Image, turn: float) -> Image.Image:
    """The image with its hue shifted by ``turn`` turns."""
    hue, saturation, value = image.convert("HSV").split()
    by = round(turn * 256)
    hue = hue.point([(one + by) % 256 for one in range(256)])
    return Image.merge("HSV", (hue, saturation, value)).convert("RGB")
