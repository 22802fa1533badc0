"""Values as people and programs write them: hashtags in text, likes, dates, splits."""

import ast
import json
import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

from recommenders.hashtags import SIGNS, HashtagError, belongs, in_caption, is_marked, normalise
from training.datasets.format import MOST_LIKES, SPLITS, without_hyphens
from training.datasets.importing.import_summary import ImportSummary
from training.datasets.missing_values import MISSING, UNKNOWN
from training.datasets.numbers_in_text import parse_number

_NO_WORDS = {"nan", "none", "null", "<na>"}
"""The missing values that are no words in a list of words either."""

_MARKS = ",;|،؛、，；"
_SEPARATORS = re.compile(rf"[{_MARKS}\n]")
_MARKS_BETWEEN = re.compile(rf"[{_MARKS}]")
_HYPHENS = "-\u2010\u2011"
# Line breaks as HTML, Excel and programmers write them.
_LINE_BREAK = re.compile(r"<br\s*/?>|_x000d_|(?:\\r)?\\n", re.IGNORECASE)
# A list as JSON, Python, NumPy, pandas or PostgreSQL writes it: what is inside the brackets.
_LIST = re.compile(
    r"(?:[a-z_][\w.]*\(\s*)?[\[({](.*?)[\])}](?:,\s*\w+=[^,()]+)*\s*\)?", re.DOTALL | re.IGNORECASE
)
# A value with its type around it: np.str_('sea').
_TYPED = re.compile(r"[a-z_][\w.]*\(\s*('[^']*'|\"[^\"]*\")\s*\)", re.IGNORECASE)
_NAMES = ("name", "tag", "hashtag", "text", "label", "value")
"""Keys under which an object in a list has its hashtag, the likeliest first."""
_QUOTED = re.compile(r"(?<!\w)(?:'([^']*)'|\"([^\"]*)\")(?!\w)")
_BETWEEN = re.compile(r"[\s,.]+")

_DATES = (
    "%d.%m.%Y",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%Y/%m/%d",
    "%Y/%m/%d %H:%M:%S",
)
# A day and a time, also as a float. As milliseconds they would be of 1976, or of the year 2600.
_DAY_AND_TIME = re.compile(r"((?:19|20)\d{6})(\d{4}(?:\d{2})?)(?:\.0)?")
# Fewer seconds would be a post of the early seventies; it is more likely a year or some number.
# More would be one of the year 2286.
_FIRST_SECOND, _END_OF_SECONDS = 100_000_000, 10_000_000_000
_FIRST_MILLISECOND = 1000 * _FIRST_SECOND


def hashtags_in_caption(caption: str) -> list[str]:
    """The hashtags of a caption, however its line breaks are written."""
    return in_caption(_LINE_BREAK.sub("\n", caption))


def hashtags_of_keywords(keywords: Iterable[str], hyphenated: Counter[str]) -> list[str]:
    """Keywords as hashtags: one of several words becomes one hashtag (New York → newyork).

    Args:
        hyphenated: counts the words that had hyphens (close-up → closeup).
    """
    pieces = (
        without_hyphens(piece, hyphenated)
        for keyword in keywords
        for piece in _SEPARATORS.split(keyword)
    )
    return [tag for piece in pieces if (tag := "".join(filter(belongs, piece)))]


def hashtags_in_cell(cell: str, hyphenated: Counter[str]) -> list[str]:
    """The hashtags of a table's cell, however they are written.

    ``#a #b``, ``a b``, ``a, b c`` (two: a and bc), ``a|b`` and lists such as ``["a", "b"]``,
    ``['a' 'b']``, ``array(['a', 'b'], dtype=object)`` and ``[{"name": "a"}]`` are understood. A
    line break is white space: where nothing else separates the words, each is a hashtag. Where only
    some have a #, ``#a, b`` and ``['#a', 'b c']`` are lists of two, ``a, b, #c`` is one of three,
    and ``b c, #a`` and ``Wow, #a`` are captions.

    Args:
        hyphenated: as for ``hashtags_of_keywords``; behind a # a hyphen ends the hashtag.
    """
    cell = cell.strip()
    values = _list_values(cell)
    text = _LINE_BREAK.sub("\n", cell) if values is None else "\n".join(values)
    if is_marked(text):
        if values is None and _begins_as_caption(text):
            return hashtags_in_caption(text)
        return _where_some_are_marked([text] if values is None else values, hyphenated)
    if values is not None or _MARKS_BETWEEN.search(text):
        words = [piece.strip() for piece in _SEPARATORS.split(text)]
        words = [word for word in words if word.casefold() not in _NO_WORDS]
        return hashtags_of_keywords(words, hyphenated)
    return [
        without_hyphens(word, hyphenated)
        for word in text.split()
        if word.casefold() not in _NO_WORDS
    ]


