"""Features of photos that lie on the disk, computed here or in other processes, and cached."""

from collections import deque
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recommenders.backbones.backbone import Backbone
from tests.shapes import circles
from training.datasets.format import DatasetError, Problems
from training.features.cache import FeatureCache
from training.features.compute import BATCH, embed
from training.features.processes import ProcessEndedError, run_jobs


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    """More photos than fit into a batch."""
    return circles(tmp_path / "photos", BATCH + 5)


def test_features_are_the_same_to_the_bit_in_one_process_and_in_several(
    tmp_path: Path, backbone: Backbone, paths: list[Path]
) -> None:
    here, _ = embed(paths, backbone, tmp_path / "here")
    there, _ = embed(paths[::-1], backbone, tmp_path / "there", processes=2)
    assert np.array_equal(there, here[::-1])


def test_features_are_the_same_to_the_bit_whatever_else_is_in_the_batch(
    tmp_path: Path, backbone: Backbone, paths: list[Path]
) -> None:
    together, _ = embed(paths, backbone, tmp_path / "together")
    alone, _ = embed(paths[3:4], backbone, tmp_path / "alone")
    assert np.array_equal(alone[0], together[3])


def test_photos_that_cannot_be_read_are_counted_and_left_out(
    tmp_path: Path, backbone: Backbone, paths: list[Path]
) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no photo")
    mixed = [tmp_path / "gone.jpg", *paths, tmp_path / "broken.jpg", paths[3]]
    problems = Problems()
    features, readable = embed(
        mixed, backbone, tmp_path / "features", processes=2, problems=problems
    )
    assert readable.tolist() == [False, *[True] * len(paths), False, True]
    assert np.array_equal(features[-1], features[4])
    assert sum(problems.counts.values()) == 2


def test_cached_features_are_those_that_were_computed(
    tmp_path: Path, backbone: Backbone, paths: list[Path]
) -> None:
    computed, _ = embed(paths, backbone, tmp_path / "features")
    cached, _ = embed(paths, backbone, tmp_path / "features")
    assert np.array_equal(cached, computed)


def test_a_process_that_is_killed_is_one_sentence_and_what_it_had_computed_is_kept(
    tmp_path: Path, backbone: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = circles(tmp_path / "photos", 2 * BATCH)

    def killed_after_a_batch(start: Any, args: Any, jobs: Any, processes: int, store: Any) -> None:
        run_jobs(start, args, deque([jobs.popleft()]), processes, store)
        raise ProcessEndedError("signal 9")

    monkeypatch.setattr("training.features.compute.run_jobs", killed_after_a_batch)
    with pytest.raises(DatasetError, match=rf"signal 9.* {BATCH} of {2 * BATCH} photos .* again"):
        embed(paths, backbone, tmp_path / "features")
    with closing(FeatureCache(tmp_path / "features", backbone)) as cache:
        cached = [cache.get(sha256(path.read_bytes()).digest()) is not None for path in paths]
    assert cached == [*[True] * BATCH, *[False] * BATCH]
