"""Settings of a bundle that do not fit are refused in a sentence."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

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
