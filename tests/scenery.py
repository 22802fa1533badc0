"""Pictures that can be told apart as photos can."""

import numpy as np
from PIL import Image


def scenery(seed: int, size: tuple[int, int]) -> Image.Image:
    """A picture that is no other's, with large shapes and small ones, as photos have."""
    random = np.random.default_rng(seed)
    picture = Image.new("RGB", size)
    for cells in ((6, 4), (12, 8), (24, 16), (48, 32)):
        shapes = Image.fromarray(random.integers(0, 255, (*cells[::-1], 3), dtype=np.uint8))
        picture = Image.blend(picture, shapes.resize(size, Image.Resampling.BICUBIC), 0.4)
    return picture


RED, BLUE, GREEN = (210, 30, 40), (30, 95, 220), (20, 115, 60)
"""Colours that are alike in grey."""

Colour = tuple[int, int, int]


def sale_card(colour: Colour, size: tuple[int, int] = (480, 320)) -> Image.Image:
    """A card of one layout, whatever its colour."""
    width, height = size
    card = Image.new("RGB", size, colour)
    for number, shade in enumerate((250, 20, 250)):
        top = height * (2 + 5 * number) // 16
        card.paste((shade,) * 3, (width // 12, top, width * 7 // 8, top + height // 6))
    return card


def gradient(top: Colour, bottom: Colour, size: tuple[int, int] = (480, 320)) -> Image.Image:
    """One colour at the top, which becomes another at the bottom: a sunset, or the sea."""
    rows = np.linspace(top, bottom, size[1]).astype(np.uint8)
    return Image.fromarray(np.repeat(rows[:, None], size[0], axis=1))
