"""Photos to measure on: those of a folder, or generated ones that all differ."""

from collections.abc import Iterator
from io import BytesIO
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from PIL import Image

from recommenders.photos import MAX_BYTES, PhotoError, decode, images_in

SIZE = (1280, 960)
"""Telegram's largest size of a phone's photo."""


class NoPhotosError(Exception):
    """There are no usable photos; the message says what to do."""


def made_photo(number: int, size: tuple[int, int] = SIZE) -> bytes:
    """A JPEG that takes as long to decode as a photo, with large and small shapes and grain.

    The same number gives the same bytes, another number a photo that is no copy.
    """
    width, height = size
    draw = np.random.default_rng(number)
    picture = Image.new("RGB", size)
    for cells in ((6, 4), (24, 16), (96, 64)):
        shapes = Image.fromarray(draw.integers(0, 256, (*cells[::-1], 3), dtype=np.uint8))
        picture = Image.blend(picture, shapes.resize(size, Image.Resampling.BICUBIC), 0.45)
    tile = draw.integers(-12, 13, (128, 128, 1), dtype=np.int16)
    grain = np.tile(tile, (-(-height // 128), -(-width // 128), 1))[:height, :width]
    pixels = np.clip(np.asarray(picture, np.int16) + grain, 0, 255).astype(np.uint8)
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=87)
    return file.getvalue()


def sample(folder: Path | None, count: int, size: tuple[int, int] = SIZE) -> Iterator[bytes]:
    """``count`` photos, generated on demand; a folder with fewer photos repeats them.

    Raises:
        NoPhotosError: where a photo of the folder cannot be read.
    """
    if folder is None:
        yield from (made_photo(number, size) for number in range(count))
        return
    for path in islice(cycle(photos_in(folder)), count):
        try:
            data = path.read_bytes()
            decode(data)
        except (OSError, PhotoError) as error:
            reason = error if isinstance(error, PhotoError) else error.strerror
            raise NoPhotosError(f"{path}: {reason}. Take it out of the folder.") from None
        yield data


def photos_in(folder: Path) -> list[Path]:
    """The photos of a folder, sorted by name.

    Raises:
        NoPhotosError: where it has none, or cannot be opened.
    """
    try:
        photos = [path for path in images_in(folder) if path.stat().st_size <= MAX_BYTES]
    except OSError as error:
        raise NoPhotosError(f"{folder} cannot be opened ({error.strerror}).") from None
    if not photos:
        raise NoPhotosError(f"{folder} has no photo in it. Name another folder with --photos.")
    return photos
