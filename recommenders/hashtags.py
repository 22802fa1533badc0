"""What a hashtag is, when two spellings are the same hashtag, and parsing hashtags out of text.

A hashtag is shown as people write it (``normalise``): Unicode NFC, lower case, the leading ``#``
dropped; letters and marks of any script, digits, underscores, and the middle dot inside a word; at
least one letter; at most 100 characters. Two spellings are the same hashtag where their ``key``
agrees: straße and strasse, ήλιος and ΉΛΙΟΣ, full-width and plain.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Literal

MAX_LENGTH = 100
MAX_KEY_LENGTH = 300
"""Folding makes up to three letters of one."""

Reason = Literal["empty", "too_long", "no_letter", "bad_character"]

_ZWNJ, _ZWJ = "\u200c", "\u200d"
_JOINERS = _ZWNJ + _ZWJ
_MIDDLE_DOT = "·"

# What Unicode calls default ignorable: joiners, direction marks, fillers, variation selectors.
# They are invisible and would make different hashtags look alike, so they are dropped.
_INVISIBLE = dict.fromkeys(
    [
        *(0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFEFF, 0xFFA0),
        *(*range(0x180B, 0x1810), *range(0x200B, 0x2010), *range(0x202A, 0x202F)),
        *(*range(0x2060, 0x2070), *range(0xFE00, 0xFE10), *range(0xFFF0, 0xFFF9)),
        *(*range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B), *range(0xE0000, 0xE1000)),
    ]
)
_INVISIBLE_BUT_JOINERS = {code: None for code in _INVISIBLE if chr(code) not in _JOINERS}
_ARABIC = re.compile("[\u0600-\u06ff\u0750-\u077f\u0870-\u08ff\ufb50-\ufdff\ufe70-\ufefc]{2}")
_VIRAMA = 9
"""The combining class of the marks after which Indic scripts join letters."""

SIGNS = "#＃﹟"
"""Any of them marks a hashtag."""
_SEPARATORS = re.compile(r"[\s,;،؛、，；]+")
_ADDRESS = re.compile(r"https?://\S+|www\.\S+", re.IGNORECASE)
# As in Telegram, a # inside a word starts no hashtag, and "&#39;" is a character reference. A #
# that follows without a space starts another hashtag.
_MARKED = re.compile(rf"(?<![\w{_MIDDLE_DOT}&])(?:[{SIGNS}]+[^\s{SIGNS}]*)+")
_SIGN = re.compile(f"[{SIGNS}]+")


class HashtagError(ValueError):
    """Text that is not a hashtag; ``reason`` is a key that says why."""

    def __init__(self, text: str, reason: Reason) -> None:
        super().__init__(f"{text[:40]!r} is not a hashtag: {reason.replace('_', ' ')}")
        self.reason: Reason = reason


def normalise(text: str) -> str:
    """One hashtag as it is shown and stored, without ``#``. Idempotent.

    >>> normalise("#Straße")
    'straße'

    Raises:
        HashtagError: when nothing is left, it has no letter, is longer than 100 characters or
            has a character that no hashtag has.
    """
    tag = unicodedata.normalize("NFC", text.translate(_INVISIBLE_BUT_JOINERS))
    tag = tag.strip().lstrip(SIGNS + _JOINERS)
    # İ in lower case is i with a combining dot, which is dropped.
    tag = unicodedata.normalize("NFC", tag.lower()).replace("i\u0307", "i")
    tag = _with_needed_joiners(unicodedata.normalize("NFC", tag))
    if not tag:
        raise HashtagError(text, "empty")
    folded = key(tag)
    if len(tag) > MAX_LENGTH or len(folded) > MAX_KEY_LENGTH:
        raise HashtagError(text, "too_long")
    # A leading mark would combine with the "#" and break the link; dots stand between letters only.
    edges_fit = unicodedata.category(tag[0])[0] != "M" and _MIDDLE_DOT not in (tag[0], tag[-1])
    if not edges_fit or not folded or not all(map(belongs, tag + folded)):
        raise HashtagError(text, "bad_character")
    if not any(character.isalpha() for character in folded):
        raise HashtagError(text, "no_letter")
    return tag


@lru_cache(maxsize=1 << 16)
def key(hashtag: str) -> str:
    """The key that all spellings of a hashtag share: NFKC, case-folded. Idempotent.

    >>> key("straße") == key("STRASSE")
    True

    Args:
        hashtag: as returned by ``normalise``; keys of other text are meaningless.
    """
    folded, before = hashtag, ""
    while folded != before:  # folding can undo NFKC and vice versa
        before = folded
        folded = unicodedata.normalize("NFKC", folded.translate(_INVISIBLE)).casefold()
        folded = unicodedata.normalize("NFKC", folded).replace("i\u0307", "i")
    return folded


def unique(hashtags: Iterable[str]) -> dict[str, str]:
    """Hashtags by key, in order, each in its first spelling."""
    by_key: dict[str, str] = {}
    for tag in hashtags:
        by_key.setdefault(key(tag), tag)
    return by_key


def usual_spellings(counts: Counter[str], known: Iterable[str] = ()) -> dict[str, str]:
    """The most frequent spelling of each hashtag, by key; ties go to the alphabetically first.

    Args:
        counts: how often each spelling occurs.
        known: hashtags whose spelling is settled, such as a bundle's.
    """
    usual = unique(known)
    for tag in sorted(counts, key=lambda tag: (-counts[tag], tag)):
        usual.setdefault(key(tag), tag)
    return usual


def parse(text: str) -> tuple[list[str], list[str]]:
    """The hashtags that a person typed, and the pieces that are not hashtags.

    If the text has a ``#``, only what follows one counts, as in ``in_caption``. Otherwise each word
    is a hashtag; words are separated by white space or by any script's commas and semicolons.

    Returns:
        The hashtags in order without repeats, and the refused pieces as they were typed.
    """
    if is_marked(_ADDRESS.sub(" ", text)):
        pieces = [word or f"#{typed}" for word, typed in _marked(text)]
    else:
        pieces = _SEPARATORS.split(text)
    hashtags: list[str] = []
    refused: list[str] = []
    for piece in pieces:
        if piece.translate(_INVISIBLE):
            try:
                hashtags.append(normalise(piece))
            except HashtagError:
                refused.append(piece)
    return list(unique(hashtags).values()), refused


def is_marked(text: str) -> bool:
    """Whether a text has a ``#``, in whichever of its ``SIGNS``."""
    return _SIGN.search(text) is not None


