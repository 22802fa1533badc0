"""Small grey copies of a photo and of its inner part, bit for bit as Pillow's Lanczos makes them.

Photos are recognised by hashes of these, so their values must never change. Pillow takes 2 ms for
each of the four; as matrix products they take a quarter of that. Pillow's weights are fixed-point
with 22 fractional bits, so sums of 64-bit floats are exact in any order.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image

from recommenders.arrays import Doubles

SMALL, LARGE = 8, 64
"""The sides of the copies."""

_LOBES = 3
_PRECISION = 2.0**22
_OUTPUTS = 16
"""Neighbouring pixels of a copy that are computed together, since they share input pixels."""
_ROWS = 128
"""Rows at a time, few enough to fit the processor's cache as floats."""


@dataclass(frozen=True)
class Thumbnails:
    """Copies of (SMALL, SMALL) and (LARGE, LARGE) pixels, whole numbers from 0 to 255."""

    small: Doubles
    large: Doubles


@dataclass(frozen=True)
class _Band:
    """The weights of a row's pixels in some neighbouring pixels of the copies.

    Attributes:
        inputs: pixels of the row.
        outputs: pixels of the copies, those of the small one first.
        weights: (2, inputs, outputs): for the whole row, and for its inner part.
    """

    inputs: slice
    outputs: slice
    weights: Doubles


def thumbnails(grey: Image.Image, left: int, top: int) -> tuple[Thumbnails, Thumbnails]:
    """Copies of a photo of mode ``L``, and of its inner part without that many pixels each side."""
    width, height = grey.size
    # For tall photos Pillow reduces the columns first, which rounds differently; small ones are
    # quick anyway.
    if min(width - 2 * left, height - 2 * top) < LARGE or height > 2 * (width - 2 * left) - LARGE:
        box = (left, top, width - left, height - top)
        return _by_pillow(grey), _by_pillow(grey.crop(box))
    pixels = np.asarray(grey)
    across = np.empty((2, height, SMALL + LARGE))
    for start in range(0, height, _ROWS):
        rows = pixels[start : start + _ROWS].astype(np.float64)
        for band in _bands(width, left):
            across[:, start : start + _ROWS, band.outputs] = rows[:, band.inputs] @ band.weights
    across = _rounded(across)
    small, large = np.empty((2, SMALL, SMALL)), np.empty((2, LARGE, LARGE))
    for band in _bands(height, top):
        down = band.weights.transpose(0, 2, 1)
        if band.outputs.stop <= SMALL:
            small[:, band.outputs] = down @ across[:, band.inputs, :SMALL]
        else:
            outputs = slice(band.outputs.start - SMALL, band.outputs.stop - SMALL)
            large[:, outputs] = down @ across[:, band.inputs, SMALL:]
    whole, inner = map(Thumbnails, _rounded(small), _rounded(large))
    return whole, inner


def _by_pillow(grey: Image.Image) -> Thumbnails:
    small, large = (
        np.asarray(grey.resize((side, side), Image.Resampling.LANCZOS), np.float64)
        for side in (SMALL, LARGE)
    )
    return Thumbnails(small, large)


def _rounded(sums: Doubles) -> Doubles:
    """Fixed-point sums of weighted pixels, rounded to pixels."""
    rounded: Doubles = np.clip(np.floor(sums / _PRECISION + 0.5), 0, 255)
    return rounded


@lru_cache(maxsize=16)
def _bands(length: int, inset: int) -> tuple[_Band, ...]:
    """The bands for rows of ``length`` pixels; half a megabyte in most cases."""
    bands = []
    for side, before in ((SMALL, 0), (LARGE, SMALL)):
        weights = np.zeros((2, length, side))
        weights[0] = _lanczos(length, side)
        weights[1, inset : length - inset] = _lanczos(length - 2 * inset, side)
        for start in range(0, side, _OUTPUTS):
            some = weights[:, :, start : start + _OUTPUTS]
            used = np.flatnonzero(some.any(axis=(0, 2)))
            inputs = slice(int(used[0]), int(used[-1]) + 1)
            outputs = slice(before + start, before + start + some.shape[2])
            bands.append(_Band(inputs, outputs, np.ascontiguousarray(some[:, inputs])))
    return tuple(bands)


def _lanczos(length: int, side: int) -> Doubles:
    """The weights (length, side) of pixels in those of a copy, for ``length`` >= ``side``."""
    scale = length / side
    middles = (np.arange(side) + 0.5) * scale
    first = np.maximum((middles - _LOBES * scale + 0.5).astype(int), 0)
    end = np.minimum((middles + _LOBES * scale + 0.5).astype(int), length)
    pixels = first[:, None] + np.arange((end - first).max())
    away = (pixels - middles[:, None] + 0.5) * (1 / scale)
    near = (pixels < end[:, None]) & (away >= -_LOBES) & (away < _LOBES)
    weights = np.where(near, np.sinc(away) * np.sinc(away / _LOBES), 0.0)
    # Added one after another, as Pillow does: the last bit may matter.
    weights /= np.cumsum(weights, axis=1)[:, -1:]
    whole = np.trunc(weights * _PRECISION + np.copysign(0.5, weights))
    table = np.zeros((length, side))
    copies, places = np.nonzero(near)
    table[pixels[copies, places], copies] = whole[copies, places]
    return table
