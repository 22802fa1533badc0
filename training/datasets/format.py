"""The dataset format: a folder with ``posts.jsonl``, one object per line.

``hashtags`` (list) and, where known, ``image`` (path inside the folder), ``split``, ``likes``,
``posted_at``, ``search_hashtag`` and ``album``. ``training.datasets.importing`` turns other
layouts into this one.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from recommenders.hashtags import HashtagError, is_marked, key, normalise, unique, usual_spellings
from recommenders.whole_files import written_whole
from training.datasets.encodings import NotTextError, decode_text
from training.datasets.missing_values import UNKNOWN
from training.datasets.numbers_in_text import parse_number

POSTS = "posts.jsonl"
VALIDATION = "validation"
SPLITS = {
    "train": "train",
    "training": "train",
    "val": VALIDATION,
    "valid": VALIDATION,
    "validation": VALIDATION,
    "dev": VALIDATION,
    "test": "test",
    "testing": "test",
}
"""Our names of splits, by other usual names."""
MAX_EXAMPLES = 3
"""Examples shown of each problem."""
MOST_LIKES = 10**12
"""A hundred for everybody on earth; a larger number is an error."""
LARGEST_ALBUM = 20
"""Pictures of one post, Instagram's limit. More that name one album are no post, and may be nearly
all of a dataset: each of them is its own."""

Location = Path | str
"""A folder; with Spark also a URL, such as ``hdfs://namenode/posts``."""


