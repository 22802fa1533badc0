"""A table of posts: CSV with a header, in any encoding and with various names of columns."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path

from training.datasets.format import DatasetError, Post, Problems, canonical_hashtags, read_text
from training.datasets.importing.duplicates import join
from training.datasets.importing.import_summary import ImportSummary
from training.datasets.importing.photo_paths import find_photo, prefix_and_suffix
from training.datasets.importing.readers.text_values import (
    hashtags_in_caption,
    hashtags_in_cell,
    parse_date,
    parse_likes,
    parse_split,
)
from training.datasets.missing_values import MISSING

SUFFIXES = (".csv", ".tsv")
DELIMITERS = ",;\t|"
# Excel may say in a line of its own which delimiter follows.
DELIMITER_LINE = re.compile(rf'\s*"?sep=([{DELIMITERS}])"?\1*\s*', re.IGNORECASE)
# Names of columns, the likeliest first; compared without case, spaces and underscores.
_NAMES = {
    "image": ("image", "imagepath", "imagefile", "imagename", "photo", "photopath", "picture",
              "img", "imgpath", "imgname", "imagefilename", "filename", "file", "filepath", "path",
              "images", "photos", "pictures", "photoname", "imageid", "photoid", "imgid", "фото",
              "фотография", "изображение", "картинка", "файл"),
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


def read(source: Path, summary: ImportSummary) -> Iterator[Post]:
    """Posts of a CSV file, or of the only one in a folder.

    Photos lie beside it, or below in a folder that the rows may or may not name. Rows that name the
    same photo are one post.

    Raises:
        DatasetError: where there is no table or no header that names a column of hashtags or
            captions.
    """
    path = source if source.is_file() else find_table(source)
    if path is None:
        raise DatasetError(f"{source} has no CSV file.")
    root = path.parent.resolve()
    rows = _rows(read_text(path, summary.problems), summary.problems)
    _, header = next(rows, (0, []))
    columns = _columns(header, path.name)
    if "image" not in columns:
        summary.problems.notes.append(
            f"{path.name} has no column of photos (such as image or filename), so only its "
            "hashtags are used."
        )
    posts: dict[str, Post] = {}
    photos: dict[str, str] = {}
    for line, row in rows:
        where = f"line {line}"
        cells = _cells(row, len(header), columns, where, summary.problems)
        if cells is None:
            continue
        photo = cells["image"]
        post = _post(cells, where, summary)
        if photo in posts:
            summary.duplicates += 1
            post = join(posts[photo], post)
        elif photo:
            photos[photo] = where
        posts[photo or where] = post
    prefix, suffix = prefix_and_suffix(root, photos)
    for photo, post in posts.items():
        if photo in photos:
            image = find_photo(root, f"{prefix}{photo}{suffix}", photos[photo], summary)
            post = replace(post, image=image)
        yield post


def find_table(folder: Path) -> Path | None:
    """The table of a folder, None where there is none; hidden files are none.

    Raises:
        DatasetError: where there are several.
    """
    tables = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    )
    if len(tables) > 1:
        names = ", ".join(path.name for path in tables[:4])
        raise DatasetError(f"{folder} has several tables ({names}). Name the one to import.")
    return tables[0] if tables else None


def title_of(cell: str) -> str:
    """A column's name for comparison: without case, spaces and underscores."""
    return re.sub(r"[\W_]+", "", cell).casefold()


def _columns(header: Sequence[str], name: str) -> dict[str, int]:
    """The index of each field's column, for those that the header names."""
    titles = list(map(title_of, header))
    columns = {
        key: titles.index(title)
        for key, names in _NAMES.items()
        if (title := next((title for title in names if title in titles), None)) is not None
    }
    if "hashtags" not in columns and "caption" not in columns:
        shown = ", ".join(title.strip() or "(empty)" for title in header[:8])[:200]
        raise DatasetError(
            f"{name} has no column of hashtags. Its first line must name the columns: hashtags or "
            "caption, and optionally image, likes, posted_at, split. "
            + (f"It reads: {shown}." if shown else "It is empty.")
        )
    return columns


def _rows(text: str, problems: Problems) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not empty, each with the number of its first line; invalid CSV is counted.

    A quote that is never closed would swallow all rows up to the next quote, or to the end. So if a
    row is not strict CSV, its first line is read alone, and reading resumes with the next.
    """
    lines = list(StringIO(text, newline=""))
    start = next((number for number, line in enumerate(lines) if line.strip()), 0)
    header = lines[start] if lines else ""
    if match := DELIMITER_LINE.fullmatch(header):
        delimiter, start = match.group(1), start + 1
    else:  # the one that cuts the header into most columns
        delimiter = max(DELIMITERS, key=header.lstrip().count)
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
            row = row_of_line(lines[start], delimiter)
        except csv.Error as error:
            problems.add(f"not CSV: {error}", f"line {start + 1}")
        else:
            yield start + 1, row
        start += 1


def row_of_line(line: str, delimiter: str) -> list[str]:
    """The cells of one line, where a quote may stand anywhere but must be closed."""
    line = line.rstrip("\r\n")
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise csv.Error("a quote is not closed") from None
    return next(csv.reader([line], delimiter=delimiter))


def _cells(
    row: list[str], width: int, columns: Mapping[str, int], where: str, problems: Problems
) -> dict[str, str] | None:
    """The row's cells by field, "" where empty; None if the row has too many or too few."""
    if len(row) > width and columns.get("hashtags") == width - 1:
        # Hashtags parted by the delimiter itself, without quotes, in the last column.
        row = [*row[: width - 1], ",".join(row[width - 1 :])]
    while len(row) > width and not row[-1].strip():
        row = row[:-1]
    if len(row) > width:
        problems.add("more cells than the header", where)
        return None
    if len(row) <= columns.get("hashtags", columns.get("caption", 0)):
        problems.add("fewer cells than the header", where)
        return None
    cells = dict.fromkeys(_NAMES, "")
    for name, column in columns.items():
        if column < len(row) and (cell := row[column].strip()).casefold() not in MISSING:
            cells[name] = cell
    return cells


def _post(cells: Mapping[str, str], where: str, summary: ImportSummary) -> Post:
    """The post without its photo."""
    tags = hashtags_in_cell(cells["hashtags"], summary.hyphenated)
    tags = tags or hashtags_in_caption(cells["caption"])
    searched = hashtags_in_cell(cells["search_hashtag"], Counter())
    return Post(
        hashtags=canonical_hashtags(tags, where, summary.problems),
        split=parse_split(cells["split"], where, summary),
        likes=parse_likes(cells["likes"], where, summary),
        posted_at=parse_date(cells["posted_at"], where, summary),
        search_hashtag=next(iter(canonical_hashtags(searched, where, summary.problems)), None),
    )
