"""Safe decoding: the bytes of an untrusted file to an upright RGB photo, or a reason why not."""

import re
import warnings
from collections.abc import Iterator
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np
import pillow_heif
from PIL import ExifTags, Image, UnidentifiedImageError

from recommenders.memory_budget import MemoryBudget

pillow_heif.register_heif_opener()
# MAX_PIXELS is enforced here; Pillow's own warning would only fill the log.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
# The allocator retains blocks of less than 32 MB, once for every thread.
Image.core.set_block_size(2**26)  # type: ignore[attr-defined]

MAX_BYTES = 20 * 2**20
"""Telegram's limit for a bot's downloads."""

MAX_PIXELS = 64_000_000
"""Bounds the time and memory of decoding, since all formats but JPEG are decoded at full size."""

MAX_WEBP_PIXELS = MAX_PIXELS // 2
"""The WebP decoder holds four copies."""

MAX_SIDE = 30_000
"""Every row has a cost, however short."""

MAX_SCANS = 50
"""Scans of a JPEG; ten are usual, and thousands would keep a core busy for an hour."""

WORKING_SIDE = 256
"""The shorter side is reduced to no less than this: what most backbones can use, and hashes.

Twice that cost 6 of the 40 ms of processor time that a photo took in the bot, and no more copies
were recognised for it.
"""

LONGEST = 8
"""A longer side of more than this many times that is reduced too: a strip needs no more."""

BUDGET = MemoryBudget(256 * 2**20)
"""For all photos being decoded at a time."""

_FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF", "GIF", "BMP", "TIFF")

SUFFIXES = frozenset(
    ".jpg .jpeg .jpe .jfif .mpo .png .webp .heic .heif .hif .avif .gif .bmp .tif .tiff".split()  # noqa: SIM905
)
"""The ends of their files' names, where a name is all that is known."""

# For files that Pillow cannot open: these tell damaged and empty images from other files.
_MAGIC = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a|RIFF.{4}WEBP|II\*\0|MM\0\*"
    rb"|.{4}ftyp(?:avi[fs]|hei[cmsx]|hev[cmsx]|mif1|msf1)",
    re.DOTALL,
)
_NO_PIXELS = re.compile(
    rb"\x89PNG\r\n\x1a\n.{8}(?:|.{4})\0{4}|GIF8[79]a(?:|..)\0\0|BM.{16}(?:|.{4})\0{4}"
    rb"|\xff\xd8.{0,65536}?\xff[\xc0-\xc3]\0.\x08(?:|..)\0\0",
    re.DOTALL,
)
_JPEG_MARKER = re.compile(rb"\xff+([^\0\xd0-\xd7\xff])")
_SCAN_MARK = re.compile(rb"\xff\xda")
_SCAN, _END = 0xDA, 0xD9
_END_MARK = b"\xff\xd9"
_NOISE = bytes((246 + 89 * at) % 251 for at in range(4096))
"""Changes the decoded image only if pixels are missing."""

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation to the transposition that sets the photo upright."""

_BAND_PIXELS = 2**18
_BAND_BYTES = 24 * _BAND_PIXELS

_DECODED_BYTES = {"WEBP": 16, "HEIF": 16, "AVIF": 16, "TIFF": 12}
"""The most bytes per pixel that a decoder uses, including its own copies; measured."""

_MODE_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2}
"""Bytes per pixel of an image; 4 in all other modes."""

Reason = Literal[
    "empty",
    "not_an_image",
    "truncated",
    "no_pixels",
    "too_many_pixels",
    "too_long",
    "too_large",
    "unreadable",
]

_SENTENCES: dict[Reason, str] = {
    "empty": "the file is empty",
    "not_an_image": "not an image in JPEG, PNG, WebP, HEIC, AVIF, GIF, BMP or TIFF",
    "truncated": "the file is cut off or damaged",
    "no_pixels": "the image has no pixels",
    "too_many_pixels": "the image has too many pixels",
    "too_long": "the image is too long",
    "too_large": f"the file is over {MAX_BYTES // 2**20} MB",
    "unreadable": "the file cannot be opened",
}


class PhotoError(ValueError):
    """A file that cannot be read as a photo; ``reason`` is a key, the message a sentence."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(_SENTENCES[reason] + (f" ({detail})" if detail else ""))
        self.reason: Reason = reason
        self.detail = detail


