"""Photos found in the source and placed in the dataset."""

import errno
import os
from pathlib import Path

import pytest
from sources import Import, photo, table

from training.datasets.format import BEHIND_A_LINK, read_posts


def test_photos_are_linked_not_copied_where_the_disk_allows(
    run_import: Import, source: Path, tmp_path: Path
) -> None:
    run_import(source)
    image = read_posts(tmp_path / "to")[1].image
    assert image is not None and image.samefile(source / "cat.jpg")


def test_photos_are_copied_where_links_cannot_be_made(
    run_import: Import, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "another disk")

    monkeypatch.setattr(os, "link", refuse)
    run_import(source)
    image = read_posts(tmp_path / "to")[1].image
    assert image is not None and image.read_bytes() == (source / "cat.jpg").read_bytes()
    assert not image.samefile(source / "cat.jpg")


def test_missing_photos_are_counted_and_told_once(run_import: Import, source: Path) -> None:
    imported = run_import(source)
    assert (imported.summary.photos_found, imported.summary.photos_missing) == (3, 1)
    lines = [line for line in imported.summary.lines() if "gone.jpg" in line]
    assert lines == ["1 of 4 photos missing (such as gone.jpg); their hashtags are still used."]


def test_photos_and_links_that_leave_the_folder_are_refused(
    run_import: Import, source: Path, tmp_path: Path
) -> None:
    outside = photo(tmp_path / "outside.jpg", 9)
    (source / "link.jpg").symlink_to(outside)
    table(
        source / "posts.csv",
        "image,tags",
        "../outside.jpg,a",
        f"{outside},b",
        "link.jpg,c",
        "../nothing.jpg,d",
        "https://example.org/a.jpg,e",
    )
    imported = run_import(source)
    assert imported.hashtags == [["a"], ["b"], ["c"], ["d"], ["e"]]
    assert imported.summary.photos == 0
    assert imported.summary.problems.counts == {
        "photo is not in the source's folder": 3,
        f"photo {BEHIND_A_LINK}": 1,
        "photo is a web address, not a file": 1,
    }


def test_a_link_inside_the_folder_is_followed(run_import: Import, source: Path) -> None:
    (source / "link.jpg").symlink_to(source / "cat.jpg")
    table(source / "posts.csv", "image,tags", "link.jpg,cat")
    assert run_import(source).summary.photos == 1


def test_windows_paths_are_found(run_import: Import, tmp_path: Path) -> None:
    photo(tmp_path / "s" / "photos" / "a.jpg", 1)
    source = table(tmp_path / "s" / "posts.csv", "image,tags", "photos\\a.jpg,dog")
    assert run_import(source).summary.photos == 1
