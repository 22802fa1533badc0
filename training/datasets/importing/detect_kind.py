"""Detects the layout of a source."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from recommenders.photos import SUFFIXES
from training.datasets.format import POSTS, DatasetError, Post
from training.datasets.importing.import_summary import ImportSummary
from training.datasets.importing.photo_paths import files_below
from training.datasets.importing.readers import (
    csv_table,
    dataset_folder,
    harrison,
    instagram_export,
    instaloader,
    keywords,
)

KINDS: Mapping[str, Callable[[Path, ImportSummary], Iterator[Post]]] = {
    "dataset": dataset_folder.read,
    "harrison": harrison.read,
    "instagram": instagram_export.read,
    "instaloader": instaloader.read,
    "csv": csv_table.read,
    "keywords": keywords.read,
}
"""The reader of each layout."""

_UNDERSTOOD = (
    f"A dataset folder ({POSTS}), HARRISON's lists ({harrison.PHOTOS} and {harrison.HASHTAGS}), "
    "Instagram's own export (JSON), an instaloader download folder, a CSV file with a header, and "
    "a folder of photos with IPTC or XMP keywords can be imported."
)
_MAX_FILES = 20_000
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".xz", ".7z", ".rar")


def detect_kind(source: Path) -> str:
    """The kind of a source, one of ``KINDS``.

    Raises:
        DatasetError: where it looks like no layout that is understood.
    """
    if not source.is_dir():
        return _kind_of_file(source)
    if (source / POSTS).is_file():
        return "dataset"
    if (source / harrison.PHOTOS).is_file() and (source / harrison.HASHTAGS).is_file():
        return "harrison"
    if csv_table.find_table(source) is not None:
        return "csv"
    if instagram_export.is_export(source):
        return "instagram"
    return _kind_of_files(source)


def _kind_of_file(source: Path) -> str:
    suffix = source.suffix.lower()
    if source.name == POSTS:
        raise DatasetError(f"Name the folder that contains {source}: that is the dataset.")
    if suffix in _ARCHIVES:
        raise DatasetError(f"{source} is an archive. Unpack it and import the folder.")
    if suffix in (*csv_table.SUFFIXES, ".txt"):
        return "csv"
    if suffix == ".json" and instagram_export.POSTS.fullmatch(source.stem):
        raise DatasetError(f"Name the folder into which the export with {source} was unpacked.")
    raise DatasetError(f"{source} cannot be imported. {_UNDERSTOOD}")


def _kind_of_files(source: Path) -> str:
    pictures: set[str] = set()
    captions: set[str] = set()
    for path in islice(files_below(source), _MAX_FILES):
        if instaloader.SIGN.fullmatch(path.name):
            return "instaloader"
        stem = str(path.with_suffix(""))
        suffix = path.suffix.lower()
        if suffix in SUFFIXES:
            pictures.add(stem)
        elif suffix == ".txt":
            captions.add(stem)
    if pictures & captions:
        return "instaloader"
    if pictures:
        return "keywords"
    empty = next(files_below(source), None) is None
    links = [path for path in sorted(source.iterdir()) if path.is_symlink() and path.is_dir()]
    if empty and links:
        raise DatasetError(
            f"{source} has only symbolic links to folders ({links[0].name} → "
            f"{links[0].readlink()}), which are not followed. Import the folder itself."
        )
    raise DatasetError(f"{source} {'is empty' if empty else 'has no known layout'}. {_UNDERSTOOD}")
