"""HARRISON's layout: a list of photos and, line by line, the hashtags of each.

Park, Li and Kim, "HARRISON: A Benchmark on HAshtag Recommendation for Real-world Images in Social
Networks" (2016). The lists are public without the photos.
"""

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path, PurePosixPath

from recommenders.hashtags import HashtagError, normalise
from training.datasets.format import Post, canonical
from training.datasets.importing.encodings import decode_text
from training.datasets.importing.findings import Findings

PHOTOS = "data_list.txt"
HASHTAGS = "tag_list.txt"


def read(source: Path, findings: Findings) -> Iterator[Post]:
    """Posts of a folder with ``data_list.txt`` and ``tag_list.txt``.

    The folder that a photo lies in is the hashtag that was searched for.
    """
    root = source.resolve()
    photos = _lines(source / PHOTOS, findings)
    tags = _lines(source / HASHTAGS, findings)
    for number, (photo, line) in enumerate(zip_longest(photos, tags), 1):
        where = f"line {number}"
        if photo is None or line is None:
            short = PHOTOS if photo is None else HASHTAGS
            findings.problems.add(f"no line beside it in {short}", where)
            continue
        if not photo.strip():
            if line.strip():
                findings.problems.add("no photo named", where)
            continue
        yield Post(
            hashtags=canonical(line.split(), where, findings.problems),
            image=findings.photo(root, photo.strip(), where),
            search_hashtag=_searched(photo.strip()),
        )


def _lines(path: Path, findings: Findings) -> list[str]:
    # Not splitlines(): it would also break at the separators that a hashtag line may hold.
    lines = decode_text(path.read_bytes(), path.name, findings).replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _searched(photo: str) -> str | None:
    try:
        return normalise(PurePosixPath(photo).parent.name)
    except HashtagError:
        return None
