"""Is this photo a copy of a known one: re-encoded, made smaller, brighter, cropped a little?

Two hashes and the colours of a small thumbnail must agree.

- The **average hash** (8×8 grey thumbnail, one bit a pixel: brighter than the mean or not) proposes
  candidates. A copy's differs in a few bits. Cut into ``BANDS`` bands, two hashes at most
  ``BANDS - 1`` bits apart agree in at least one whole band (pigeonhole), so an index on each band
  finds every candidate without a table scan. Many different photos are that near too: every bright
  sky over dark ground has about the same hash.
- The **perceptual hash** (256 bits: the signs of the low frequencies of the cosine transform) tells
  a copy from those.
- The **colours** (the mean YCbCr of each of 8×8 fields) separate photos that are alike in grey: a
  red and a blue card of the same layout. They may be stronger or weaker, as a brighter copy's are,
  but no field may have another hue.

Where features of a backbone are available they must agree as well. They are not enough alone: they
are similar for similar photos, and were nearer for two frames of one horse (cosine 0.95) than for a
small photo and its copy (0.88 in the median).

A photo cropped by a few per cent has entirely different hashes. So each photo is hashed twice,
whole and with ``CROP`` cut off each side, and a whole photo is compared with cropped views too.

The perceptual hashes may differ in more bits where that is explained: one photo is cropped, or
brighter so that its whites have lost their detail, or has the same brightness in each field (a copy
of very low quality). Frames of one fixed camera, which are as near, fit none of these.

A plain picture, a black square say, shows nothing to recognise: it is no photo's copy.

Pure functions; ``storage.known_photos`` stores the hashes, and
``training.evaluation.duplicate_figures`` measures the thresholds.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from recommenders.arrays import Floats
from recommenders.cosine_transform import cosine_transform
from recommenders.grey_thumbnails import Thumbnails, thumbnails

BITS = 64
PERCEPTUAL_BITS = 256
PERCEPTUAL_BYTES = PERCEPTUAL_BITS // 8
BANDS = 5
MAX_DISTANCE = BANDS - 1
"""The most bits that the average hashes of a photo and its copy may differ in."""


@dataclass(frozen=True)
class Limits:
    """The most by which a copy may differ.

    Attributes:
        perceptual: bits of the perceptual hash.
        perceptual_with_reason: the same where one is cropped, brighter, or has the same brightness
            in each field.
        colours: of 255, in any field.
    """

    perceptual: int = 12
    perceptual_with_reason: int = 24
    colours: float = 12.0


LIMITS = Limits()
BRIGHTER = 1.08
"""A photo at least this factor brighter counts as brighter. Nearly equal frames of one fixed camera
differ by up to 1.04."""
JUST_AS_BRIGHT = 1.5
"""The most by which the fields' brightness, of 255, may differ in the mean to count as the same.
Copies differ by up to 0.8, frames of one fixed camera by 1.9 and more."""
MIN_COSINE = 0.5
"""The least cosine between the features of a photo and its copy."""
MAX_CANDIDATES = 256
"""The most photos that are compared, those with the nearest average hashes first."""
CROP = 0.03
"""The share of its width and height that is cut off each side for a photo's cropped view."""

_FREQUENCIES = 16
_FIELDS = 8
COLOUR_BYTES = 3 * _FIELDS**2
"""How many numbers describe a photo's colours."""
_STRENGTH = 1.4
"""The colours of a copy may be stronger or weaker by this factor."""
_SMALL = 64
_PLAIN = 8.0
"""A photo is plain when the pixels of a small copy have no larger standard deviation (of 255).

Of 20,000 photos none has less than 12."""

