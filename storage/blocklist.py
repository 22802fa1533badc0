"""Words that no hashtag may be made of: those that ship, and what admins add and allow.

The words that ship are in ``blocked_words.csv``, written by hand: slurs, insults, sexual words,
drugs, hate, self-harm, and hashtags that Instagram restricts, in English and Russian. Each has a
decision: ``block``; ``allow``, for a hashtag that would be blocked by mistake; ``review``, for a
word that insults a person and is harmless elsewhere (``storage.moderation``).

Words are not regular expressions, which could hang the bot: checking a hashtag takes time in
proportion to its length, however many words there are.
"""

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path

TABLE = Path(__file__).parent / "blocked_words.csv"

_INDEXED = 3
"""Length of the prefixes by which patterns are indexed."""

# Letters that only modify others and Arabic's tatweel are hardly seen.
_BETWEEN = re.compile("[_·\u02b0-\u02ff\u0640]+")
_DRAWN_OUT = re.compile(r"(.)\1\1+", re.DOTALL)

# How letters are disguised. 1 may be either of two.
_AS_LATIN = tuple(str.maketrans("01345789", letters) for letters in ("oieastbg", "oleastbg"))
_AS_CYRILLIC = (str.maketrans("0346", "озчб"),)
_LATIN, _CYRILLIC = "aekmhopctyxb", "аекмнорстухв"
_OTHERS = str.maketrans(
    "ѕіјԛԝһԁӏοαεικνρτυχցսոօհ" + "ꓮꓐꓚꓓꓰꓝꓖꓧꓲꓙꓗꓡꓟꓠꓳꓑꓣꓢꓔꓴꓦꓪꓫꓬꓜ" + "ᎠᎡᎢᎥᎪᎫᎬᎳᎷᎻᎽᏀᏂᏃᏏᏒᏔᏕᏙᏚᏞᏟᏢᏦᏧᏴᏳ",
    "sijqwhdloaeikvptuxgunoh" + "abcdefghijklmnoprstuvwxyz" + "drtiajewmhyghzbrwsvslcpkdbg",
)
"""Rarer letters that look like a Latin one: Cyrillic, Greek and Armenian, Lisu, Cherokee."""
_SHAPED_LATIN = re.compile(r"LATIN .*?\b([A-Z])(?:LPHA)?(?: WITH .*)?")
"""Unicode's names of Latin letters in other shapes: turned, small capitals, with a stroke, …"""
_TO_CYRILLIC, _TO_LATIN = str.maketrans(_LATIN, _CYRILLIC), str.maketrans(_CYRILLIC, _LATIN)

