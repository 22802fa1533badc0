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

# Joiners and marks of direction show nothing by themselves and make two hashtags look alike; they
# are dropped from the ends and refused inside, except that ZWNJ and ZWJ spell Persian and Indic
# words, where the platforms drop them too.
_INVISIBLE = dict.fromkeys(
    [
        *(0x00AD, 0x034F, 0x061C, 0x180E, 0xFEFF),
        *(*range(0x200B, 0x2010), *range(0x202A, 0x202F)),
        *(*range(0x2060, 0x2070), *range(0xFE00, 0xFE10)),
    ]
)
_SEPARATORS = re.compile(r"[\s,;]+")


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
    if not all(
        kind[0] in "LMN" or character == "_" for kind, character in zip(kinds, tag, strict=True)
    ):
        raise HashtagError(text, "bad_character")
    if not any(kind[0] == "L" for kind in kinds):
        raise HashtagError(text, "no_letter")
    return tag


def parse(text: str) -> tuple[list[str], list[str]]:
    """Hashtags of a person's text, and the pieces that are not hashtags.

    Pieces are separated by white space, commas or semicolons; ``#one#two`` is two hashtags, and a
    piece needs no ``#``.

    Returns:
        The canonical hashtags in order without repeats, and the pieces refused as they were typed.
    """
    hashtags: dict[str, None] = {}
    refused: list[str] = []
    for piece in _SEPARATORS.split(text):
        for part in re.split(r"(?<=[^#＃])(?=[#＃])", piece):
            if not part:
                continue
            try:
                hashtags[normalise(part)] = None
            except HashtagError:
                refused.append(part)
    return list(hashtags), refused
