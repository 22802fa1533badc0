"""Safe decoding: bytes of a stranger's file to an upright RGB photo, or a reason why not."""

from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
import pillow_heif
from PIL import Image, ImageOps, UnidentifiedImageError

pillow_heif.register_heif_opener()

MAX_BYTES = 20 * 2**20
"""What a bot may download from Telegram."""

MAX_PIXELS = 64_000_000
"""A photo is decoded whole but for JPEG; this bounds memory at about 250 MB."""

WORKING_SIDE = 448
"""Photos keep a shorter side of at least this where they had it: twice what backbones see."""

_FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "HEIF", "AVIF", "GIF", "BMP", "TIFF")

Reason = Literal[
    "empty", "not_an_image", "truncated", "no_pixels", "too_many_pixels", "too_large", "unreadable"
]

_SENTENCES: dict[Reason, str] = {
    "empty": "the file is empty",
    "not_an_image": "not an image that can be read (JPEG, PNG, WebP, HEIC, GIF, BMP or TIFF can)",
    "truncated": "the file is cut off or damaged",
    "no_pixels": "the image has no pixels",
    "too_many_pixels": f"the image has more than {MAX_PIXELS // 1_000_000} megapixels",
    "too_large": f"the file is over {MAX_BYTES // 2**20} MB",
    "unreadable": "the file cannot be opened",
}


class PhotoError(ValueError):
    """A file that is no photo we can read; ``reason`` is a key, the message a sentence."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(_SENTENCES[reason] + (f" ({detail})" if detail else ""))
        self.reason: Reason = reason


def decode(source: bytes | Path) -> Image.Image:
    """The photo as people see it: RGB, upright (EXIF), the first frame, transparency on white.

    Large JPEGs are decoded at a reduced scale, which is several times quicker.

    Raises:
        PhotoError: for anything that is not a whole, reasonably sized image.
    """
    if isinstance(source, Path):
        source = _read(source)
    if not source:
        raise PhotoError("empty")
    if len(source) > MAX_BYTES:
        raise PhotoError("too_large")
    try:
        image = Image.open(BytesIO(source), formats=_FORMATS)
    except UnidentifiedImageError:
        raise PhotoError("not_an_image") from None
    except Image.DecompressionBombError:
        raise PhotoError("too_many_pixels") from None
    except Exception as error:  # a decoder's own errors are as many as there are formats
        raise PhotoError("truncated", type(error).__name__) from error
    width, height = image.size
    if not width or not height:
        raise PhotoError("no_pixels")
    if width * height > MAX_PIXELS:
        raise PhotoError("too_many_pixels", f"{width}×{height}")
    try:
        image.draft("RGB", (WORKING_SIDE, WORKING_SIDE))
        image.load()
        return _rgb(ImageOps.exif_transpose(image))
    except PhotoError:
        raise
    except Exception as error:
        raise PhotoError("truncated", type(error).__name__) from error


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PhotoError("too_large")
        return path.read_bytes()
    except OSError as error:
        raise PhotoError("unreadable", error.strerror or type(error).__name__) from None


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    if image.mode.startswith(("I", "F")):
        # Pillow would clip these at 255: 16 bits and floats are scaled by their own range.
        values = np.asarray(image, dtype=np.float64)
        top = 65535.0 if values.max(initial=0.0) > 255 else 255.0
        grey = np.clip(values * (255.0 / top), 0, 255).astype(np.uint8)
        return Image.fromarray(grey).convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")