def _where_some_are_marked(texts: Iterable[str], hyphenated: Counter[str]) -> list[str]:
    tags: list[str] = []
    for text in texts:
        for piece in _MARKS_BETWEEN.split(text) if _is_list(text) else [text]:
            if is_marked(piece):
                tags += hashtags_in_caption(piece)
            elif piece.strip().casefold() not in _NO_WORDS:
                tags += hashtags_of_keywords([piece], hyphenated)
    return tags


def _is_list(text: str) -> bool:
    """Whether marks part single words, each with or without a #; a caption has more between two."""
    words = [piece.strip().lstrip(SIGNS) for piece in _MARKS_BETWEEN.split(text)]
    return all(belongs(character) or character in _HYPHENS for word in words for character in word)


def _begins_as_caption(text: str) -> bool:
    """Whether too few words without a # come first for a list, as in ``Wow, #a, #b``."""
    marked = [is_marked(piece) for piece in _MARKS_BETWEEN.split(text) if piece.strip()]
    return not marked[0] and (len(marked) < 3 or 2 * marked.count(False) < len(marked))


def _list_values(cell: str) -> list[str] | None:
    match = _LIST.fullmatch(cell)
    if match is None:
        return None
    values = _parsed(cell)
    if isinstance(values, list):
        texts = (_name(value) if isinstance(value, dict) else str(value) for value in values)
        return [text for text in texts if text.casefold() not in MISSING]
    text = _TYPED.sub(r"\1", match.group(1))
    # If outside the quotes there are only missing values, the quoted texts are the list.
    if {*_BETWEEN.split(_QUOTED.sub(" ", text).casefold())} <= MISSING:
        return ["".join(groups) for groups in _QUOTED.findall(text)]
    text = text.replace("'", "").replace('"', "")
    return [text] if _SEPARATORS.search(text) else text.split()


def _parsed(cell: str) -> object:
    """Parses a list as JSON, or as Python if it has objects; None if it is neither."""
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        pass
    # Python would join NumPy's quoted texts, which no commas separate.
    try:
        return ast.literal_eval(cell) if ":" in cell and "{" in cell else None
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _name(item: dict[str, object]) -> str:
    return next((text for key in _NAMES if isinstance(text := item.get(key), str)), "")


def hashtag_or_none(text: str) -> str | None:
    """The text as a canonical hashtag; None where it is none."""
    try:
        return normalise(text)
    except HashtagError:
        return None


def parse_likes(value: object, where: str, summary: ImportSummary) -> int | None:
    """How many likes; None where unknown. Negative ones are hidden, and counted as such."""
    text = _text(value)
    if text.casefold() in UNKNOWN:
        return None
    number = parse_number(text)
    if number is None:
        summary.problems.add("likes are not a number", f"{where}: {text}")
        return None
    if number < 0:
        summary.likes_hidden += 1
        return None
    if number > MOST_LIKES:
        summary.problems.add("impossibly many likes", f"{where}: {text}")
        return None
    return number


def parse_date(value: object, where: str, summary: ImportSummary) -> str | None:
    """A date as ISO 8601; with the time zone where one is known, seconds since 1970 are UTC."""
    text = _text(value)
    if text.casefold() in UNKNOWN:
        return None
    digits = _DAY_AND_TIME.fullmatch(text)
    iso = "T".join(digits.groups()) if digits else text
    try:
        seconds = float(iso)
    except ValueError:
        pass
    else:
        if seconds >= _FIRST_MILLISECOND:
            seconds /= 1000
        if _FIRST_SECOND <= seconds < _END_OF_SECONDS:
            return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    try:
        return datetime.fromisoformat(iso).isoformat()
    except ValueError:
        pass
    for pattern in _DATES:
        try:
            return datetime.strptime(text, pattern).isoformat()
        except ValueError:
            continue
    summary.problems.add("date is not understood", f"{where}: {text}")
    return None


def parse_split(value: str, where: str, summary: ImportSummary) -> str | None:
    """``train``, ``validation`` or ``test``; None where the row does not say."""
    text = value.strip().casefold()
    if text in UNKNOWN:
        return None
    if text not in SPLITS:
        summary.problems.add("split is not train, validation or test", f"{where}: {text}")
    return SPLITS.get(text)


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()
