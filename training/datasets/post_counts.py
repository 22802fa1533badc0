"""How many posts a platform has under each hashtag: a CSV file, ``tag,posts``.

Such files have millions of lines, of which a vocabulary needs a few thousand: they are read line by
line, and only the counts of that vocabulary are held in memory.
"""

import csv
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from recommenders.hashtags import HashtagError, key, normalise
from training.datasets.encodings import NotTextError, encoding_of
from training.datasets.format import DatasetError, Problems, not_text
from training.datasets.importing.readers.csv_table import (
    DELIMITER_LINE,
    DELIMITERS,
    row_of_line,
    title_of,
)
from training.datasets.numbers_in_text import parse_number
from training.plurals import counted
from training.progress import Progress, silent

# Names of columns, compared without case, spaces and underscores.
_TAGS = ("tag", "hashtag", "name", "tags", "hashtags", "тег", "хештег", "хэштег")
_POSTS = ("posts", "postcount", "postscount", "mediacount", "count", "counts", "number", "total",
          "посты", "постов", "публикации", "публикаций", "количество", "число")  # fmt: skip
_PLAIN = re.compile(r"#?(?=[0-9_]*[A-Za-z])[A-Za-z0-9_]{1,100}")
"""ASCII hashtags, which are most, and need none of the rules for other scripts."""
_LONGEST = 10_000
"""Characters of a line; a longer one is no hashtag with its count."""
_MOST = 10**15
"""Posts; a larger count is an error."""
_BLOCK = 1 << 20
_REPORT_EVERY = 100_000


@dataclass(frozen=True)
class PostCounts:
    """A platform's post counts of some hashtags.

    Attributes:
        posts: by hashtag, for those that the file has.
        lines: of the file, its header included.
        problems: what was wrong with it.
    """

    posts: dict[str, int]
    lines: int
    problems: Problems

    def summary(self) -> dict[str, Any]:
        """What a bundle records about the file."""
        return {"lines": self.lines, "hashtags": len(self.posts), "notes": self.problems.lines()}


def read_post_counts(
    path: Path, hashtags: Collection[str], progress: Progress = silent
) -> PostCounts:
    """Reads the counts of some hashtags, however the file spells them.

    A header names the columns; a file of two columns may lack it. Lines that cannot be understood
    are left out and counted as problems. So is a hashtag on a second line; its largest count is
    taken.

    Args:
        hashtags: canonical; all others are ignored.

    Raises:
        DatasetError: where the file cannot be read, has no such columns or no usable line.
    """
    problems = Problems()
    if not path.is_file():
        what = "it is not a file" if path.exists() else "there is no such file"
        raise DatasetError(f"The post counts {path} cannot be read: {what}.")
    try:
        with path.open("rb") as data:
            encoding = encoding_of(_blocks(data))
        if encoding.doubt:
            problems.notes.append(f"{path.name} {encoding.doubt}")
        with path.open(encoding=encoding.name, errors="replace") as text:
            counts, usable, lines = _counts(text, path, hashtags, problems, progress)
    except NotTextError:
        raise not_text(path) from None
    except OSError as error:
        raise DatasetError(
            f"The post counts {path} cannot be read ({error.strerror}). Check the file."
        ) from None
    if not usable:
        raise DatasetError(problems.after(f"{path} has no usable lines."))
    if not counts:
        problems.notes.append(
            f"None of {counted(len(hashtags), 'hashtag')} is in {path.name}, so sizes come from "
            "the training posts."
        )
    return PostCounts(counts, lines, problems)


def _blocks(data: BinaryIO) -> Iterator[bytes]:
    """The file in blocks that end with a line, or in the middle of one that is very long."""
    while block := data.read(_BLOCK):
        yield block + data.readline(_BLOCK)


