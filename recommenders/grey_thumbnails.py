"""Small grey copies of a photo and of its inner part, bit by bit as Pillow's Lanczos makes them.

Photos are known again by hashes of these, so their values must never change. Pillow takes 2 ms for
each of the four; as products of matrices they take a quarter of that. Its weights are integers, 22
bits behind the point, so sums of 64-bit floats are exact, whatever their order.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float64]

SMALL, LARGE = 8, 64
"""The sides of the copies."""

_LOBES = 3
_PRECISION = 2.0**22
_OUTPUTS = 16
"""Neighbouring pixels of a copy that are computed together: others take other pixels' light."""
_ROWS = 128
"""Rows at a time: few enough to stay in the processor's cache as floats."""


@dataclass(frozen=True)
class Thumbnails:
    """Copies of (SMALL, SMALL) and (LARGE, LARGE) pixels, whole numbers from 0 to 255."""

    small: Floats
    large: Floats


@dataclass(frozen=True)
class _Band:
    """What some neighbouring pixels of the copies take from the pixels of a row.

    Attributes:
        taken: those pixels of the row.
        made: the pixels of the copies, those of the small one first.
        weights: (2, taken, made): of the whole row, and of its inner part.
    """

    taken: slice
    made: slice
    weights: Floats


def thumbnails(grey: Image.Image, left: int, top: int) -> tuple[Thumbnails, Thumbnails]:
    """Copies of a photo of mode ``L``, and of its part without so many pixels at each side."""
    width, height = grey.size
    # Of tall photos Pillow takes the columns first, which rounds in another way; small ones are
    # quick anyhow.
    if min(width - 2 * left, height - 2 * top) < LARGE or height > 2 * (width - 2 * left) - LARGE:
        box = (left, top, width - left, height - top)
        return _by_pillow(grey), _by_pillow(grey.crop(box))
    pixels = np.asarray(grey)
    across = np.empty((2, height, SMALL + LARGE))
    for start in range(0, height, _ROWS):
        rows = pixels[start : start + _ROWS].astype(np.float64)
        for band in _bands(width, left):
            across[:, start : start + _ROWS, band.made] = rows[:, band.taken] @ band.weights
    across = _rounded(across)
    small, large = np.empty((2, SMALL, SMALL)), np.empty((2, LARGE, LARGE))
    for band in _bands(height, top):
        down = band.weights.transpose(0, 2, 1)
        if band.made.stop <= SMALL:
            small[:, band.made] = down @ across[:, band.taken, :SMALL]
        else:
            made = slice(band.made.start - SMALL, band.made.stop - SMALL)
            large[:, made] = down @ across[:, band.taken, SMALL:]
    whole, inner = map(Thumbnails, _rounded(small), _rounded(large))
    return whole, inner


def _by_pillow(grey: Image.Image) -> Thumbnails:
    small, large = (
        np.asarray(grey.resize((side, side), Image.Resampling.LANCZOS), np.float64)
        for side in (SMALL, LARGE)
    )
    return Thumbnails(small, large)


def _rounded(sums: Floats) -> Floats:
    """Sums of weighted pixels as pixels."""
    rounded: Floats = np.clip(np.floor(sums / _PRECISION + 0.5), 0, 255)
    return rounded


@lru_cache(maxsize=16)
def _bands(length: int, inset: int) -> tuple[_Band, ...]:
    """How rows of so many pixels become those of the copies; half a megabyte in most cases."""
    bands = []
    for side, before in ((SMALL, 0), (LARGE, SMALL)):
        weights = np.zeros((2, length, side))
        weights[0] = _lanczos(length, side)
        weights[1, inset : length - inset] = _lanczos(length - 2 * inset, side)
        for start in range(0, side, _OUTPUTS):
            some = weights[:, :, start : start + _OUTPUTS]
            used = np.flatnonzero(some.any(axis=(0, 2)))
            taken = slice(int(used[0]), int(used[-1]) + 1)
            made = slice(before + start, before + start + some.shape[2])
            bands.append(_Band(taken, made, np.ascontiguousarray(some[:, taken])))
    return tuple(bands)


def _lanczos(length: int, side: int) -> Floats:
    """The weights (length, side) of pixels in those of a copy, for ``length`` >= ``side``."""
    scale = length / side
    middles = (np.arange(side) + 0.5) * scale
    first = np.maximum((middles - _LOBES * scale + 0.5).astype(int), 0)
    end = np.minimum((middles + _LOBES * scale + 0.5).astype(int), length)
    pixels = first[:, None] + np.arange((end - first).max())
    away = (pixels - middles[:, None] + 0.5) * (1 / scale)
    near = (pixels < end[:, None]) & (away >= -_LOBES) & (away < _LOBES)
    weights = np.where(near, np.sinc(away) * np.sinc(away / _LOBES), 0.0)
    # One after another, as Pillow adds them up: the last bit may count.
    weights /= np.cumsum(weights, axis=1)[:, -1:]
    whole = np.trunc(weights * _PRECISION + np.copysign(0.5, weights))
    table = np.zeros((length, side))
    copies, places = np.nonzero(near)
    table[pixels[copies, places], copies] = whole[copies, places]
    return table