class DatasetError(Exception):
    """A dataset that cannot be used; the message says what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Post:
    """A post: its hashtags, canonical and without repeats, and what is known beside them.

    ``likes`` is None where unknown or hidden. Posts that share an ``album`` are the pictures of one
    post: same hashtags, same likes.
    """

    hashtags: tuple[str, ...]
    image: Path | None = None
    split: str | None = None
    likes: int | None = None
    posted_at: str | None = None
    search_hashtag: str | None = None
    album: str | None = None


@dataclass
class Problems:
    """What was wrong with rows, counted by reason, with the first examples of each.

    Attributes:
        notes: sentences for people about a file as a whole.
    """

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, reason: str, example: str) -> None:
        self.counts[reason] += 1
        examples = self.examples.setdefault(reason, [])
        if len(examples) < MAX_EXAMPLES and example[:120] not in examples:
            examples.append(example[:120])

    def lines(self) -> list[str]:
        """The notes, then a line for each reason, the most frequent first."""
        return self.notes + [
            f"{count:,} × {reason} (such as {'; '.join(self.examples[reason])})"
            for reason, count in self.counts.most_common()
        ]

    def after(self, sentence: str) -> str:
        """The sentence, then the lines as sentences."""
        return " ".join([sentence, *(f"{line.removesuffix('.')}." for line in self.lines())])


ImageOf = Callable[[object, str, Problems], Path | None]
"""The photo that a post names; called with that value, where it stands, and the problems."""


def not_text(path: Path) -> DatasetError:
    """The error for a file that is not text."""
    return DatasetError(
        f"{path.name} is not a text file. If it comes from a spreadsheet, save it as CSV (UTF-8)."
    )


def read_text(path: Path, problems: Problems) -> str:
    """The text of a file in any encoding; notes it as a problem if it had to be guessed.

    Raises:
        DatasetError: for a file that is no text.
        OSError: where it cannot be read.
    """
    try:
        text, doubt = decode_text(path.read_bytes())
    except NotTextError:
        raise not_text(path) from None
    if doubt:
        problems.notes.append(f"{path.name} {doubt}")
    return text


def read_posts(
    folder: Path, problems: Problems | None = None, hyphenated: Counter[str] | None = None
) -> list[Post]:
    """The posts of a dataset folder, in file order; broken rows are left out and counted.

    All spellings of a hashtag become the one that most posts have.

    Args:
        hyphenated: counts words such as close-up, which become closeup; where None, they are left
            out as no hashtags.

    Raises:
        DatasetError: where there is no ``posts.jsonl`` or no post in it.
    """
    path = folder / POSTS
    if not path.is_file():
        raise DatasetError(
            f"{folder} is not a dataset: it has no {POSTS}. `tag4pic train import` makes one from "
            "other layouts."
        )
    problems = Problems() if problems is None else problems
    lines = read_text(path, problems).split("\n")
    return posts_of_lines(
        lines, str(path), partial(image_in, folder), problems=problems, hyphenated=hyphenated
    )


def posts_of_lines(
    lines: Iterable[str],
    source: str,
    image_of: ImageOf,
    *,
    problems: Problems,
    hyphenated: Counter[str] | None = None,
) -> list[Post]:
    """The posts of the lines of ``posts.jsonl``; see ``read_posts``.

    Args:
        source: its name, for messages.
        image_of: finds the photo that a post names.
    """
    posts = list(_posts(lines, image_of, problems, hyphenated))
    if not posts:
        raise DatasetError(problems.after(f"{source} has no usable post."))
    return spelt_alike(without_large_albums(posts))


def check_hashtags(posts: Iterable[Post], problems: Problems) -> None:
    """Raises DatasetError where no post has a hashtag."""
    if not any(post.hashtags for post in posts):
        raise DatasetError(problems.after("No post has a hashtag."))


def spelt_alike(posts: list[Post], known: Iterable[str] = ()) -> list[Post]:
    """The posts, all spellings of a hashtag as the one of ``known`` or else the most frequent."""
    spellings = Counter(tag for post in posts for tag in post.hashtags)
    usual = usual_spellings(spellings, known)
    shown = {tag: usual[key(tag)] for tag in spellings if usual[key(tag)] != tag}
    if not shown:
        return posts
    return [
        replace(post, hashtags=tuple(shown.get(tag, tag) for tag in post.hashtags))
        for post in posts
    ]


def without_large_albums(posts: list[Post]) -> list[Post]:
    """The posts; those of an album of more than ``LARGEST_ALBUM`` pictures have none."""
    sizes = Counter(post.album for post in posts if post.album)
    large = {album for album, size in sizes.items() if size > LARGEST_ALBUM}
    return [replace(post, album=None) if post.album in large else post for post in posts]


def _posts(
    lines: Iterable[str], image_of: ImageOf, problems: Problems, hyphenated: Counter[str] | None
) -> Iterator[Post]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            problems.add("not JSON", f"line {number}")
            continue
        if not isinstance(row, dict) or not isinstance(row.get("hashtags"), list):
            problems.add("no list of hashtags", f"line {number}")
            continue
        yield _post(row, image_of, number, problems, hyphenated)


def _post(
    row: dict[str, Any],
    image_of: ImageOf,
    number: int,
    problems: Problems,
    hyphenated: Counter[str] | None,
) -> Post:
    where = f"line {number}"
    split = _text(row.get("split"))
    tags = _texts(row["hashtags"], where, problems)
    if hyphenated is not None:
        tags = (without_hyphens(tag, hyphenated) for tag in tags)
    searched = filter(None, [_text(row.get("search_hashtag"))])
    return Post(
        hashtags=canonical_hashtags(tags, where, problems),
        image=image_of(row.get("image"), where, problems),
        split=split and SPLITS.get(split.strip().casefold(), split),
        likes=_likes(row.get("likes"), where, problems),
        posted_at=_text(row.get("posted_at")),
        search_hashtag=next(iter(canonical_hashtags(searched, where, problems)), None),
        album=_text(row.get("album")),
    )


def image_in(folder: Path, value: object, where: str, problems: Problems) -> Path | None:
    """The photo that a post names, inside its dataset's folder; None where there is none."""
    if not value:
        return None
    image = folder / str(value)
    try:
        inside = image.resolve().is_relative_to(folder.resolve())
        link = None if inside else leading_out(folder, image)
    except (OSError, ValueError, RuntimeError):  # an impossible name, a loop of links
        problems.add("image has an impossible name", where)
        return None
    if inside and _is_pipe(image):
        problems.add("image is not a file", where)
        return None
    if inside:
        return image
    problems.add(f"image {BEHIND_A_LINK if link else 'outside the folder'}", link or where)
    return None


