"""A table of posts: CSV with a header, whatever the columns are called and however it is coded."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from training.datasets.format import DatasetError, Post, canonical
from training.datasets.importing import cells, words
from training.datasets.importing.copies import join
from training.datasets.importing.encodings import decode_text
from training.datasets.importing.findings import Findings

SUFFIXES = (".csv", ".tsv")
_DELIMITERS = ",;\t|"
# Names of columns, the likeliest first; compared without case, spaces and underscores.
_NAMES = {
    "image": ("image", "imagepath", "imagefile", "photo", "photopath", "picture", "img", "filename",
              "file", "filepath", "path", "фото", "фотография", "изображение", "картинка", "файл"),
    "hashtags": ("hashtags", "hashtag", "tags", "tag", "labels", "label", "keywords", "хештеги",
                 "хэштеги", "теги", "тэги", "метки"),
    "caption": ("caption", "captiontext", "description", "text", "message", "подпись", "описание",
                "текст"),
    "likes": ("likes", "likecount", "likescount", "like", "numlikes", "favorites", "favourites",
              "лайки", "лайков"),
    "posted_at": ("postedat", "date", "datetime", "timestamp", "takenat", "createdat", "created",
                  "published", "publishedat", "time", "дата"),
    "split": ("split", "subset", "partition", "fold"),
    "search_hashtag": ("searchhashtag", "searchedhashtag", "query"),
}  # fmt: skip


@dataclass(frozen=True)
class _Columns:
    """Where in a row each thing stands; None: nowhere."""

    width: int
    image: int | None
    hashtags: int | None
    caption: int | None
    likes: int | None
    posted_at: int | None
    split: int | None
    search_hashtag: int | None


def read(source: Path, findings: Findings) -> Iterator[Post]:
    """Posts of a CSV file, or of the only one in a folder; photos lie beside it or below.

    Rows that name the same photo are one post.

    Raises:
        DatasetError: for a file without a header that names a column of hashtags or captions.
    """
    path = _file(source)
    root = path.parent.resolve()
    text = decode_text(path.read_bytes(), path.name, findings)
    rows = _rows(text, findings)
    columns = _columns(next(rows, (0, []))[1], path.name)
    if columns.image is None:
        findings.notes.append(
            f"{path.name} has no column of photos (such as image or filename), so only its "
            "hashtags are learnt."
        )
    posts: dict[str, Post] = {}
    for line, row in rows:
        where = f"line {line}"
        cut = _cut(row, columns, where, findings)
        if cut is None:
            continue
        post, photo = _post(cut, columns, root, where, findings, posts)
        if photo in posts:
            findings.repeated += 1
            post = join(posts[photo], post)
        posts[photo or where] = post
    yield from posts.values()


def _file(source: Path) -> Path:
    if source.is_file():
        return source
    return next(path for path in sorted(source.iterdir()) if path.suffix.lower() in SUFFIXES)


def _delimiter(text: str) -> str:
    """The one that cuts the header into most columns."""
    header = text.lstrip().partition("\n")[0]
    return max(_DELIMITERS, key=header.count)


def _columns(header: Sequence[str], name: str) -> _Columns:
    plain = [re.sub(r"[\W_]+", "", title).casefold() for title in header]
    where = {
        key: next((plain.index(title) for title in names if title in plain), None)
        for key, names in _NAMES.items()
    }
    if where["hashtags"] is None and where["caption"] is None:
        shown = ", ".join(title.strip() or "(empty)" for title in header[:8])[:200]
        raise DatasetError(
            f"{name} has no column of hashtags. Its first line must name the columns: hashtags or "
            "caption, and where known image, likes, posted_at, split. "
            + (f"It says: {shown}." if shown else "It is empty.")
        )
    return _Columns(len(header), **where)


def _rows(text: str, findings: Findings) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not empty, each with the line it begins in; what is no CSV is counted.

    A quote that is never closed would swallow all rows up to the next quote, or to the end. So
    where a row is no strict CSV its first line stands alone, and reading goes on with the next.
    """
    lines = list(StringIO(text, newline=""))
    delimiter = _delimiter(text)
    start = 0
    while start < len(lines):
        rest = map(lines.__getitem__, range(start, len(lines)))
        rows = csv.reader(rest, delimiter=delimiter, strict=True)
        read = 0
        try:
            for row in rows:
                if any(cell.strip() for cell in row):
                    yield start + read + 1, row
                read = rows.line_num
            return
        except csv.Error:
            start += read
        try:
            row = _alone(lines[start], delimiter)
        except csv.Error as error:
            findings.problems.add(f"not CSV: {error}", f"line {start + 1}")
        else:
            yield start + 1, row
        start += 1


def _alone(line: str, delimiter: str) -> list[str]:
    """The cells of one line, where a quote may stand anywhere but must be closed."""
    line = line.rstrip("\r\n")
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise csv.Error("a quote is not closed") from None
    return next(csv.reader([line], delimiter=delimiter))


def _cut(row: list[str], columns: _Columns, where: str, findings: Findings) -> list[str] | None:
    """The row with exactly as many cells as the header, None where it cannot be told."""
    width = columns.width
    if len(row) > width and columns.hashtags == width - 1:
        # Hashtags parted by the delimiter itself, without quotes, in the last column.
        return [*row[: width - 1], ",".join(row[width - 1 :])]
    while len(row) > width and not row[-1].strip():
        row = row[:-1]
    if len(row) > width:
        findings.problems.add("more cells than the header", where)
        return None
    needed = columns.hashtags if columns.hashtags is not None else columns.caption
    if needed is not None and len(row) <= needed:
        findings.problems.add("fewer cells than the header", where)
        return None
    return row + [""] * (width - len(row))


def _post(
    row: list[str],
    columns: _Columns,
    root: Path,
    where: str,
    findings: Findings,
    known: dict[str, Post],
) -> tuple[Post, str]:
    """The row's post, and the name of its photo ("" for none)."""

    def cell(column: int | None) -> str:
        return "" if column is None else row[column].strip()

    tags = words.in_cell(cell(columns.hashtags)) or words.in_caption(cell(columns.caption))
    photo = cell(columns.image)
    searched = canonical(words.in_cell(cell(columns.search_hashtag)), where, findings.problems)
    post = Post(
        hashtags=canonical(tags, where, findings.problems),
        # A photo named again is looked up once, so that it is counted once.
        image=findings.photo(root, photo, where) if photo and photo not in known else None,
        split=cells.split(cell(columns.split), where, findings),
        likes=cells.likes(cell(columns.likes), where, findings),
        posted_at=cells.moment(cell(columns.posted_at), where, findings),
        search_hashtag=searched[0] if searched else None,
    )
    return post, photo
