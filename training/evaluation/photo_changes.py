"""Changes to photos: those that people and messengers make, and those that make another photo."""

from collections.abc import Callable, Mapping
from io import BytesIO

from PIL import Image, ImageEnhance

from recommenders.photos import decode

Change = Callable[[Image.Image], Image.Image]


def _saved(photo: Image.Image, quality: int = 85) -> Image.Image:
    """The photo as a JPEG, read back as the bot would."""
    file = BytesIO()
    photo.save(file, "JPEG", quality=quality)
    return decode(file.getvalue())


def smaller(photo: Image.Image) -> Image.Image:
    """The photo at two thirds of its width and height, JPEG quality 60."""
    size = (max(1, round(photo.width * 2 / 3)), max(1, round(photo.height * 2 / 3)))
    return _saved(photo.resize(size, Image.Resampling.LANCZOS), quality=60)


def brighter(photo: Image.Image) -> Image.Image:
    """The photo brighter by a factor of 1.2; what becomes whiter than white is white."""
    return _saved(ImageEnhance.Brightness(photo).enhance(1.2))


def cropped(photo: Image.Image) -> Image.Image:
    """The photo without 3 % of its width and height at each side."""
    left, top = round(photo.width * 0.03), round(photo.height * 0.03)
    return _saved(photo.crop((left, top, photo.width - left, photo.height - top)))


def _with_swapped_colours(photo: Image.Image) -> Image.Image:
    """The photo with red for blue; photos without much of either look the same."""
    red, green, blue = photo.split()
    return _saved(Image.merge("RGB", (blue, green, red)))


def with_a_patch(photo: Image.Image, colour: tuple[int, int, int]) -> Image.Image:
    """The photo with a seventh of it, in the middle, in a colour: a shirt."""
    width, height = photo.size
    box = (width * 5 // 16, height * 5 // 16, width * 11 // 16, height * 11 // 16)
    patch = photo.crop(box).convert("L")
    photo = photo.copy()
    photo.paste(Image.merge("RGB", [patch.point(lambda v, c=c: v * c // 255) for c in colour]), box)
    return _saved(photo)


COPIES: Mapping[str, Change] = {
    "smaller, quality 60": smaller,
    "brighter by 1.2": brighter,
    "cropped by 3 % at each side": cropped,
}
RECOLOURED: Mapping[str, Change] = {"with red and blue swapped": _with_swapped_colours}
RED_PATCH, BLUE_PATCH = (230, 50, 60), (50, 90, 230)
"""Alike in grey."""
