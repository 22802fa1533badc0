"""Finds photos in the source and places them in the dataset."""

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from itertools import islice, product
from pathlib import Path

from recommenders.whole_files import written_whole
from training.datasets.format import BEHIND_A_LINK, leading_out
from training.datasets.importing.import_summary import ImportSummary

FOLDER = "images"
_SUFFIX = re.compile(r"\.[a-z0-9]{1,5}")
_SUFFIXES_LEFT_OUT = ("", ".jpg", ".jpeg", ".png", ".webp")
_TRIED = 50
_MAX_FOLDERS = 1000


def files_below(root: Path, summary: ImportSummary | None = None) -> Iterator[Path]:
    """The files of a folder and its subfolders, in order, without hidden ones.

    Args:
        summary: counts the links to folders, which are not followed.
    """
    for folder, inside, names in os.walk(root):
        inside[:] = sorted(name for name in inside if not name.startswith("."))
        if summary is not None:
            count_linked_folders(root, Path(folder), inside, summary)
        yield from (Path(folder) / name for name in sorted(names) if not name.startswith("."))


def count_linked_folders(
    root: Path, folder: Path, inside: Iterable[str], summary: ImportSummary
) -> None:
    """Counts the links to folders inside one below ``root``, which a walk does not follow."""
    for path in (folder / name for name in inside):
        if path.is_symlink():
            link = f"{path.relative_to(root)} → {path.readlink()}"
            summary.problems.add("folder behind a symbolic link (not followed)", link)


def prefix_and_suffix(root: Path, names: Iterable[str]) -> tuple[str, str]:
    """What must be put around a table's photo names to make paths, mostly nothing.

    A table may have ``12345`` or ``12345.jpg`` for ``images/12345.jpg``. Of the folder and two
    levels of subfolders, the one that has most of the first names is taken.

    Returns:
        A folder inside ``root`` with a slash at its end, and a suffix; "" for none.
    """
    first = [name for name in islice(names, _TRIED) if "://" not in name and "\0" not in name]
    inside = (path for pattern in ("*/", "*/*/") for path in sorted(root.glob(pattern)))
    folders = (path for path in inside if not path.name.startswith("."))
    places = ["", *(f"{path.relative_to(root)}/" for path in islice(folders, _MAX_FOLDERS))]
    best, most = ("", ""), 0
    for place, suffix in product(places, _SUFFIXES_LEFT_OUT):
        # Path.is_file would raise for a name that is too long.
        there = sum(os.path.isfile(root / f"{place}{name}{suffix}") for name in first)  # noqa: PTH113
        if there > most:
            best, most = (place, suffix), there
        if most == len(first):
            break
    return best


def find_photo(root: Path, name: str, where: str, summary: ImportSummary) -> Path | None:
    """The photo that a row names, None where it is not there or not inside ``root``.

    ``root`` is a resolved folder. A link that leads out of it counts as outside: an imported
    dataset must not take files that its folder does not hold.
    """
    if "://" in name:
        summary.problems.add("photo is a web address, not a file", f"{where}: {name}")
        return None
    if "\0" in name:
        summary.problems.add("photo has an impossible name", f"{where}: {name!r}")
        return None
    path = root / name
    try:
        # Most of a large list may be missing: check that before the costly resolving.
        there = path.exists()
        if not there and "\\" in name:  # a list written on Windows
            path = root / name.replace("\\", "/")
            there = path.exists()
        if ".." in path.parts or there or Path(name).is_absolute():
            named, path = path, path.resolve()
            if not path.is_relative_to(root):
                if link := leading_out(root, named):
                    summary.problems.add(f"photo {BEHIND_A_LINK}", f"{where}: {link}")
                else:
                    summary.problems.add("photo is not in the source's folder", f"{where}: {name}")
                return None
            there = path.is_file()
    except (OSError, RuntimeError, ValueError):  # too long, a loop of links, half a character
        there = False
    if not there:
        summary.add_missing_photo(name)
        return None
    summary.photos_found += 1
    return path


def place_photo(photo: Path, digest: bytes, to: Path) -> Path:
    """Links the photo into ``to/images``, or copies it where a hard link cannot be made.

    The name comes from the digest, so a photo that an earlier run placed is there already, and
    what a source calls its files cannot lead out of the folder. A copy appears whole or not at all.

    Raises:
        OSError: FileNotFoundError where the photo is gone meanwhile; a full disk and the like.
    """
    suffix = photo.suffix.lower()
    name = digest.hex()[:24] + (suffix if _SUFFIX.fullmatch(suffix) else "")
    target = to / FOLDER / name
    if target.exists():
        return target
    try:
        os.link(photo, target)
    except FileExistsError:
        pass
    except FileNotFoundError:
        raise
    except OSError:  # another disk, or a file system without hard links
        with written_whole(target) as partial:
            shutil.copyfile(photo, partial)
    return target
