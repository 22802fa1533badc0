"""Pictures with nothing to tag, from which the fusion learns low probabilities."""

from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIDE = 320


def blank_pictures() -> list[Image.Image]:
    """Plain colours, gradients, noise, blurs, writing, screens and night skies: RGB, 320 px."""
    generator = np.random.default_rng(0)
    pictures = [Image.new("RGB", (SIDE, SIDE), (level,) * 3) for level in (0, 24, 128, 232, 255)]
    for draw in (_plain, _gradient, _noise, _blurred, _page, _screen, _writing, _chat, _sky):
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


def _writing(generator: np.random.Generator) -> Image.Image:
    """A letter, a bill or a quotation: lines of words, dark on light or reversed."""
    paper, ink = (int(level) for level in generator.permutation((245, 25)) + generator.integers(10))
    picture = Image.new("RGB", (SIDE, SIDE), (paper,) * 3)
    pen = ImageDraw.Draw(picture)
    size = int(generator.choice((9, 13, 18, 30)))
    font = ImageFont.load_default(size)
    for top in range(int(generator.integers(8, 60)), SIDE - size, int(size * 1.4)):
        words = _words(generator, int(generator.integers(1, 3 * SIDE // (size * 5))))
        pen.text((int(generator.integers(10, 24)), top), words, (ink,) * 3, font)
    return picture


def _chat(generator: np.random.Generator) -> Image.Image:
    """A screen of messages in bubbles, left and right."""
    dark = bool(generator.integers(2))
    picture = Image.new("RGB", (SIDE, SIDE), (18, 27, 34) if dark else (236, 229, 221))
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(12)
    ours, theirs = _colour(generator), (32, 44, 51) if dark else (255, 255, 255)
    for top in range(14, SIDE - 30, 38):
        width, is_ours = int(generator.integers(90, 220)), bool(generator.integers(2))
        left = SIDE - 10 - width if is_ours else 10
        bubble = ours if is_ours else theirs
        ink = (250, 250, 250) if sum(bubble) < 380 else (20, 20, 20)
        pen.rounded_rectangle((left, top, left + width, top + 30), 10, fill=bubble)
        pen.text((left + 10, top + 8), _words(generator, width // 40), ink, font)
    return picture


def _sky(generator: np.random.Generator) -> Image.Image:
    """Stars, and often a pale disc with darker patches, on black."""
    pixels = generator.normal(12, 5, (SIDE, SIDE, 1)).clip(0, 255).astype(np.uint8)
    picture = Image.fromarray(pixels.repeat(3, axis=2))
    pen = ImageDraw.Draw(picture)
    for x, y in generator.integers(0, SIDE, (int(generator.integers(0, 120)), 2)).tolist():
        pen.point((x, y), fill=(int(generator.integers(120, 256)),) * 3)
    if generator.integers(3):
        x, y, radius = (int(one) for one in generator.integers((90, 90, 8), (230, 230, 150)))
        pen.circle((x, y), radius, fill=(int(generator.integers(150, 240)),) * 3)
        for _ in range(12):
            angle, far = generator.uniform(0, 2 * np.pi), generator.uniform(0, radius)
            spot = (x + far * np.cos(angle), y + far * np.sin(angle))
            shade = int(generator.integers(90, 200))
            pen.circle(spot, radius * generator.uniform(0.03, 0.2), fill=(shade,) * 3)
        picture = picture.filter(ImageFilter.GaussianBlur(1.5))
    return picture


def _words(generator: np.random.Generator, count: int) -> str:
    """Words of no language."""
    letters = "abcdefghiklmnoprstuvwyz"
    lengths = generator.integers(2, 9, max(1, count))
    return " ".join("".join(generator.choice(list(letters), size)) for size in lengths)


def _lines(generator: np.random.Generator, height: int) -> Iterator[tuple[int, int, int]]:
    for top in range(40, SIDE - height, height):
        left = int(generator.integers(12, 60))
        yield left, top, int(generator.integers(left + 40, SIDE - 12))
