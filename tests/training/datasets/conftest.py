"""Imports into ``tmp_path / "to"``."""

from pathlib import Path
from typing import Any

import pytest
from sources import Import, Imported, photo, rows, table

from training.datasets.importing import import_posts


@pytest.fixture
def run_import(tmp_path: Path) -> Import:
    """Imports a source."""

    def run(source: Path, **options: Any) -> Imported:
        summary = import_posts(source, tmp_path / "to", **options)
        return Imported(summary, rows(tmp_path / "to"))

    return run


@pytest.fixture
def import_csv(tmp_path: Path, run_import: Import) -> Import:
    """Imports a table of these lines."""

    def run(*lines: str, encoding: str = "utf-8") -> Imported:
        return run_import(table(tmp_path / "posts.csv", *lines, encoding=encoding))

    return run


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Four posts, of which the third has the first one's photo and the fourth has none."""
    folder = tmp_path / "source"
    photo(folder / "dog.jpg", 1)
    photo(folder / "cat.jpg", 2)
    (folder / "again.jpg").write_bytes((folder / "dog.jpg").read_bytes())
    table(
        folder / "posts.csv",
        "image,hashtags,likes",
        "dog.jpg,#dog #puppy,10",
        "cat.jpg,#cat #pet,5",
        "again.jpg,#dog #pet,20",
        "gone.jpg,#bird,1",
    )
    return folder
