"""HARRISON's layout: a list of photos and, line by line, the hashtags of each.

Park, Li and Kim, "HARRISON: A Benchmark on HAshtag Recommendation for Real-world Images in Social
Networks" (2016). The lists are public without the photos.
"""

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path, PurePosixPath

from training.datasets.format import DatasetError, Post, canonical_hashtags, read_text
from training.datasets.importing.import_summary import ImportSummary
from training.datasets.importing.photo_paths import find_photo
from training.datasets.importing.readers.text_values import hashtag_or_none

PHOTOS = "data_list.txt"
HASHTAGS = "tag_list.txt"


def read(source: Path, summary: ImportSummary) -> Iterator[Post]:
    """Posts of a folder with ``data_list.txt`` and ``tag_list.txt``.

    The folder that a photo lies in is the hashtag that was searched for.

    Raises:
        DatasetError: where one of the lists is not there.
    """
    for name in (PHOTOS, HASHTAGS):
        if not (source / name).is_file():
            raise DatasetError(f"{source} does not have HARRISON's layout: it has no {name}.")
    root = source.resolve()
    photos = _lines(source / PHOTOS, summary)
    tags = _lines(source / HASHTAGS, summary)
    for number, (photo, line) in enumerate(zip_longest(photos, tags), 1):
        where = f"line {number}"
        if photo is None or line is None:
            short = PHOTOS if photo is None else HASHTAGS
            summary.problems.add(f"no matching line in {short}", where)
            continue
        if not photo.strip():
            if line.strip():
                summary.problems.add("no photo named", where)
            continue
        yield Post(
            hashtags=canonical_hashtags(line.split(), where, summary.problems),
            image=find_photo(root, photo.strip(), where, summary),
            search_hashtag=hashtag_or_none(PurePosixPath(photo.strip()).parent.name),
        )


def _lines(path: Path, summary: ImportSummary) -> list[str]:
    # Not splitlines(): it would also break at the separators that a hashtag line may hold.
    lines = read_text(path, summary.problems).replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines
