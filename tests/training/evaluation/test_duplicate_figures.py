from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from training.evaluation.duplicate_figures import Survey, measure, survey, sweep

SIZE = (300, 200)


def scenery(seed: int) -> Image.Image:
    """A picture that is no other's, with large shapes and small ones, as photos have."""
    random = np.random.default_rng(seed)
    picture = Image.new("RGB", SIZE)
    for cells in ((6, 4), (12, 8), (24, 16), (48, 32)):
        shapes = Image.fromarray(random.integers(0, 255, (*cells[::-1], 3), dtype=np.uint8))
        picture = Image.blend(picture, shapes.resize(SIZE, Image.Resampling.BICUBIC), 0.4)
    return picture


def thumbnails(photos: Sequence[Image.Image]) -> NDArray[np.float32]:
    """Features good enough to tell these photos apart: the pixels about their mean."""
    rows = [np.asarray(photo.resize((12, 8)), np.float32).ravel() for photo in photos]
    return np.stack([row - row.mean() for row in rows])


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Survey:
    folder = tmp_path_factory.mktemp("photos")
    paths = [folder / f"{number}.png" for number in range(40)]
    for number, path in enumerate(paths):
        # The last photo is the first one again, as collections have it.
        scenery(number % 39).save(path)
    steps: list[tuple[int, int]] = []
    surveyed = survey(paths, thumbnails, progress=lambda *step: steps.append(step))
    assert steps == [(32, 40), (40, 40)]
    return surveyed


def test_copies_are_found_and_a_photo_that_is_there_twice_is_shown(seen: Survey) -> None:
    figures = measure(seen, max_distance=8, max_perceptual_distance=24)
    assert figures.photos == 40 and figures.missed == ()
    assert figures.found + len(figures.mistaken) == 40
    assert {pair.first.name for pair in figures.mistaken} <= {"0.png", "39.png"}
    (pair,) = figures.false_pairs
    assert (pair.first.name, pair.second.name, pair.distance) == ("0.png", "39.png", 0)
    assert pair.cosine == pytest.approx(1.0, abs=1e-3)
    assert figures.proposed_pairs == 1


def test_a_threshold_no_copy_can_reach_finds_none(seen: Survey) -> None:
    figures = measure(seen, min_cosine=1.1)
    assert figures.found == 0 and figures.found_share == 0.0
    assert len(figures.missed) == 40 and figures.false_pairs == ()


def test_stricter_thresholds_never_confirm_more(seen: Survey) -> None:
    table = sweep(seen, perceptual_distances=(0, 12, 256), cosines=(-1.0, 0.5, 0.99))
    for cosine in (-1.0, 0.5, 0.99):
        pairs = [len(table[bits, cosine].false_pairs) for bits in (0, 12, 256)]
        assert pairs == sorted(pairs)
    assert len(table[256, -1.0].false_pairs) == table[256, -1.0].proposed_pairs


def test_hashes_alone_take_more_photos_for_one_when_they_may_differ_more(seen: Survey) -> None:
    narrow, wide = measure(seen, max_distance=0), measure(seen, max_distance=64)
    assert narrow.proposed_pairs == 1 and wide.proposed_pairs == 40 * 39 // 2
    assert len(wide.false_pairs) == 1


def test_no_photos_give_no_figures(tmp_path: Path) -> None:
    figures = measure(survey([], thumbnails))
    assert (figures.photos, figures.found_share) == (0, 0.0)
