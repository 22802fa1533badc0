"""What a reader tells beside the posts it reads: broken rows, photos that are not there, notes."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from training.datasets.format import Post, Problems

_EXAMPLES = 3

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, done, total)."""


@dataclass
class Findings:
    """Filled by a reader while it runs.

    Attributes:
        problems: broken rows and photos by reason.
        photos_found: photos that rows name and that are there.
        photos_missing: photos that rows name and that are not there; their hashtags still serve.
        missing_examples: the first of them.
        likes_hidden: posts whose likes are hidden (-1).
        repeated: rows that name a photo which an earlier row named.
        skipped: what was left out on purpose, by kind (videos, stories, …).
        notes: sentences for people.
    """

    problems: Problems = field(default_factory=Problems)
    photos_found: int = 0
    photos_missing: int = 0
    missing_examples: list[str] = field(default_factory=list)
    likes_hidden: int = 0
    repeated: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def photo(self, root: Path, name: str, where: str) -> Path | None:
        """The photo that a row names, None where it is not there or not inside ``root``.

        ``root`` is a resolved folder. A link that leads out of it counts as outside: an imported
        dataset must not take files that its folder does not hold.
        """
        if "://" in name:
            self.problems.add("photo is an address, not a file", f"{where}: {name}")
            return None
        if "\0" in name:
            self.problems.add("photo has an impossible name", f"{where}: {name!r}")
            return None
        path = root / name
        try:
            # Most of a large list may be missing: that is found out before the costly resolving.
            there = path.exists()
            if not there and "\\" in name:  # a list written on Windows
                path = root / name.replace("\\", "/")
                there = path.exists()
            if ".." in path.parts or there or Path(name).is_absolute():
                real = path.resolve()
                if not real.is_relative_to(root):
                    self.problems.add("photo is not in the source's folder", f"{where}: {name}")
                    return None
                there, path = real.is_file(), real
        except (OSError, RuntimeError):  # a name that is too long, a circle of links
            there = False
        if not there:
            self.missing(name)
            return None
        self.photos_found += 1
        return path

    def missing(self, name: str) -> None:
        """Counts a photo that is not there."""
        self.photos_missing += 1
        if len(self.missing_examples) < _EXAMPLES:
            self.missing_examples.append(name[:120])


Reader = Callable[[Path, Findings], Iterator[Post]]
"""Reads a layout: posts whose ``image`` is the photo's path in the source."""
