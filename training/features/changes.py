"""Changed copies of photos to learn from: mirrored left to right, or in other colours.

Colours are jittered as in torchvision's ColorJitter: brightness, contrast, saturation and hue, in
any order. How is drawn from the photo's own content and the copy's number, so a copy is the same
whenever it is computed.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

from recommenders.backbones.recipe import View

HUE = 0.25
"""How far hue goes round its circle, as a share of the strength: more turns grass to water."""


@dataclass(frozen=True)
class Change:
    """How a photo is changed before its features are computed; by default it is not.

    Attributes:
        mirrored: left to right.
        jitter: the number of the copy in other colours, from 1; 0 keeps the colours.
        strength: how far its brightness, contrast and saturation go: from 1 - strength to
            1 + strength.
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
        """What the name of a file of these features ends with, other for each change."""
        mirrored = "-flipped" if self.mirrored else ""
        return mirrored + (f"-jitter{self.jitter}x{self.strength!r}" if self.jitter else "")

    def pixels(self, photo: Image.Image, view: View, digest: bytes) -> NDArray[np.uint8]:
        """What a network sees of the changed photo: (side, side, 3) uint8.

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
    """An image whose hue is turned by a share of its circle."""
    hue, saturation, value = image.convert("HSV").split()
    by = round(turn * 256)
    hue = hue.point([(one + by) % 256 for one in range(256)])
    return Image.merge("HSV", (hue, saturation, value)).convert("RGB")