_MIXED = {"LATIN", "CYRILLIC"}
_WITH_THEM = {
    *("CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "BOPOMOFO", "HANGUL"),
    *("DIGIT", "COMBINING"),
}
"""The beginnings of Unicode's names of what stands beside these scripts in one word."""


class Blocklist:
    """Tells which hashtags are blocked.

    >>> Blocklist(["bad", "worse*"]).blocks("my_bad_day")
    True

    A word blocks the hashtag that is equal, and one that has it between underscores; with ``*`` it
    is a pattern, as in ``bad*`` and ``*bad*``. Disguises are seen through: see ``readings``.

    Args:
        words: folded as ``recommenders.hashtags.key`` does it, * allowed.
        allowed: hashtags that are never blocked, with underscores in them or without.
    """

    def __init__(self, words: Iterable[str], allowed: Iterable[str] = ()) -> None:
        words = {_without_yo(word) for word in words}
        self._allowed = frozenset(_BETWEEN.sub("", _without_yo(word)) for word in allowed)
        self._whole = frozenset(word for word in words if "*" not in word)
        # A pattern is tried only if a hashtag has the beginning of its longest part.
        self._patterns: dict[str, list[list[str]]] = {}
        for word in words - self._whole:
            parts = word.split("*")
            self._patterns.setdefault(max(parts, key=len)[:_INDEXED], []).append(parts)
        self._indexed = sorted({len(beginning) for beginning in self._patterns})

    def blocks(self, hashtag: str) -> bool:
        """Whether a hashtag, folded as a key, must not be shown."""
        hashtag = _without_yo(hashtag)
        if _BETWEEN.sub("", hashtag) in self._allowed:
            return False
        return any(self._has(reading) for reading in readings(hashtag))

    def _has(self, text: str) -> bool:
        if text in self._whole:
            return True
        beginnings = {text[at : at + size] for size in self._indexed for at in range(len(text))}
        return any(
            _matches(text, parts)
            for beginning in beginnings & self._patterns.keys()
            for parts in self._patterns[beginning]
        )


@lru_cache(maxsize=1 << 14)
def readings(hashtag: str) -> frozenset[str]:
    """What a hashtag may be read as: its words, the whole, and both without disguises.

    Underscores between single letters (``b_a_d``), digits inside a word or in front of it
    (``b4d``), letters of another script or shape that look alike, accents, and letters drawn out
    (``baaad``). Digits behind a word are a year or a number (``bad2024``), unless many letters
    stand before them.
    """
    if hashtag.isascii() and hashtag.isalpha() and not _DRAWN_OUT.search(hashtag):
        return frozenset((hashtag,))  # as most are
    words = _BETWEEN.split(hashtag)
    spaced = ["".join(run) for single, run in groupby(words, lambda w: len(w) == 1) if single]
    plain = {hashtag, *words, *spaced, "".join(words)}
    plain |= {"".join(map(_unshaped, word)) for word in plain}
    plain |= {shorter for word in plain for shorter in _not_drawn_out(word)}
    plain |= {other for word in plain for other in _one_script(word)}
    plain |= {letters for word in plain for letters in _without_digits(word)}
    return frozenset(plain - {""})


def mixes_scripts(hashtag: str) -> bool:
    """Whether a word in it has Latin or Cyrillic letters beside characters of a third script.

    These may look like Latin ones, in more ways than ``readings`` knows. East Asian ones do not,
    and people write them together.
    """
    if hashtag.isascii():
        return False
    for word in _BETWEEN.split(hashtag):
        scripts = {unicodedata.name(one, "").partition(" ")[0] for one in word}
        if scripts & _MIXED and not scripts <= _MIXED | _WITH_THEM:
            return True
    return False


@cache
def _unshaped(character: str) -> str:
    """The plain one for a Latin letter in another shape and for another script's digit."""
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    latin = _SHAPED_LATIN.fullmatch(unicodedata.name(character, ""))
    return latin[1].lower() if latin else character


def _not_drawn_out(word: str) -> Iterator[str]:
    if _DRAWN_OUT.search(word):
        yield _DRAWN_OUT.sub(r"\1", word)
        yield _DRAWN_OUT.sub(r"\1\1", word)


def _one_script(word: str) -> Iterator[str]:
    if word.isascii():
        return
    if (drawn := word.translate(_OTHERS)) != word:
        yield from (drawn, drawn.translate(_TO_LATIN))
    has_cyrillic = any("\u0400" <= letter <= "\u04ff" for letter in word)
    if has_cyrillic:
        if any(letter.isascii() and letter.isalpha() for letter in word):
            yield word.translate(_TO_CYRILLIC)
            yield word.translate(_TO_LATIN)
    else:
        decomposed = unicodedata.normalize("NFD", word)
        yield "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _without_digits(word: str) -> Iterator[str]:
    if word.isalpha():
        return
    bare = word.strip("0123456789")
    if bare == word and not any(map(str.isdigit, word)):
        return
    yield bare
    tables = _AS_LATIN if word.isascii() else _AS_CYRILLIC
    # "a55" is a phone.
    typed = [bare, word] if len(bare) > 2 else [bare]
    for text in typed:
        for table in tables:
            yield text.translate(table)


def _matches(text: str, parts: Sequence[str]) -> bool:
    """Whether a text is these parts with anything between them, each matched as early as it can."""
    first, *inner, last = parts
    if not text.startswith(first) or len(text) < len(first) + len(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in inner:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return text.endswith(last)


def _without_yo(text: str) -> str:
    return text.replace("ё", "е")  # few type it


@cache
def shipped(decision: str) -> frozenset[str]:
    """The words that ship with a decision: ``block``, ``allow`` or ``review``."""
    with TABLE.open(encoding="utf-8", newline="") as lines:
        return frozenset(
            row["word"] for row in csv.DictReader(lines) if row["decision"] == decision
        )


def in_force(own: Mapping[str, bool]) -> Blocklist:
    """The block list: shipped words and those that admins added, without those that they allow.

    Args:
        own: the admins' words; True for shipped ones that they allow.
    """
    return _in_force(frozenset(own.items()))


def blocked_by(own: Mapping[str, bool], hashtag: str) -> list[str]:
    """The words and patterns in force that block a hashtag, folded as a key; sorted."""
    if not in_force(own).blocks(hashtag):
        return []
    words, _ = _words(own)
    return sorted(word for word in words if Blocklist([word]).blocks(hashtag))


@lru_cache(maxsize=8)
def _in_force(own: frozenset[tuple[str, bool]]) -> Blocklist:
    return Blocklist(*_words(dict(own)))


def _words(own: Mapping[str, bool]) -> tuple[frozenset[str], frozenset[str]]:
    """The words that are blocked, and the hashtags that never are."""
    allowed = {word for word, is_allowed in own.items() if is_allowed}
    return (shipped("block") | own.keys()) - allowed, shipped("allow") | allowed