def _is_pipe(path: Path) -> bool:
    """Whether reading the path might never end."""
    try:
        return path.is_fifo()
    except OSError:  # reading it says why
        return False


BEHIND_A_LINK = (
    "behind a symbolic link that leads out of the folder; such links are not followed: put the "
    "photos themselves there"
)


def leading_out(folder: Path, path: Path) -> str | None:
    """The symbolic link by which a path below a folder leaves it, images → /srv/photos.

    Returns:
        None where it leaves the folder without one.
    """
    parts = path.relative_to(folder).parts if path.is_relative_to(folder) else ()
    for end in range(1, len(parts) + 1):
        step = folder.joinpath(*parts[:end])
        if step.is_symlink() and not step.resolve().is_relative_to(folder.resolve()):
            return f"{Path(*parts[:end])} → {step.readlink()}"
    return None


def _likes(value: object, where: str, problems: Problems) -> int | None:
    """Tables written by pandas have 12.0 for 12, and NaN for nothing; others "12" or "1,234"."""
    if isinstance(value, str):
        if value.strip().casefold() in UNKNOWN:
            return None
        number = parse_number(value.strip(), rounded=False)
        value = value if number is None else number
    if value is None or value != value:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value % 1:
        problems.add("likes are not a whole number", f"{where}: {value}")
        return None
    if value > MOST_LIKES:
        problems.add("impossibly many likes", where)
        return None
    return int(value) if value >= 0 else None


def _texts(tags: list[object], where: str, problems: Problems) -> Iterator[str]:
    for tag in tags:
        if isinstance(tag, str):
            yield tag
        else:
            problems.add("not a hashtag: not text", f"{where}: {tag}")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def canonical_hashtags(tags: Iterable[str], where: str, problems: Problems) -> tuple[str, ...]:
    """Canonical hashtags in order without repeats; what is no hashtag is counted."""
    hashtags: list[str] = []
    for tag in tags:
        try:
            hashtags.append(_normalise(tag))
        except HashtagError as error:
            problems.add(f"not a hashtag: {error.reason.replace('_', ' ')}", f"{where}: {tag}")
    return tuple(unique(hashtags).values())


_HYPHEN = re.compile(r"(?<=\w)[-\u2010\u2011](?=\w)")


def without_hyphens(word: str, hyphenated: Counter[str]) -> str:
    """A keyword without its hyphens, as hashtags are written: close-up becomes closeup.

    Args:
        hyphenated: counts those that had hyphens, as they were written.
    """
    joined = _HYPHEN.sub("", word)
    if joined == word or is_marked(word) or not any(map(str.isalpha, word)):
        return word
    hyphenated[word.strip().lower()] += 1
    return joined


# Posts have the same few thousand hashtags over and over.
_normalise = lru_cache(maxsize=1 << 16)(normalise)


def write_json(path: Path, content: object) -> None:
    """Writes a small file of JSON, whole or not at all."""
    with written_whole(path) as partial:
        partial.write_text(json.dumps(content) + "\n", encoding="utf-8")


def write_posts(folder: Path, posts: Iterable[Post]) -> None:
    """Writes ``posts.jsonl``, whole or not at all."""
    # The name of an album's folder may not be UTF-8; JSON reads its bytes back from their escapes.
    with (
        written_whole(folder / POSTS) as partial,
        partial.open("w", encoding="utf-8", errors="backslashreplace") as file,
    ):
        for post in posts:
            row: dict[str, Any] = {}
            if post.image is not None:
                row["image"] = str(post.image.relative_to(folder))
            row["hashtags"] = list(post.hashtags)
            for name in ("split", "likes", "posted_at", "search_hashtag", "album"):
                if (value := getattr(post, name)) is not None:
                    row[name] = value
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
