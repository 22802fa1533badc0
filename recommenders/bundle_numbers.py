"""Numbers among the settings of a bundle's part, checked as they are read."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from recommenders.bundle import BundleError

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
