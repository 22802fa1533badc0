from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from recommenders.copies import Limits
from tests.scenery import scenery
from training.evaluation.duplicate_figures import (
    Survey,
    main,
    measure,
    survey,
)
from training.evaluation.photo_changes import COPIES, RECOLOURED

SIZE = (300, 200)

Run = Callable[..., Any]


def thumbnails(photos: Sequence[Image.Image]) -> NDArray[np.float32]:
    """Features good enough to tell these photos apart: the pixels about their mean."""
    rows = [np.asarray(photo.resize((12, 8)), np.float32).ravel() for photo in photos]
    return np.stack([row - row.mean() for row in rows])


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("photos")
    paths = [folder / f"{number}.png" for number in range(40)]
    for number, path in enumerate(paths):
        # The last photo is the first one again, as collections have it.
        scenery(number % 39, SIZE).save(path)
    return paths


@pytest.fixture(scope="module")
def surveyed(paths: list[Path]) -> Survey:
    return survey(paths, thumbnails)


def test_a_survey_reports_its_progress(paths: list[Path]) -> None:
    steps: list[tuple[int, int]] = []
    survey(paths, thumbnails, lambda doing, *step: steps.append(step))
    assert steps == [(32, 40), (40, 40)]


@pytest.mark.parametrize("change", COPIES)
def test_every_copy_is_found(surveyed: Survey, change: str) -> None:
    figures = measure(surveyed, max_distance=12, limits=Limits(24, 24, 16), min_cosine=0.3)
    found = figures.changed[change]
    assert found.missed == ()
    assert found.found + len(found.mistaken) == 40
    assert {pair.first.name for pair in found.mistaken} <= {"0.png", "39.png"}


@pytest.mark.parametrize("change", RECOLOURED)
def test_no_recoloured_photo_is_taken_for_its_own(surveyed: Survey, change: str) -> None:
    found = measure(surveyed, min_cosine=-1.0).changed[change]
    assert found.found == 0 and surveyed.patched == 0


def test_a_sample_is_changed_and_all_are_compared(paths: list[Path]) -> None:
    surveyed = survey(paths, thumbnails, sample=5)
    figures = measure(surveyed)
    assert figures.photos == 40
    assert surveyed.sample.tolist() == [0, 9, 19, 29, 39]
    assert len(figures.false_pairs) == 1


def test_a_photo_that_is_there_twice_is_listed(surveyed: Survey) -> None:
    figures = measure(surveyed, max_distance=8)
    (pair,) = figures.false_pairs
    assert (pair.first.name, pair.second.name, pair.distance) == ("0.png", "39.png", 0)
    assert pair.cosine == pytest.approx(1.0, abs=1e-3)
    assert figures.proposed_pairs == 1


def test_a_threshold_no_copy_can_reach_finds_none(surveyed: Survey) -> None:
    figures = measure(surveyed, min_cosine=1.1)
    found = figures.changed["smaller, quality 60"]
    assert found.found == 0 and found.share == 0.0
    assert len(found.missed) == 40 and figures.false_pairs == ()


@pytest.mark.parametrize("cosine", [-1.0, 0.5, 0.99])
def test_stricter_thresholds_never_confirm_more(surveyed: Survey, cosine: float) -> None:
    pairs = [
        len(measure(surveyed, limits=Limits(bits, bits), min_cosine=cosine).false_pairs)
        for bits in (0, 12, 256)
    ]
    assert pairs == sorted(pairs)


def test_thresholds_that_confirm_all_take_every_pair_that_is_proposed(surveyed: Survey) -> None:
    figures = measure(surveyed, limits=Limits(256, 256, 256), min_cosine=-1.0)
    assert len(figures.false_pairs) >= figures.proposed_pairs


def test_hashes_alone_take_more_photos_for_one_when_they_may_differ_more(surveyed: Survey) -> None:
    narrow, wide = measure(surveyed, max_distance=0), measure(surveyed, max_distance=64)
    assert narrow.proposed_pairs == 1 and wide.proposed_pairs == 40 * 39 // 2
    assert len(wide.false_pairs) == 1


def test_no_photos_give_no_figures() -> None:
    figures = measure(survey([], thumbnails))
    assert figures.photos == 0 and figures.changed["smaller, quality 60"].share == 0.0


def test_the_tool_counts_copies_of_every_photo_below_a_folder(
    run_tool: Run, tmp_path: Path
) -> None:
    (tmp_path / "album" / "more").mkdir(parents=True)
    for seed, name in enumerate(("a.jpg", "b.jpg", "more/c.jpg")):
        scenery(seed, SIZE).save(tmp_path / "album" / name)
    result = run_tool(main, "album")
    assert result.exit_code == 0, result.stderr
    rows = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "photos 3" in rows
    assert any(row.startswith("copies found") for row in rows)


def test_the_tool_names_the_file_that_is_no_photo(run_tool: Run, tmp_path: Path) -> None:
    (tmp_path / "album").mkdir()
    scenery(0, SIZE).save(tmp_path / "album" / "a.jpg")
    (tmp_path / "album/broken.jpg").write_text("no photo at all, and long enough to look at")
    result = run_tool(main, "album")
    assert result.exit_code == 1
    error = result.stderr.splitlines()[-1]
    assert error.startswith("Error: album/broken.jpg: not an image")


def test_the_tool_says_when_there_is_nothing_to_measure(run_tool: Run, tmp_path: Path) -> None:
    (tmp_path / "album").mkdir()
    result = run_tool(main, "album")
    assert result.exit_code == 1
    assert result.stderr == "Error: There is no image in album.\n"


def test_the_tool_refuses_a_folder_that_is_not_there(run_tool: Run) -> None:
    result = run_tool(main, "nowhere")
    assert result.exit_code == 2
    assert "nowhere" in result.stderr
