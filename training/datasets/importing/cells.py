"""Single values as people and programs write them: likes, dates, splits."""

import re
from datetime import UTC, datetime

from training.datasets.format import SPLITS
from training.datasets.importing.findings import Findings

_NUMBER = re.compile(r"([+-]?\d+(?:[.,]\d+)?)\s*([km]?)", re.IGNORECASE)
_THOUSANDS = re.compile(r"(?<=\d)[\s,.'’\u00a0\u202f](?=\d{3}(?!\d))")
_UNKNOWN = {"", "-", "—", "n/a", "na", "nan", "none", "null", "hidden", "?"}
_DATES = ("%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%Y/%m/%d", "%Y/%m/%d %H:%M:%S")
# Fewer seconds than this would be a post of the early seventies; it is rather a year or a number.
_FIRST_SECOND = 100_000_000


def likes(value: object, where: str, findings: Findings) -> int | None:
    """How many likes; None where unknown. Negative ones are hidden, and counted as such."""
    text = "" if value is None else str(value).strip()
    if text.casefold() in _UNKNOWN:
        return None
    match = _NUMBER.fullmatch(_THOUSANDS.sub("", text))
    if match is None:
        findings.problems.add("likes are not a number", f"{where}: {text}")
        return None
    unit = {"": 1, "k": 1_000, "m": 1_000_000}[match.group(2).lower()]
    number = round(float(match.group(1).replace(",", ".")) * unit)
    if number < 0:
        findings.likes_hidden += 1
        return None
    return number


def moment(value: object, where: str, findings: Findings) -> str | None:
    """A date as ISO 8601; with the time zone where one is known, seconds since 1970 are UTC."""
    text = "" if value is None else str(value).strip()
    if text.casefold() in _UNKNOWN:
        return None
    try:
        seconds = float(text)
    except ValueError:
        pass
    else:
        if _FIRST_SECOND <= seconds < 1e14:
            if seconds > 1e11:
                seconds /= 1000  # milliseconds
            return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        pass
    for pattern in _DATES:
        try:
            return datetime.strptime(text, pattern).isoformat()
        except ValueError:
            continue
    findings.problems.add("date is not understood", f"{where}: {text}")
    return None


def split(value: str | None, where: str, findings: Findings) -> str | None:
    """``train``, ``validation`` or ``test``; None where the row does not say."""
    text = (value or "").strip().casefold()
    if text in _UNKNOWN:
        return None
    if text not in SPLITS:
        findings.problems.add("split is none of train, validation, test", f"{where}: {text}")
    return SPLITS.get(text)