def _counts(
    text: TextIO, path: Path, hashtags: Collection[str], problems: Problems, progress: Progress
) -> tuple[dict[str, int], int, int]:
    """Posts by hashtag, how many lines were usable, and how many there were."""
    wanted = {key(tag): tag for tag in hashtags}
    lines = _lines(text, problems, progress)
    number, first = next(lines, (0, ""))
    if match := DELIMITER_LINE.fullmatch(first):
        delimiter = match.group(1)
        number, first = next(lines, (number, ""))
    else:
        delimiter = max(DELIMITERS, key=first.count)
    try:
        header = _cells(first, delimiter)
    except csv.Error as error:
        raise DatasetError(
            f"{path.name} is not a file of post counts: {error} in line {number}."
        ) from None
    tag_column, posts_column, named = _columns(header, path)
    counts: dict[str, int] = {}
    usable = 0
    width = len(header)

    def read(number: int, line: str) -> None:
        nonlocal usable
        where = f"line {number}"
        try:
            cells = _cells(line, delimiter)
        except csv.Error as error:
            problems.add(f"not CSV: {error}", where)
            return
        if len(cells) != width:
            if len(cells) <= max(tag_column, posts_column):
                problems.add("fewer cells than the first line", where)
                return
            if any(cell.strip() for cell in cells[width:]):
                problems.add("more cells than the first line", where)
                return
        typed = cells[tag_column].strip()
        try:
            folded = _key(typed)
        except HashtagError as error:
            problems.add(f"not a hashtag: {error.reason.replace('_', ' ')}", f"{where}: {typed}")
            return
        posts = _number(cells[posts_column])
        if posts is None or posts > _MOST:
            problems.add("not a number of posts", f"{where}: {cells[posts_column].strip()}")
            return
        if posts < 0:
            problems.add("a negative number of posts", f"{where}: {posts}")
            return
        usable += 1
        tag = wanted.get(folded)
        if tag is None:
            return
        if tag in counts:
            problems.add("hashtag listed again: its largest count is used", f"{where}: #{tag}")
        counts[tag] = max(posts, counts.get(tag, 0))

    if not named:
        read(number, first)
    for number, line in lines:
        read(number, line)
    return counts, usable, number


def _lines(text: TextIO, problems: Problems, progress: Progress) -> Iterator[tuple[int, str]]:
    """Lines that are not empty, with their numbers; overlong ones are counted as problems."""
    number = 0
    while line := text.readline(_LONGEST):
        number += 1
        if number % _REPORT_EVERY == 0:
            progress("post counts", number, 0)
        if len(line) == _LONGEST and not line.endswith("\n"):
            while (rest := text.readline(_LONGEST)) and not rest.endswith("\n"):
                pass
            problems.add(f"longer than {_LONGEST:,} characters", f"line {number}")
        elif not line.isspace():
            yield number, line


def _cells(line: str, delimiter: str) -> list[str]:
    if '"' in line:
        return row_of_line(line, delimiter)
    return line.rstrip("\r\n").split(delimiter)


def _columns(first: list[str], path: Path) -> tuple[int, int, bool]:
    """The columns of hashtags and counts, and whether the first line is a header."""
    titles = [title_of(cell) for cell in first]
    tags = next((titles.index(name) for name in _TAGS if name in titles), None)
    posts = next((titles.index(name) for name in _POSTS if name in titles), None)
    if tags is not None and posts is not None:
        return tags, posts, True
    if len(first) == 2 and _number(first[1]) is not None:
        return 0, 1, False
    shown = ", ".join(cell.strip() or "(empty)" for cell in first[:8])[:200]
    raise DatasetError(
        f"{path.name} is not a file of post counts: its first line must name the columns "
        "tag,posts. " + (f"It reads: {shown}." if any(map(str.strip, first)) else "It is empty.")
    )


def _key(typed: str) -> str:
    if _PLAIN.fullmatch(typed):
        return typed.removeprefix("#").lower()
    return key(normalise(typed))


def _number(cell: str) -> int | None:
    cell = cell.strip()
    if cell.isascii() and cell.isdigit() and len(cell) <= 18:
        return int(cell)
    return parse_number(cell)