def in_caption(text: str) -> list[str]:
    """The hashtags of a text: what follows each ``#``, up to where Telegram ends a hashtag.

    ``#sea.`` ``(#sun)`` ``#party🎉`` and ``#sunset@channel`` are sea, sun, party and sunset;
    ``#one#two`` are two. A number (``#1``), a URL's fragment and a character reference (``&#39;``)
    are none.
    """
    return [word for word, _ in _marked(text) if word]


def belongs(character: str) -> bool:
    """Whether a character may be in a hashtag; middle dots and joiners only between others."""
    kind = unicodedata.category(character)
    return kind[0] in "LN" or kind in ("Mn", "Mc") or character in f"_{_MIDDLE_DOT}{_JOINERS}"


def _marked(text: str) -> Iterator[tuple[str, str]]:
    """For each ``#``: the hashtag ("" for none) and the whole piece as it was typed."""
    for chain in _MARKED.finditer(_ADDRESS.sub(" ", text)):
        for typed in _SIGN.split(chain[0])[1:]:
            signs = (at for at, one in enumerate(typed) if not _goes_on(one))
            word = typed[: next(signs, None)].rstrip(_MIDDLE_DOT)
            yield word if any(map(str.isalpha, word)) else "", typed


def _goes_on(character: str) -> bool:
    return belongs(character) or ord(character) in _INVISIBLE


def _with_needed_joiners(tag: str) -> str:
    """Keeps only necessary joiners: beside a virama, and ZWNJ between Arabic letters."""
    if _ZWNJ not in tag and _ZWJ not in tag:
        return tag
    joined = ""
    for at, character in enumerate(tag):
        if character in _JOINERS:
            around = joined[-1:] + tag[at + 1 : at + 2]
            beside_virama = _VIRAMA in map(unicodedata.combining, around)
            if not beside_virama and not (character == _ZWNJ and _ARABIC.fullmatch(around)):
                continue
        joined += character
    return joined
