"""Sizes of hashtags: from a file of post counts where there is one, else from the corpus.

The file is CSV with the header ``tag,posts``: how many posts a platform has under each hashtag.
Between 100,000 and 10,000,000 a post is found and not drowned.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recommenders.hashtags import HashtagError, normalise
from training.datasets.format import DatasetError, Problems, read_text

NICHE, MIDDLE, BROAD = range(3)
MIDDLE_POSTS = (100_000, 10_000_000)
"""From and up to how many posts a hashtag is of the middle size."""

_GROUPING = re.compile(r"[\s,_']")


def read_post_counts(path: Path, problems: Problems | None = None) -> dict[str, int]:
    """Posts by canonical hashtag; broken rows are left out and counted.

    Raises:
        DatasetError: where the file cannot be read, has no such columns or no usable row.
    """
    problems = Problems() if problems is None else problems
    try:
        counts = _counts(path, problems)
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror}.") from None
    except csv.Error as error:
        raise DatasetError(f"{path} cannot be read as CSV: {error}.") from None
    if not counts:
        raise DatasetError(f"{path} has no usable row. " + " ".join(problems.lines()))
    return counts


def _counts(path: Path, problems: Problems) -> dict[str, int]:
    lines = read_text(path, problems).splitlines()
    header = lines[0] if lines else ""
    delimiter = next((mark for mark in ";\t" if mark in header), ",")
    rows = csv.DictReader(lines, delimiter=delimiter, skipinitialspace=True)
    columns = {(name or "").strip().casefold(): name for name in rows.fieldnames or ()}
    if not {"tag", "posts"} <= set(columns):
        raise DatasetError(
            f"{path} is no file of post counts: its first line must name the columns tag,posts. "
            "Save it as UTF-8 if that line is there."
        )
    counts: dict[str, int] = {}
    for row in rows:
        where = f"line {rows.line_num}"
        try:
            tag = normalise(row[columns["tag"]] or "")
            posts = int(_GROUPING.sub("", row[columns["posts"]] or ""))
        except HashtagError as error:
            problems.add(f"not a hashtag: {error.reason.replace('_', ' ')}", where)
            continue
        except ValueError:
            problems.add("no number of posts", f"{where}: {row[columns['posts']]}")
            continue
        if posts < 0:
            problems.add("fewer than no posts", f"{where}: {posts}")
            continue
        counts[tag] = max(posts, counts.get(tag, 0))
    return counts


def size_of(uses: NDArray[np.integer]) -> NDArray[np.int8]:
    """Sizes by rank in the corpus, (V,) int8: 0 niche, 1 middle, 2 broad.

    A few hashtags make up most of what is posted: the most used ones that make up the first third
    of all uses are broad, those of the second third middle, all others niche. Hashtags used equally
    often are of one size.

    Args:
        uses: (V,) how often each hashtag is used.
    """
    values, place = np.unique(uses, return_inverse=True)
    of_value = values * np.bincount(place, minlength=len(values))
    more_used = of_value[::-1].cumsum()[::-1] - of_value
    total = of_value.sum()
    sizes = np.where(3 * more_used < total, BROAD, np.where(3 * more_used < 2 * total, 1, 0))
    return sizes[place].astype(np.int8)


def size_by_posts(posts: NDArray[np.integer]) -> NDArray[np.int8]:
    """Sizes by a platform's counts of posts, (V,) int8: 0 niche, 1 middle, 2 broad."""
    low, high = MIDDLE_POSTS
    return ((posts >= low).astype(np.int8) + (posts > high)).astype(np.int8)


def sizes(
    hashtags: Sequence[str], uses: NDArray[np.integer], posts: Mapping[str, int] | None = None
) -> NDArray[np.int8]:
    """Sizes of a vocabulary, (V,) int8, by posts where they are known and else by rank.

    Args:
        uses: (V,) uses in the corpus.
        posts: a platform's count by hashtag, as ``read_post_counts`` gives it.
    """
    by_rank = size_of(uses)
    if not posts:
        return by_rank
    known = np.array([posts.get(tag, -1) for tag in hashtags], np.int64)
    return np.where(known >= 0, size_by_posts(known), by_rank).astype(np.int8)
