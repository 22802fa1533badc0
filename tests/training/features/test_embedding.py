"""Features of photos that lie on the disk, computed here or in other processes, and kept."""

from collections import deque
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recommenders.backbones.backbone import Backbone, load_backbone
from tests.shapes import COLOURS, draw
from training.datasets.format import DatasetError, Post, Problems
from training.features.compute import BATCH, FeatureCache, embed
from training.features.processes import ProcessEndedError, spread
from training.fitting.prepare import embed_posts, silent


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    return load_backbone("efficientnet_lite0")


def photos(folder: Path, count: int) -> list[Path]:
    """Draws so many different photos."""
    folder.mkdir()
    paths = [folder / f"{number}.png" for number in range(count)]
    for number, path in enumerate(paths):
        draw(tuple(COLOURS)[number % 3], "circle", number).save(path)
    return paths


def test_features_are_the_same_to_the_bit_whoever_computes_them_and_in_whatever_company(
    tmp_path: Path, backbone: Backbone
) -> None:
    paths = photos(tmp_path / "photos", BATCH + 5)
    (tmp_path / "broken.jpg").write_bytes(b"no photo")
    mixed = [tmp_path / "gone.jpg", *paths[::-1], tmp_path / "broken.jpg", paths[3]]
    here, _ = embed(paths, backbone, tmp_path / "here")
    alone, _ = embed(paths[3:4], backbone, tmp_path / "alone")
    problems = Problems()
    there, readable = embed(mixed, backbone, tmp_path / "there", processes=2, problems=problems)
    assert readable.tolist() == [False, *[True] * len(paths), False, True]
    assert np.array_equal(there[1:-2], here[::-1])
    assert np.array_equal(there[-1], here[3]) and np.array_equal(alone[0], here[3])
    assert sum(problems.counts.values()) == 2
    kept, _ = embed(paths, backbone, tmp_path / "there")
    assert np.array_equal(kept, here)


def test_a_process_that_is_killed_is_one_sentence_and_what_it_had_computed_is_kept(
    tmp_path: Path, backbone: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = photos(tmp_path / "photos", 2 * BATCH)

    def killed_after_a_batch(work: Any, shared: Any, jobs: Any, processes: int, hear: Any) -> None:
        spread(work, shared, deque([jobs.popleft()]), processes, hear)
        raise ProcessEndedError(-9)

    monkeypatch.setattr("training.features.compute.spread", killed_after_a_batch)
    with pytest.raises(DatasetError, match=rf"signal 9.* {BATCH} of {2 * BATCH} photos .* again"):
        embed(paths, backbone, tmp_path / "kept")
    with closing(FeatureCache(tmp_path / "kept", backbone)) as cache:
        known = [cache.get(sha256(path.read_bytes()).digest()) is not None for path in paths]
    assert known == [*[True] * BATCH, *[False] * BATCH]


def test_photos_that_vanish_between_two_passes_are_left_out_and_told(
    tmp_path: Path, backbone: Backbone
) -> None:
    paths = photos(tmp_path / "photos", 4)
    posts = [Post(("red",), path) for path in paths]

    def vanish(doing: str, done: int, total: int) -> None:
        if "mirrored" not in doing and done == total:
            paths[2].unlink(missing_ok=True)

    problems = Problems()
    found = embed_posts(
        posts, [backbone], tmp_path / "kept", mirrored=True, report=vanish, problems=problems
    )
    assert [post.image for post in found.posts] == [paths[0], paths[1], paths[3]]
    assert len(found.features[backbone.name]) == len(found.mirrored[backbone.name]) == 3
    assert problems.counts.total() == 1


def test_features_that_would_not_fit_into_memory_are_refused_before_any_is_computed(
    tmp_path: Path, backbone: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts = [Post(("red",), tmp_path / f"{number}.jpg") for number in range(1000)]
    monkeypatch.setattr("training.fitting.prepare.free_memory", lambda: 10_000_000)
    with pytest.raises(DatasetError, match=r"1,000 photos take .*--no-mirrored"):
        embed_posts(
            posts, [backbone], tmp_path / "kept", mirrored=True, report=silent, problems=Problems()
        )
    assert not (tmp_path / "kept").exists()