# 64 bits in 5 bands as equal as possible.
_WIDTHS = tuple(BITS // BANDS + (band < BITS % BANDS) for band in range(BANDS))


@dataclass(frozen=True)
class Hashes:
    """The hashes of a photo, or of its cropped view.

    Attributes:
        average: 0 to 2**64 - 1.
        perceptual: 0 to 2**256 - 1.
        colours: ``COLOUR_BYTES`` bytes, Y, Cb and Cr of each field, row by row; None where unknown,
            as for photos stored by earlier versions: then they are not compared.
        cropped: of the photo with ``CROP`` cut off each side; None for such a view itself, and
            where unknown.
        plain: the photo shows nothing, so it is no copy.
    """

    average: int
    perceptual: int
    colours: bytes | None = None
    cropped: "Hashes | None" = None
    plain: bool = False

    @property
    def signed_average(self) -> int:
        """The average hash as a signed integer, for databases that have no unsigned one."""
        return self.average - (1 << BITS) if self.average >> (BITS - 1) else self.average

    @property
    def bands(self) -> tuple[int, ...]:
        """The average hash cut into integers of 13, 13, 13, 13 and 12 bits, highest bits first."""
        pieces = []
        left = BITS
        for width in _WIDTHS:
            left -= width
            pieces.append(self.average >> left & (1 << width) - 1)
        return tuple(pieces)

    @property
    def packed_perceptual(self) -> bytes:
        """The perceptual hash as its 32 bytes, highest bits first."""
        return self.perceptual.to_bytes(PERCEPTUAL_BYTES, "big")


def hashes(image: Image.Image) -> Hashes:
    """The hashes of a photo of any size and mode."""
    if image.mode != "RGB":
        image = image.convert("RGB")
    left, top = round(image.width * CROP), round(image.height * CROP)
    whole, inner = thumbnails(image.convert("L"), left, top)
    fields = _fields(image)
    cropped = _fields(image.crop((left, top, image.width - left, image.height - top)))
    return replace(
        _hashes(whole, fields), cropped=_hashes(inner, cropped), plain=_is_plain(image, fields)
    )


def looked_up(one: Hashes) -> Iterator[tuple[Hashes, bool, bool]]:
    """The look-ups for a photo, in order: (view, among cropped views, either is cropped).

    First the whole photo among whole ones, then among cropped views, then its cropped view among
    whole ones. A plain picture is not looked up.
    """
    if one.plain:
        return
    yield one, False, False
    yield one, True, True
    if one.cropped is not None:
        yield one.cropped, False, True


def distance(first: int, second: int) -> int:
    """In how many bits two hashes differ (Hamming)."""
    return (first ^ second).bit_count()


def nearest(
    average_hash: int,
    hashes: NDArray[np.int64],
    *,
    max_distance: int = MAX_DISTANCE,
    limit: int = MAX_CANDIDATES,
) -> NDArray[np.intp]:
    """Indices of the ``hashes`` within ``max_distance`` bits, nearest first, at most ``limit``.

    ``hashes`` (n,) int64, signed as stored, newest photo first; ties keep that order. Thousands of
    near-uniform photos share one hash; the limit avoids reading the features of all of them.
    """
    different = np.bitwise_count(hashes.view(np.uint64) ^ np.uint64(average_hash))
    near = np.flatnonzero(different <= max_distance)
    return near[np.argsort(different[near], kind="stable")][:limit]


def perceptual_distances(perceptual_hash: bytes, others: NDArray[np.uint8]) -> NDArray[np.int64]:
    """In how many bits a packed perceptual hash differs from each of ``others``, (n, 32)."""
    one = np.frombuffer(perceptual_hash, np.uint8)
    different: NDArray[np.int64] = np.bitwise_count(others ^ one).sum(axis=1, dtype=np.int64)
    return different


def colour_differences(colours: bytes, others: NDArray[np.uint8]) -> Floats:
    """The hue difference of a photo from each of ``others`` (n, 192): (n,) float32, 0 … 255.

    The largest distance of any field in the plane of Cb and Cr, after scaling one of the two
    colours by as much as a copy's strength may differ.
    """
    one = _chroma(np.frombuffer(colours, np.uint8)[None])
    many = _chroma(others)
    distances = np.minimum(_hue_distances(one, many), _hue_distances(many, one))
    largest: Floats = distances.max(axis=1, initial=0)
    return largest


def has_reason(colours: bytes, others: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Whether brightness explains a photo's difference from each of ``others`` (n, 192): (n,) bool.

    One is clearly brighter as a whole, or both have the same brightness in each field.
    """
    one = np.frombuffer(colours, np.uint8)[None, ::3].astype(np.float32)
    many = others[:, ::3].astype(np.float32)
    ratios = (many.mean(axis=1) + 1) / (one.mean() + 1)
    brighter = np.maximum(ratios, 1 / ratios) >= BRIGHTER
    reasons: NDArray[np.bool_] = brighter | (np.abs(many - one).mean(axis=1) <= JUST_AS_BRIGHT)
    return reasons


def cosines(features: NDArray[np.floating], candidates: NDArray[np.floating]) -> Floats:
    """The cosine of ``features`` (d,) with each row of ``candidates`` (n, d): (n,) float32.

    A row of zeros has cosine 0.
    """
    one = features.astype(np.float32)
    many = candidates.astype(np.float32)
    lengths = np.linalg.norm(many, axis=1) * np.linalg.norm(one)
    products: Floats = many @ one
    np.divide(products, lengths, out=products, where=lengths > 0)
    return products


def confirmed(
    one: Hashes,
    perceptual: NDArray[np.uint8],
    colours: NDArray[np.uint8],
    *,
    cropped: bool = False,
    limits: Limits = LIMITS,
) -> dict[int, int]:
    """Which of n candidates are the same photo by all their hashes.

    Args:
        one: the photo, or its cropped view, that is looked up.
        perceptual: (n, 32) uint8, the others' packed perceptual hashes.
        colours: (n, 192) uint8, the others' colours; ignored where ``one`` has none.
        cropped: one of the two is a cropped view.
        limits: the bot's own by default.

    Returns:
        By index, in how many bits the perceptual hashes differ.
    """
    bits = perceptual_distances(one.packed_perceptual, perceptual)
    reason: NDArray[np.bool_] = np.full(len(bits), cropped)
    if one.colours is not None:
        reason |= has_reason(one.colours, colours)
    most = np.where(reason, limits.perceptual_with_reason, limits.perceptual)
    near = np.flatnonzero(bits <= most)
    if one.colours is not None:
        near = near[colour_differences(one.colours, colours[near]) <= limits.colours]
    return {int(index): int(bits[index]) for index in near}


def most_alike(bits: Mapping[int, int], cosines: Mapping[int, float]) -> int | None:
    """The likeliest original among photos with matching hashes; None where all features differ.

    Args:
        bits: how many bits of the perceptual hashes differ, by photo.
        cosines: of features, by photo; where one is missing, the hashes suffice.
    """
    alike = [photo for photo in bits if cosines.get(photo, MIN_COSINE) >= MIN_COSINE]
    return min(
        alike, key=lambda photo: (bits[photo], -cosines.get(photo, MIN_COSINE)), default=None
    )


def _fields(image: Image.Image) -> Image.Image:
    return image.resize((_FIELDS, _FIELDS), Image.Resampling.BOX)


def _hashes(grey: Thumbnails, fields: Image.Image) -> Hashes:
    low = cosine_transform(grey.large)[:_FREQUENCIES, :_FREQUENCIES]
    return Hashes(
        average=_integer(grey.small > grey.small.mean()),
        perceptual=_integer(low > np.median(low)),
        colours=fields.convert("YCbCr").tobytes(),
    )


def _is_plain(image: Image.Image, fields: Image.Image) -> bool:
    if _variation(fields) > 2 * _PLAIN:  # then the small copy varies as well
        return False
    return _variation(image.resize((_SMALL, _SMALL), Image.Resampling.BOX)) <= _PLAIN


def _variation(image: Image.Image) -> float:
    """The standard deviation of the pixels, in the colour that varies most."""
    return float(np.asarray(image, np.float32).std(axis=(0, 1)).max())


def _chroma(colours: NDArray[np.uint8]) -> Floats:
    """(n, 192) bytes as (n, 64, 2) float32 about grey."""
    return colours.reshape(len(colours), _FIELDS**2, 3)[..., 1:].astype(np.float32) - 128


def _hue_distances(reference: Floats, others: Floats) -> Floats:
    """Distances (n, 64) of fields, ``reference`` scaled in strength to fit each of ``others``."""
    squares = np.maximum((reference * reference).sum(axis=2), 1e-6)
    strength = np.clip((reference * others).sum(axis=2) / squares, 1 / _STRENGTH, _STRENGTH)
    distances: Floats = np.linalg.norm(strength[..., None] * reference - others, axis=2)
    return distances


def _integer(bits: NDArray[np.bool_]) -> int:
    return int.from_bytes(np.packbits(bits).tobytes(), "big")
