"""Which layout a source has."""

import os
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from training.datasets.format import POSTS, DatasetError
from training.datasets.importing import datafolder, harrison, instaloader, keywords, table
from training.datasets.importing.findings import Reader

KINDS: Mapping[str, Reader] = {
    "dataset": datafolder.read,
    "harrison": harrison.read,
    "instaloader": instaloader.read,
    "csv": table.read,
    "keywords": keywords.read,
}

_UNDERSTOOD = (
    f"A dataset folder ({POSTS}), HARRISON's lists ({harrison.PHOTOS} and {harrison.HASHTAGS}), an "
    "instaloader download folder, a CSV file with a header, and a folder of photos with IPTC or "
    "XMP keywords can be imported."
)
_LOOKED_AT = 20_000
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".xz", ".7z", ".rar")


def detect(source: Path) -> str:
    """The kind of a source, one of `KINDS`.

    Raises:
        DatasetError: where nothing is there or it looks like no layout that is understood.
    """
    if not source.exists():
        raise DatasetError(f"{source} is not there.")
    if not source.is_dir():
        return _of_file(source)
    if (source / POSTS).is_file():
        return "dataset"
    if (source / harrison.PHOTOS).is_file() and (source / harrison.HASHTAGS).is_file():
        return "harrison"
    if _table(source) is not None:
        return "csv"
    return _of_files(source)


def check(source: Path, kind: str) -> None:
    """Makes sure that a source can be of the kind that somebody says it is.

    Raises:
        DatasetError: where it cannot.
    """
    if not source.exists():
        raise DatasetError(f"{source} is not there.")
    if kind == "csv":
        if source.is_dir() and _table(source) is None:
            raise DatasetError(f"{source} holds no CSV file.")
    elif not source.is_dir():
        raise DatasetError(f"{source} is a file; of kind {kind} a folder can be imported.")
    elif kind == "harrison":
        for name in (harrison.PHOTOS, harrison.HASHTAGS):
            if not (source / name).is_file():
                raise DatasetError(f"{source} is not HARRISON's layout: it has no {name}.")


def _table(folder: Path) -> Path | None:
    """The table of a folder, None where there is none."""
    tables = sorted(p for p in folder.iterdir() if p.suffix.lower() in table.SUFFIXES)
    if len(tables) > 1:
        names = ", ".join(path.name for path in tables[:4])
        raise DatasetError(f"{folder} holds several tables ({names}). Name the one to import.")
    return tables[0] if tables else None


def _of_file(source: Path) -> str:
    suffix = source.suffix.lower()
    if source.name == POSTS:
        raise DatasetError(f"Name the folder that {source} is in: that is the dataset.")
    if suffix in _ARCHIVES:
        raise DatasetError(f"{source} is an archive. Unpack it and import the folder.")
    if suffix in (*table.SUFFIXES, ".txt"):
        return "csv"
    raise DatasetError(f"{source} is nothing that can be imported. {_UNDERSTOOD}")


def _of_files(source: Path) -> str:
    pictures: set[str] = set()
    captions: set[str] = set()
    for path in islice(_walk(source), _LOOKED_AT):
        if instaloader.SIGN.fullmatch(path.name):
            return "instaloader"
        stem = str(path.with_suffix(""))
        if path.name.lower().endswith(keywords.SUFFIXES):
            pictures.add(stem)
        elif path.suffix == ".txt":
            captions.add(stem)
    if pictures & captions:
        return "instaloader"
    if pictures:
        return "keywords"
    empty = next(_walk(source), None) is None
    raise DatasetError(f"{source} {'is empty' if empty else 'is not understood'}. {_UNDERSTOOD}")


def _walk(source: Path) -> Iterator[Path]:
    for folder, inside, names in os.walk(source):
        inside[:] = sorted(name for name in inside if not name.startswith("."))
        yield from (Path(folder) / name for name in names if not name.startswith("."))
