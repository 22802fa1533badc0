"""Is this photo a re-encoded or resized copy of one seen before? Hash proposes, hash confirms.

The average hash (8×8 grey thumbnail, a bit a pixel: brighter than the mean or not) of a copy
differs in a few bits from its original's. Cut into ``BANDS`` bands, two hashes at most
``BANDS - 1`` bits apart agree in one whole band at least (pigeonhole), so an index on each band
proposes every candidate without a table scan. Many different photos are that near too: a bright
sky over dark ground is one hash.

What tells a copy from such a photo is the perceptual hash (256 bits: the signs of the low
frequencies of the cosine transform). A backbone's features confirm what a grey hash cannot see.
They do not do it alone: they are made to be alike for alike photos, and were nearer for two
frames of one horse (cosine 0.95) than for a small photo and its copy (0.88 in the median). Where
there are no features, as in an import of many photos, the mean colours of 4×4 fields confirm.

Pure functions; ``storage.known_photos`` keeps the hashes, and
``training.evaluation.duplicate_figures`` measures the thresholds.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

BITS = 64
PERCEPTUAL_BITS = 256
BANDS = 5
MAX_DISTANCE = BANDS - 1
"""The most bits that the average hashes of a photo and its copy may differ in."""
MAX_PERCEPTUAL_DISTANCE = 12
"""The most bits that their perceptual hashes may differ in."""
MIN_COSINE = 0.5
"""The least cosine between the features of a photo and its copy."""
MAX_COLOUR_DIFFERENCE = 4.0
"""The most that the colours of a photo and its copy may differ in, of 255.

They confirm where no features are at hand, as in an import. Of 38,836 copies (down to half the size
at quality 40) the farthest was 3.0."""
MAX_PERCEPTUAL_DISTANCE_BY_COLOURS = 24
"""The most bits that the perceptual hashes may differ in where the colours are as near as that."""
MAX_CANDIDATES = 256
"""The most photos that are compared; those with the nearest average hashes come first."""

_FIELDS = 4
COLOURS = 3 * _FIELDS**2
"""How many numbers tell a photo's colours."""
_FLAT = 2
"""Colours that differ by no more over the whole photo are one flat colour and noise."""

