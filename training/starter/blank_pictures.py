"""Pictures with nothing to tag, from which the fusion learns low probabilities."""

from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIDE = 320


def blank_pictures() -> list[Image.Image]:
    """Plain colours, gradients, noise, blurred patches, pages and screens of text: RGB, 320 px."""
    generator = np.random.default_rng(0)
    pictures = [Image.new("RGB", (SIDE, SIDE), (level,) * 3) for level in (0, 24, 128, 232, 255)]
    for draw in (_plain, _gradient, _noise, _blurred, _page, _screen):
        pictures += [draw(generator) for _ in range(15)]
    return pictures


def _colour(generator: np.random.Generator) -> tuple[int, ...]:
    return tuple(int(level) for level in generator.integers(0, 256, 3))


def _plain(generator: np.random.Generator) -> Image.Image:
    return Image.new("RGB", (SIDE, SIDE), _colour(generator))


def _gradient(generator: np.random.Generator) -> Image.Image:
    corners = generator.integers(0, 256, (2, 2, 3), dtype=np.uint8)
    return Image.fromarray(corners).resize((SIDE, SIDE), Image.Resampling.BICUBIC)


def _noise(generator: np.random.Generator) -> Image.Image:
    cells = int(generator.choice([8, 32, SIDE]))
    pixels = generator.integers(0, 256, (cells, cells, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.NEAREST)


def _blurred(generator: np.random.Generator) -> Image.Image:
    pixels = generator.integers(0, 256, (6, 6, 3), dtype=np.uint8)
    picture = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    return picture.filter(ImageFilter.GaussianBlur(20))


def _page(generator: np.random.Generator) -> Image.Image:
    picture = Image.new("RGB", (SIDE, SIDE), (int(generator.integers(225, 256)),) * 3)
    pen = ImageDraw.Draw(picture)
    for left, top, right in _lines(generator, 12):
        pen.rectangle((left, top, right, top + 4), fill=(40, 40, 40))
    return picture


def _screen(generator: np.random.Generator) -> Image.Image:
    dark = bool(generator.integers(2))
    picture = Image.new("RGB", (SIDE, SIDE), (22, 24, 30) if dark else (244, 245, 248))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, SIDE, 28), fill=_colour(generator))
    for left, top, right in _lines(generator, 34):
        pen.rounded_rectangle((left, top, right, top + 24), 8, fill=_colour(generator))
    return picture


def _lines(generator: np.random.Generator, height: int) -> Iterator[tuple[int, int, int]]:
    for top in range(40, SIDE - height, height):
        left = int(generator.integers(12, 60))
        yield left, top, int(generator.integers(left + 40, SIDE - 12))
