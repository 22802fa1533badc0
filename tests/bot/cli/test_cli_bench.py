"""``tag4pic bench``: figures of this machine and of the duplicate thresholds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

Tag4pic = Callable[..., Any]
Photo = Callable[..., str]


def test_latency_is_told_step_by_step(tag4pic: Tag4pic) -> None:
    result = tag4pic("bench", "latency", "--rounds", "3")
    assert result.exit_code == 0, result.stderr
    figures = {
        line.split()[0]: [float(figure) for figure in line.split()[1:]]
        for line in result.stdout.splitlines()
        if line.split()[:1] and line.split()[0] in ("decode", "features", "recommend", "all")
    }
    assert set(figures) == {"decode", "features", "recommend", "all"}
    assert all(0 <= median <= p95 for median, p95 in figures.values())
    assert figures["all"][0] >= max(figures["decode"][0], figures["features"][0])
    assert "als of tiny-1 over efficientnet_lite0" in result.stdout


def test_latency_names_a_photo_that_cannot_be_read(
    tag4pic: Tag4pic, photo: Photo, folder: Path
) -> None:
    (folder / "empty.jpg").touch()
    result = tag4pic("bench", "latency", photo("a.jpg"), "empty.jpg")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "Error: empty.jpg: the file is empty"


def test_duplicates_counts_copies_of_every_photo_below_a_folder(
    tag4pic: Tag4pic, photo: Photo
) -> None:
    for name in ("album/a.jpg", "album/b.jpg", "album/more/c.jpg"):
        photo(name, (480, 360))
    result = tag4pic("bench", "duplicates", "album")
    assert result.exit_code == 0, result.stderr
    rows = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "photos, each with one copy 3" in rows
    assert any(row.startswith("copies found") for row in rows)


def test_duplicates_names_the_file_that_is_no_photo(
    tag4pic: Tag4pic, photo: Photo, folder: Path
) -> None:
    photo("album/a.jpg")
    (folder / "album" / "broken.jpg").write_text("no photo at all, and long enough to look at")
    result = tag4pic("bench", "duplicates", "album")
    assert result.exit_code == 1
    error = result.stderr.splitlines()[-1]
    assert error.startswith("Error: album/broken.jpg: not an image")


def test_duplicates_says_when_there_is_nothing_to_measure(tag4pic: Tag4pic, folder: Path) -> None:
    (folder / "album").mkdir()
    result = tag4pic("bench", "duplicates", "album")
    assert result.exit_code == 1
    assert result.stderr == "Error: There is no image in album.\n"
