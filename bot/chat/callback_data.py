"""The callback data of buttons: the table of verbs, and the parser.

A modified client can send any data. ``bot.chat.gate`` rejects what does not match the table exactly
before any handler runs.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from storage.tables import LARGEST_INTEGER

MAX_LENGTH = 64
"""Bytes of a button's data."""


class Part(Protocol):
    """One of the parts after the verb.

    Attributes:
        name: by which handlers read it.
        missing: its default where the data end before it, as in messages of older versions;
            None if it is required.
    """

    @property
    def name(self) -> str: ...
    @property
    def missing(self) -> int | str | None: ...
    def read(self, text: str) -> int | str | None:
        """Its value; None if the text is invalid."""


@dataclass(frozen=True)
class Number:
    """A whole number from ``least`` to ``most``, written exactly as ``str`` writes it."""

    name: str
    least: int = 1
    most: int = LARGEST_INTEGER
    missing: int | None = None

    def read(self, text: str) -> int | None:
        if len(text) > 20 or not re.fullmatch("-?[0-9]+", text):
            return None
        number = int(text)
        return number if self.least <= number <= self.most and str(number) == text else None


@dataclass(frozen=True)
class Word:
    """Text that matches ``pattern`` in full."""

    name: str
    pattern: str = "[a-z0-9_]{1,32}"
    missing: str | None = None

    def read(self, text: str) -> str | None:
        return text if re.fullmatch(self.pattern, text) else None


ANSWER, LABEL, LAST_LABEL = Number("answer"), Number("label"), Number("last_label")
OWNER = Number("owner", least=-LARGEST_INTEGER)
PAGE = Number("page", least=0, most=1_000_000)
PAGE_OR_FIRST = Number("page", least=0, most=1_000_000, missing=0)
KEY = Word("key", "[0-9a-f]{8}")
OPTION = Word("option")

VERBS: Mapping[str, tuple[Part, ...]] = {
    "more": (ANSWER, Number("shown", least=0, missing=0)),
    "edit": (ANSWER, PAGE_OR_FIRST),
    "close": (ANSWER,),
    "out": (ANSWER, PAGE, KEY),
    "in": (ANSWER, PAGE, KEY),
    "up": (ANSWER, PAGE_OR_FIRST),
    "down": (ANSWER, PAGE_OR_FIRST),
    "why": (ANSWER,),
    "other": (ANSWER, Word("backend")),
    "apart": (ANSWER,),
    "add": (ANSWER, Word("photo", "[1-9][0-9]?|all", missing="")),
    "settings": (Word("setting", "[a-z]{0,16}"),),
    **dict.fromkeys(("for", "count", "size", "language", "style", "own", "model"), (OPTION,)),
    "categories": (PAGE,),
    "head": (KEY, PAGE),
    "category": (KEY, PAGE),
    "mydata": (OWNER,),
    "mine": (OWNER, PAGE),
    "untag": (OWNER, LABEL, PAGE),
    "export": (OWNER,),
    "forget": (OWNER, Word("decision", "ask|yes|no")),
    "channel": (Number("channel", least=-LARGEST_INTEGER, most=-1), Word("switch", "on|off")),
    "review": (PAGE,),
    "approve": (LABEL, LAST_LABEL, PAGE),
    "reject": (LABEL, LAST_LABEL, PAGE),
}
"""The parts of each verb's data."""


@dataclass(frozen=True)
class TapData:
    """The parsed data of a button.

    >>> read("edit:7:2").number("page")
    2
    """

    verb: str
    parts: Mapping[str, int | str]

    def number(self, name: str) -> int:
        value = self.parts[name]
        assert isinstance(value, int)
        return value

    def word(self, name: str) -> str:
        value = self.parts[name]
        assert isinstance(value, str)
        return value


def read(data: str | None) -> TapData | None:
    """Parses a button's data; None if they do not match ``VERBS``."""
    verb, *texts = (data or "").split(":")
    takes = VERBS.get(verb)
    if takes is None or len(texts) > len(takes):
        return None
    values = [part.read(text) for part, text in zip(takes, texts, strict=False)]
    values += [part.missing for part in takes[len(texts) :]]
    parts = {part.name: value for part, value in zip(takes, values, strict=True)}
    known = {name: value for name, value in parts.items() if value is not None}
    return TapData(verb, known) if known.keys() == parts.keys() else None
