"""The cosine transform of small grey copies, bit for bit as SciPy computes it.

Photos are recognised by the signs of its values, which for symmetric pictures are zero except for
rounding errors: the last bits must never change. SciPy would be imported for this alone.
"""

import math

import numpy as np

from recommenders.arrays import Doubles

SIDE = 64
_TURN = 4 * SIDE
"""Steps in a full turn; every cosine of the transform is at a whole number of steps."""
_FINE = 16
"""SciPy composes an angle of a multiple of so many steps and the remainder."""


def cosine_transform(grey: Doubles) -> Doubles:
    """The transform (DCT-II, not scaled) of (64, 64), down the columns and then along the rows."""
    return _along_rows(_along_rows(grey.T).T)


def _along_rows(values: Doubles) -> Doubles:
    """The transform of each row, by an inverse real FFT of the row's pairs."""
    ends, first, second = values[:, :: SIDE - 1] * 2, values[:, 1:-1:2], values[:, 2:-1:2]
    spectrum = np.empty((len(values), SIDE // 2 + 1), np.complex128)
    spectrum[:, 0], spectrum[:, -1] = ends[:, 0], ends[:, 1]
    spectrum.real[:, 1:-1], spectrum.imag[:, 1:-1] = first + second, second - first
    turned = np.fft.irfft(spectrum, SIDE, norm="forward")
    front, back = turned[:, 1 : SIDE // 2], turned[:, : SIDE // 2 : -1]
    sums = _COSINES * back + _SINES * front
    differences = _COSINES * front - _SINES * back
    turned[:, SIDE // 2] *= _EIGHTH
    turned[:, 1 : SIDE // 2] = 0.5 * (sums + differences)
    turned[:, : SIDE // 2 : -1] = 0.5 * (sums - differences)
    return turned


def _cosine(step: int) -> float:
    """With SciPy's rounding: from the tables of two angles that add up to it."""
    (cosine, sine), (other_cosine, other_sine) = (
        _octant(step % _FINE),
        _octant(step - step % _FINE),
    )
    return cosine * other_cosine - sine * other_sine


def _octant(step: int) -> tuple[float, float]:
    """Cosine and sine of up to a quarter turn of steps, computed at angles below 45°."""
    angle = 0.25 * math.pi / _TURN
    if 8 * step < _TURN:
        return math.cos(8 * step * angle), math.sin(8 * step * angle)
    rest = (2 * _TURN - 8 * step) * angle
    return math.sin(rest), math.cos(rest)


_COSINES = np.array([_cosine(step) for step in range(1, SIDE // 2)])
_SINES = np.array([_cosine(SIDE - step) for step in range(1, SIDE // 2)])
_EIGHTH = _cosine(SIDE // 2)