def images_in(folder: Path) -> list[Path]:
    """The image files of a folder by their suffix, sorted by name, without hidden ones."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    )


def decode(source: bytes | Path, shorter_side: int = WORKING_SIDE) -> Image.Image:
    """The photo as people see it: RGB, upright (EXIF), the first frame, transparency on white.

    Large photos are reduced: JPEGs are decoded at a reduced scale, which is several times quicker,
    others are reduced after decoding. Threads wait rather than exceed ``BUDGET`` together. A JPEG
    may lack its end marker, but nothing else.

    Args:
        shorter_side: pixels that a larger shorter side keeps at least, unless the photo is more
            than ``LONGEST`` times as long.

    Raises:
        PhotoError: for anything that is not a complete image of a reasonable size.
    """
    data = read(source) if isinstance(source, Path) else source
    if not data:
        raise PhotoError("empty")
    if len(data) > MAX_BYTES:
        raise PhotoError("too_large")
    try:
        return _decoded(data, shorter_side)
    except PhotoError:
        raise
    except Exception as error:  # every decoder has errors of its own
        photo = _without_end_mark(data, shorter_side)
        if photo is None:
            raise PhotoError("truncated", type(error).__name__) from error
        return photo


def _decoded(data: bytes, shorter_side: int) -> Image.Image:
    image = _open(data)
    whole, factor = image.size, _factor(image.size, shorter_side)
    image.draft("RGB", (max(1, whole[0] // factor), max(1, whole[1] // factor)))
    with BUDGET.holding(_needed(image, whole, shorter_side)):
        image.load()
        _check_size(image)
        photo, turn = _reduced(image, shorter_side), _UPRIGHT.get(_orientation(image))
        del image  # frees its memory while the budget is held
        upright = photo if turn is None else photo.transpose(turn)
    upright.info = {}  # or a saved copy would be turned again
    return upright


def _without_end_mark(data: bytes, shorter_side: int) -> Image.Image | None:
    """The photo of a JPEG that lacks only its end marker; None for anything else.

    If pixels are missing, noise in their place changes the decoded photo.
    """
    if not data.startswith(b"\xff\xd8"):
        return None
    pixels = data.rstrip(b"\xff")
    try:
        photo = _decoded(pixels + _END_MARK, shorter_side)
        other = _decoded(pixels + _NOISE + _END_MARK, shorter_side)
    except Exception:  # as above
        return None
    return photo if photo == other else None


def read(path: Path) -> bytes:
    """A file's bytes, or one more than ``MAX_BYTES`` of them.

    Raises:
        PhotoError: ``unreadable``.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        detail = error.strerror if isinstance(error, OSError) else None
        raise PhotoError("unreadable", detail or type(error).__name__) from None


def _open(data: bytes) -> Image.Image:
    """Reads the image's header; nothing is decoded yet."""
    # The regular expression takes half the time of bytes.count.
    marks = islice(_SCAN_MARK.finditer(data), MAX_SCANS, None)
    if next(marks, None) is not None and _has_too_many_scans(data):
        raise PhotoError("truncated", f"more than {MAX_SCANS} scans")
    try:
        image = Image.open(BytesIO(data), formats=_FORMATS)
    except UnidentifiedImageError:
        if _NO_PIXELS.match(data):
            raise PhotoError("no_pixels") from None
        raise PhotoError("truncated" if _MAGIC.match(data) else "not_an_image") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PhotoError("too_many_pixels") from None
    _check_size(image)
    return image


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if not width or not height:
        raise PhotoError("no_pixels")
    limit = MAX_WEBP_PIXELS if image.format == "WEBP" else MAX_PIXELS
    if width * height > limit:
        most = limit // 1_000_000
        raise PhotoError("too_many_pixels", f"{width}×{height}, at most {most} megapixels")
    if max(width, height) > MAX_SIDE:
        raise PhotoError("too_long", f"{width}×{height}, at most {MAX_SIDE:,} pixels a side")


