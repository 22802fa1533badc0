"""``tag4pic bench``: how fast this machine answers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

Tag4pic = Callable[..., Any]
Photo = Callable[..., str]


def test_latency_is_told_step_by_step(tag4pic: Tag4pic) -> None:
    result = tag4pic("bench", "--rounds", "3")
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
    result = tag4pic("bench", photo("a.jpg"), "empty.jpg")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "Error: empty.jpg: the file is empty"
