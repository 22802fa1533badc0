"""Numbers as people write them."""

import re
from math import isfinite

_NUMBER = re.compile(r"([+-]?\d+(?:[.,]\d+)?)\s*([km]?)", re.IGNORECASE)
_MARK = r"[\s,.'’\u00a0\u202f]"
# Neither 1234.000 nor 1,234.000 is a million: a group follows its like or at most three digits,
# which do not begin with 0. Nor is 1.234k: before a suffix, a single . or , is a decimal mark.
_GROUPED = re.compile(
    rf"(?![+-]?\d+[.,]\d+\s*[km])[+-]?[1-9]\d{{0,2}}({_MARK})\d{{3}}(?:\1\d{{3}})*(?!\d)",
    re.IGNORECASE,
)


def parse_number(text: str, *, rounded: bool = True) -> int | None:
    """A whole number as people write it: 1234, 1,234, 1 234, 12.0, 1.234k; None for other text.

    Args:
        rounded: whether 1.5 is 2; else it is other text.
    """
    if grouped := _GROUPED.match(text):
        text = re.sub(_MARK, "", grouped.group()) + text[grouped.end() :]
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    unit = {"": 1, "k": 1_000, "m": 1_000_000}[match.group(2).lower()]
    number = float(match.group(1).replace(",", ".")) * unit
    if not isfinite(number) or (unit == 1 and number % 1 and not rounded):
        return None
    return round(number)
