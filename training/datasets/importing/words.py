"""Hashtags out of what people write: captions, keywords, cells of a table."""

import json
import re
import unicodedata
from collections.abc import Iterable

_ADDRESS = re.compile(r"https?://\S+|www\.\S+", re.IGNORECASE)
_MARKED = re.compile(r"(?<!&)[#＃]+([^\s#＃]+)")
_SEPARATORS = re.compile(r"[,;|\n]")
# They join letters inside Persian and Indic words and show nothing by themselves.
_JOINERS = "\u200c\u200d"


def in_caption(caption: str) -> list[str]:
    """The hashtags of a caption, in order: what stands behind a ``#``, up to the first sign.

    A number (``#1``), an address' anchor and a character reference (``&#39;``) are no hashtags.
    """
    found = (_leading(match.group(1)) for match in _MARKED.finditer(_ADDRESS.sub(" ", caption)))
    return [tag for tag in found if any(character.isalpha() for character in tag)]


def in_keywords(keywords: Iterable[str]) -> list[str]:
    """Keywords as hashtags: one of several words becomes one hashtag (New York → newyork)."""
    pieces = (piece for keyword in keywords for piece in _SEPARATORS.split(keyword))
    return [tag for piece in pieces if (tag := "".join(filter(_belongs, piece)))]


def in_cell(cell: str) -> list[str]:
    """The hashtags of a table's cell, however they are written.

    ``#a #b``, ``a b``, ``a, b c`` (two: a and bc), ``a|b`` and ``["a", "b"]`` are understood.
    """
    cell = cell.strip()
    if cell[:1] in "[({" and cell[-1:] in "])}":
        try:
            values = json.loads(cell)
        except ValueError:
            values = None
        if isinstance(values, list):
            return [str(value) for value in values]
        cell = cell[1:-1].replace("'", "").replace('"', "")
    if "#" in cell or "＃" in cell:
        return in_caption(cell)
    if _SEPARATORS.search(cell):
        return in_keywords([cell])
    return cell.split()


def _leading(text: str) -> str:
    for position, character in enumerate(text):
        if not _belongs(character):
            return text[:position]
    return text


def _belongs(character: str) -> bool:
    return character == "_" or character in _JOINERS or unicodedata.category(character)[0] in "LMN"
