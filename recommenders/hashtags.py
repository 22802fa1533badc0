"""What counts as a hashtag, and reading hashtags out of text.

The canonical form is what is stored, compared and learnt: Unicode NFKC, the leading ``#`` dropped,
case-folded; letters, digits, combining marks and underscores; at least one letter; at most 100
characters. It follows what Instagram and Telegram turn into a link.
"""

import re
import unicodedata
from typing import Literal

MAX_LENGTH = 100

Reason = Literal["empty", "too_long", "no_letter", "bad_character"]

# What Unicode calls default ignorable: joiners, marks of direction, fillers, variation selectors.
# They show nothing by themselves and would make two hashtags look alike, so they are dropped. That
# goes for ZWNJ too: Persian is posted with and without it.
_INVISIBLE = dict.fromkeys(
    [
        *(0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFEFF, 0xFFA0),
        *(*range(0x180B, 0x1810), *range(0x200B, 0x2010), *range(0x202A, 0x202F)),
        *(*range(0x2060, 0x2070), *range(0xFE00, 0xFE10), *range(0xFFF0, 0xFFF9)),
        *(*range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B), *range(0xE0000, 0xE1000)),
    ]
)
_SEPARATORS = re.compile(r"[\s,;،؛、，；]+")
_NEXT_HASHTAG = re.compile(r"(?<=[^#＃])(?=[#＃])")


class HashtagError(ValueError):
    """Text that is not a hashtag; ``reason`` says why in a word."""

    def __init__(self, text: str, reason: Reason) -> None:
        super().__init__(f"{text[:40]!r} is not a hashtag: {reason.replace('_', ' ')}")
        self.reason: Reason = reason


def normalise(text: str) -> str:
    """The canonical form of one hashtag, without ``#``. Idempotent.

    Raises:
        HashtagError: when nothing is left, it has no letter, is longer than 100 characters or
            has a character that no hashtag has.
    """
    tag = unicodedata.normalize("NFKC", text.translate(_INVISIBLE)).strip().lstrip("#")
    # Case folding can undo NFKC (and the other way round): fold, then compose again.
    tag = unicodedata.normalize("NFKC", tag.casefold()).translate(_INVISIBLE)
    if not tag:
        raise HashtagError(text, "empty")
    if len(tag) > MAX_LENGTH:
        raise HashtagError(text, "too_long")
    kinds = [unicodedata.category(character) for character in tag]
    fits = all(
        kind[0] in "LN" or kind in ("Mn", "Mc") or character == "_"
        for kind, character in zip(kinds, tag, strict=True)
    )
    # A mark in front would sit on the "#" and break the link.
    if not fits or kinds[0][0] == "M":
        raise HashtagError(text, "bad_character")
    if not any(kind[0] == "L" for kind in kinds):
        raise HashtagError(text, "no_letter")
    return tag


def parse(text: str) -> tuple[list[str], list[str]]:
    """Hashtags of a person's text, and the pieces that are not hashtags.

    Pieces are separated by white space or by any script's commas and semicolons; ``#one#two`` is
    two hashtags, and a piece needs no ``#``.

    Returns:
        The canonical hashtags in order without repeats, and the pieces refused as they were typed.
    """
    hashtags: dict[str, None] = {}
    refused: list[str] = []
    for piece in _SEPARATORS.split(text):
        for part in _NEXT_HASHTAG.split(piece):
            if not part.translate(_INVISIBLE):
                continue
            try:
                hashtags[normalise(part)] = None
            except HashtagError:
                refused.append(part)
    return list(hashtags), refused
