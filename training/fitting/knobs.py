"""Knobs: hyper-parameters with a default, the values they take and what they do.

Knobs are fields of the plan's dataclasses. Reading, checking and listing them all derive from the
field's declaration.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from difflib import get_close_matches
from typing import Any, Literal

from training.datasets.format import DatasetError

Part = Literal[
    "features", "vocabulary", "vectors", "als", "head", "choosing", "blend", "categories"
]
"""The parts of a fit that a knob may change, in the order in which they are made."""

_WHOLE = re.compile(r"[+-]?\d{1,15}", re.ASCII)


class PlanError(DatasetError):
    """A plan that cannot be used; the message says what is wrong with which knob."""


class Takes(ABC):
    """The values that a knob takes."""

    def __str__(self) -> str:
        """In words: ``a whole number from 1 to 50``."""
        return self.brief

    @property
    @abstractmethod
    def brief(self) -> str:
        """The same for a table: ``1 to 50``."""

    def parsed(self, text: str) -> object:
        """Parses a value; the text itself where it is none."""
        return text

    @abstractmethod
    def checked(self, value: object) -> object:
        """Returns the value as the plan holds it.

        Raises:
            ValueError: if the knob does not take it.
        """


@dataclass(frozen=True)
class Whole(Takes):
    """Whole numbers; also None if ``none`` says what that means."""

    low: int
    high: int
    none: str = ""

    def __str__(self) -> str:
        return f"a whole number from {self.brief}"

    @property
    def brief(self) -> str:
        or_none = f", or none: {self.none}" if self.none else ""
        return f"{self.low:,} to {self.high:,}{or_none}"

    def parsed(self, text: str) -> object:
        if self.none and text.lower() == "none":
            return None
        return int(text) if _WHOLE.fullmatch(text) else text

    def checked(self, value: object) -> object:
        if value is None and self.none:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError
        if not self.low <= value <= self.high:
            raise ValueError
        return value


@dataclass(frozen=True)
class Real(Takes):
    """Numbers from ``low`` to ``high``; with ``above`` more than ``low``, with ``below`` less than
    ``high``."""

    low: float
    high: float
    above: bool = False
    below: bool = False

    def __str__(self) -> str:
        return f"a number {'' if self.above else 'from '}{self.brief}"

    @property
    def brief(self) -> str:
        above, below = "above " * self.above, "below " * self.below
        return f"{above}{self.low:,g} to {below}{self.high:,g}"

    def parsed(self, text: str) -> object:
        try:
            return float(text)
        except ValueError:
            return text

    def checked(self, value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError
        # Also refuses NaN, for which every comparison is false.
        if not self.low <= value <= self.high:
            raise ValueError
        if (self.above and value == self.low) or (self.below and value == self.high):
            raise ValueError
        return float(value)


@dataclass(frozen=True)
class OneOf(Takes):
    """One of some words."""

    words: tuple[str, ...]

    @property
    def brief(self) -> str:
        return " or ".join(self.words)

    def checked(self, value: object) -> object:
        if value not in self.words:
            raise ValueError
        return value


@dataclass(frozen=True)
class Flag(Takes):
    """True or false."""

    @property
    def brief(self) -> str:
        return "true or false"

    def parsed(self, text: str) -> object:
        return {"true": True, "false": False}.get(text.lower(), text)

    def checked(self, value: object) -> object:
        if not isinstance(value, bool):
            raise ValueError
        return value


@dataclass(frozen=True)
class Several(Takes):
    """One or more different values; in text they are joined by commas."""

    each: Takes

    def __str__(self) -> str:
        return f"a list of different values, each {self.each}"

    @property
    def brief(self) -> str:
        return f"a list, each {self.each.brief}"

    def parsed(self, text: str) -> object:
        return [self.each.parsed(one.strip()) for one in text.split(",")]

    def checked(self, value: object) -> object:
        if not isinstance(value, list | tuple) or not value:
            raise ValueError
        checked = tuple(self.each.checked(one) for one in value)
        if len(set(checked)) < len(checked):
            raise ValueError
        return checked


@dataclass(frozen=True)
class Knob:
    """One knob.

    Attributes:
        name: ``vectors.window``.
        takes: which values it takes.
        does: what it does, in one line.
        changes: the parts of a fit that depend on its value.
    """

    name: str
    default: Any
    takes: Takes
    does: str
    changes: frozenset[Part]

    @property
    def section(self) -> str:
        """``vectors``; ``""`` for a knob of the fit as a whole."""
        return self.name.rpartition(".")[0]


def knob(default: Any, takes: Takes, does: str, *changes: Part) -> Any:
    """Declares a field that is a knob; ``changes`` default to its section's."""
    return field(default=default, metadata={"takes": takes, "does": does, "changes": changes})


def section(made: type, title: str, *changes: Part) -> Any:
    """Declares a field that holds a section of knobs."""
    return field(default_factory=made, metadata={"title": title, "changes": changes})


def shown(value: object) -> str:
    """A value as ``--set`` takes it: ``none``, ``true``, ``0.35``, ``0.0,0.1``."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return value
    if isinstance(value, Iterable):
        return ",".join(map(shown, value))
    return f"{value:g}" if isinstance(value, float) and value == float(f"{value:g}") else f"{value}"


def knobs_in(plan: Any, prefix: str = "", changes: tuple[Part, ...] = ()) -> Iterator[Knob]:
    """The knobs of a dataclass, then those of its sections."""
    sections = []
    for one in fields(plan):
        default, metadata = getattr(plan, one.name), one.metadata
        if is_dataclass(default):
            sections.append(knobs_in(default, f"{one.name}.", metadata["changes"]))
        elif metadata:
            of_knob = frozenset(metadata["changes"] or changes)
            yield Knob(prefix + one.name, default, metadata["takes"], metadata["does"], of_knob)
    for knobs_of_section in sections:
        yield from knobs_of_section


def knob_named(name: str, knobs: Mapping[str, Knob]) -> Knob:
    """Looks up a knob by name.

    Raises:
        PlanError: if there is none; suggests similar names.
    """
    if name in knobs:
        return knobs[name]
    by_leaf: dict[str, list[str]] = {}
    for other in knobs:
        by_leaf.setdefault(other.rpartition(".")[2], []).append(other)
    lower = name.lower()
    near = [lower] if lower in knobs else by_leaf.get(lower.rpartition(".")[2], [])
    near = near or get_close_matches(lower, knobs, n=2, cutoff=0.85)
    for leaf in get_close_matches(lower.rpartition(".")[2], by_leaf, n=2) if not near else ():
        near = [*near, *by_leaf[leaf]]
    meant = f" Did you mean {' or '.join(near[:3])}?" if near else ""
    raise PlanError(f"There is no knob {name[:60]!r}.{meant} `tag4pic train plan` lists all knobs.")


def checked_value(knob: Knob, value: object, written: str) -> Any:
    """Returns a value as the plan holds it; ``written`` is shown in the error.

    Raises:
        PlanError: if the knob does not take it.
    """
    try:
        return knob.takes.checked(value)
    except ValueError:
        written = written if len(written) <= 40 else f"{written[:40]}…"
        raise PlanError(f"{knob.name} takes {knob.takes}, not {written or 'nothing'}.") from None