# 64 bits in 5 bands: the widths that differ least.
_WIDTHS = tuple(BITS // BANDS + (band < BITS % BANDS) for band in range(BANDS))


@dataclass(frozen=True)
class Hashes:
    """A photo's hashes.

    Attributes:
        average: 0 to 2**64 - 1.
        perceptual: 0 to 2**256 - 1.
    """

    average: int
    perceptual: int

    @property
    def signed_average(self) -> int:
        """The average hash as a signed integer, for databases that have no unsigned one."""
        return signed(self.average)

    @property
    def bands(self) -> tuple[int, ...]:
        """The average hash cut into ``BANDS`` integers."""
        return bands(self.average)

    @property
    def packed_perceptual(self) -> bytes:
        """The perceptual hash as its 32 bytes, highest bits first."""
        return packed(self.perceptual)


def hashes(image: Image.Image) -> Hashes:
    """The hashes of a photo of any size and mode."""
    grey = image.convert("L")
    return Hashes(
        average=_integer(imagehash.average_hash(grey, hash_size=8).hash),
        perceptual=_integer(imagehash.phash(grey, hash_size=16).hash),
    )


def colours(image: Image.Image) -> NDArray[np.uint8]:
    """The photo's colours, (48,) uint8: its mean colour in each of 4×4 fields, row by row."""
    small = image.convert("RGB").resize((_FIELDS, _FIELDS), Image.Resampling.BOX)
    return np.asarray(small, np.uint8).reshape(-1)


def distance(first: int, second: int) -> int:
    """In how many bits two hashes differ (Hamming), 0 … 64."""
    return (first ^ second).bit_count()


def bands(average_hash: int) -> tuple[int, ...]:
    """The average hash cut into integers of 13, 13, 13, 13 and 12 bits, highest bits first."""
    pieces = []
    left = BITS
    for width in _WIDTHS:
        left -= width
        pieces.append(average_hash >> left & (1 << width) - 1)
    return tuple(pieces)


def signed(average_hash: int) -> int:
    """The same 64 bits as a signed integer, for databases that have no unsigned one."""
    return average_hash - (1 << BITS) if average_hash >> (BITS - 1) else average_hash


def nearest(
    average_hash: int,
    hashes: NDArray[np.int64],
    *,
    max_distance: int = MAX_DISTANCE,
    limit: int = MAX_CANDIDATES,
) -> NDArray[np.intp]:
    """Which of ``hashes`` may be copies: indices of those near enough, nearest first.

    ``hashes`` (n,) int64, signed as stored, newest photo first: among equally near ones the order
    stays, and no more than ``limit`` are returned. Near-uniform photos share one hash by the
    thousand; the limit keeps one of them from reading every other's features.
    """
    different = np.bitwise_count(hashes.view(np.uint64) ^ np.uint64(average_hash))
    near = np.flatnonzero(different <= max_distance)
    return near[np.argsort(different[near], kind="stable")][:limit]


def packed(perceptual_hash: int) -> bytes:
    """The perceptual hash as its 32 bytes, highest bits first."""
    return perceptual_hash.to_bytes(PERCEPTUAL_BITS // 8, "big")


def perceptual_distances(perceptual_hash: int, others: NDArray[np.uint8]) -> NDArray[np.int64]:
    """In how many bits a perceptual hash differs from each of ``others``, (n, 32) as ``packed``."""
    one = np.frombuffer(packed(perceptual_hash), np.uint8)
    different: NDArray[np.int64] = np.bitwise_count(others ^ one).sum(axis=1, dtype=np.int64)
    return different


def colour_differences(one: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How far the colours ``one`` (48,) are from ``others`` (n, 48): (n,) float32, 0 … 255.

    A photo of one flat colour has no hashes worth comparing, so it is infinitely far from all.
    """
    if np.ptp(one.reshape(-1, 3), axis=0).max() <= _FLAT:
        return np.full(len(others), np.inf, np.float32)
    differences: NDArray[np.float32] = np.abs(others.astype(np.float32) - one).mean(axis=1)
    return differences


def most_alike_by_colours(bits: NDArray[np.int64], differences: NDArray[np.float32]) -> int | None:
    """Which of n photos another is a copy of, where colours confirm: an index, None for none.

    Args:
        bits: (n,) in how many bits the perceptual hashes differ.
        differences: (n,) of the colours.
    """
    alike = (bits <= MAX_PERCEPTUAL_DISTANCE_BY_COLOURS) & (differences <= MAX_COLOUR_DIFFERENCE)
    return int(np.where(alike, bits, PERCEPTUAL_BITS).argmin()) if alike.any() else None


def cosines(
    features: NDArray[np.floating], candidates: NDArray[np.floating]
) -> NDArray[np.float32]:
    """The cosine of ``features`` (d,) with each row of ``candidates`` (n, d): (n,) float32.

    A row of zeros has cosine 0.
    """
    one = features.astype(np.float32)
    many = candidates.astype(np.float32)
    lengths = np.linalg.norm(many, axis=1) * np.linalg.norm(one)
    products: NDArray[np.float32] = many @ one
    np.divide(products, lengths, out=products, where=lengths > 0)
    return products


def confirmed(perceptual_hash: int, others: Mapping[int, bytes]) -> dict[int, int]:
    """The photos whose perceptual hashes are near enough: differing bits by photo.

    Args:
        others: packed perceptual hashes by photo.
    """
    if not others:
        return {}
    rows = np.stack([np.frombuffer(blob, np.uint8) for blob in others.values()])
    different = perceptual_distances(perceptual_hash, rows)
    return {
        photo: int(bits)
        for photo, bits in zip(others, different, strict=True)
        if bits <= MAX_PERCEPTUAL_DISTANCE
    }


def most_alike(bits: Mapping[int, int], cosines: Mapping[int, float]) -> int | None:
    """The photo that another is a copy of, of those whose hashes agree; None where features differ.

    Args:
        bits: in which perceptual hashes differ, by photo.
        cosines: of features, by photo; where there are none to compare, the hashes suffice.
    """
    alike = [photo for photo in bits if cosines.get(photo, MIN_COSINE) >= MIN_COSINE]
    return min(
        alike, key=lambda photo: (bits[photo], -cosines.get(photo, MIN_COSINE)), default=None
    )


def _integer(bits: NDArray[np.bool_]) -> int:
    return int.from_bytes(np.packbits(bits).tobytes(), "big")
