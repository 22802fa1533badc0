"""A bundle is put where all replicas take it from, and commands answer with it, too."""

from collections.abc import Callable
from pathlib import Path
from typing import Any


def test_the_bundle_in_use_is_published_and_recommend_answers_with_it(
    tag4pic: Callable[..., Any], folder: Path, bundle: Path, photo: Callable[..., str]
) -> None:
    (folder / "shelf").mkdir()
    picture = photo("a.jpg")
    published = tag4pic("train", "publish", "shelf")
    assert (published.exit_code, published.stdout) == (0, "tiny-1 is published at shelf.\n")
    direct = tag4pic("recommend", picture)
    shared = tag4pic("recommend", picture, env={"MODEL_DIR": "", "BUNDLE": "shelf"})
    assert (shared.exit_code, shared.stdout) == (0, direct.stdout)
    nowhere = tag4pic("recommend", picture, env={"MODEL_DIR": "", "BUNDLE": "nowhere"})
    assert nowhere.exit_code == 0 and nowhere.stdout == direct.stdout  # the one fetched last