def _needed(image: Image.Image, whole: tuple[int, int], shorter_side: int) -> int:
    """The most bytes that decoding and reducing use; ``whole`` is the size before ``draft``."""
    pixels = image.width * image.height
    reduced = pixels // _factor(image.size, shorter_side) ** 2
    a_pixel = max(_DECODED_BYTES.get(image.format or "", 0), _MODE_BYTES.get(image.mode, 4))
    needed = a_pixel * pixels + 8 * reduced + _BAND_BYTES
    if image.info.get("progressive"):  # all its coefficients are held, 16 bits each
        needed += 2 * len(image.getbands()) * whole[0] * whole[1]
    return needed


def _has_too_many_scans(data: bytes) -> bool:
    """Whether the bytes are a JPEG with more than ``MAX_SCANS`` scans."""
    scans, at = 0, 2
    while data.startswith(b"\xff\xd8") and (marker := _JPEG_MARKER.search(data, at)):
        kind, at = marker[1][0], marker.end()
        if kind == _END:
            break
        scans += kind == _SCAN
        if scans > MAX_SCANS:
            return True
        at += int.from_bytes(data[at : at + 2], "big")
    return False


def _orientation(image: Image.Image) -> int:
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # a photo with damaged EXIF is still readable
        return 1
    return orientation if isinstance(orientation, int) else 1


def _factor(size: tuple[int, int], shorter_side: int) -> int:
    """By what factor an image is reduced."""
    return max(1, min(size) // shorter_side, max(size) // (LONGEST * shorter_side))


def _reduced(image: Image.Image, shorter_side: int) -> Image.Image:
    """The image in RGB, a larger shorter side reduced to one to two times ``shorter_side``.

    Done band by band, to avoid a second copy of a large image.
    """
    factor = _factor(image.size, shorter_side)
    if factor == 1 and image.mode == "RGB" and not image.has_transparency_data:
        return image.copy()
    white = _white_level(image, factor)
    width, height = image.size
    reduced = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    for top, band in _bands(image, factor):
        rgb = _rgb(band, white)
        reduced.paste(rgb if factor == 1 else rgb.reduce(factor), (0, top // factor))
    return reduced


def _bands(image: Image.Image, factor: int) -> Iterator[tuple[int, Image.Image]]:
    """Copies of the image's bands, each with its first row, a multiple of ``factor``."""
    width, height = image.size
    rows = factor * max(1, _BAND_PIXELS // (width * factor))
    for top in range(0, height, rows):
        yield top, image.crop((0, top, width, min(top + rows, height)))


def _white_level(image: Image.Image, factor: int) -> float:
    """The value of white, for images of 16 bits, 32 bits or floats."""
    if image.mode.startswith("I;16"):
        # Microscopes and scientific cameras leave four bits of a TIFF's 16 unused.
        is_twelve_bit = image.format == "TIFF" and all(
            np.asarray(band).max() <= 4095 for _, band in _bands(image, factor)
        )
        return 4095.0 if is_twelve_bit else 65535.0
    if image.mode not in ("I", "F"):
        return 255.0
    extrema = np.asarray(image.getextrema(), dtype=np.float64)
    if not np.isfinite(extrema).all():
        return 255.0
    usual = (255.0, 65535.0) if image.mode == "I" else (1.0, 255.0, 65535.0)
    return next((white for white in usual if extrema[1] <= white), float(extrema[1]))


def _rgb(image: Image.Image, white: float) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        # Pillow would clip these at 255.
        values = np.nan_to_num(np.asarray(image, dtype=np.float32) * np.float32(255.0 / white))
        grey = np.clip(values, 0, 255).astype(np.uint8)
        return Image.fromarray(grey).convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        background = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(background, rgba).convert("RGB")
    return image.convert("RGB")
