"""What readers of a bundle's parts share: whatever does not fit is refused in a sentence."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np

from recommenders.arrays import Array
from recommenders.backbones.recipe import UnknownBackboneError
from recommenders.bundle import Bundle, BundleError

_Arguments = ParamSpec("_Arguments")
_Read = TypeVar("_Read")

_MISFITS = (
    *(ArithmeticError, AttributeError, LookupError, TypeError, ValueError),
    UnknownBackboneError,
)
"""What settings raise that another tag4pic wrote, or somebody by hand."""


def reads_settings(
    read: Callable[Concatenate[Bundle, _Arguments], _Read],
) -> Callable[Concatenate[Bundle, _Arguments], _Read]:
    """Makes a reader of a bundle raise BundleError where settings do not fit."""

    @wraps(read)
    def reading(bundle: Bundle, /, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Read:
        try:
            return read(bundle, *args, **kwargs)
        except _MISFITS as error:
            raise BundleError(
                f"The settings of bundle {bundle.model} do not fit this tag4pic ({error}). Fit it "
                "again with `tag4pic train fit`, or update tag4pic."
            ) from error

    return reading


_LARGEST = float(np.finfo(np.float32).max)


def number(
    settings: Mapping[str, Any], name: str, default: float | None = None, *, least: float = 0.0
) -> float:
    """A number among a part's settings, finite as float32.

    Args:
        default: where it is missing; None where it must be there.
        least: the smallest that is allowed.

    Raises:
        BundleError: where it is anything else.
    """
    value = settings.get(name, default)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not max(least, -_LARGEST) <= value <= _LARGEST:
        raise BundleError(
            f"The bundle is damaged: its setting {name!r:.80} is {value!r:.80}. Fit it again, or "
            "take it from a backup."
        )
    return float(value)


def whole(
    settings: Mapping[str, Any], name: str, default: int | None = None, *, least: int = 0
) -> int:
    """As ``number``, rounded down."""
    return int(number(settings, name, default, least=least))


def within(bundle: Bundle, numbers: Array, least: int, end: int) -> Array:
    """Returns the numbers unchanged if all are in ``range(least, end)``.

    Raises:
        BundleError: where one is not.
    """
    if numbers.size and (int(numbers.min()) < least or int(numbers.max()) >= end):
        raise BundleError(f"Bundle {bundle.model} is damaged. Take it from a backup.")
    return numbers
