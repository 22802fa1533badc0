"""What a floor of uses does to the recall of hashtags that stand together."""

from pathlib import Path

import numpy as np
import pytest

from tests.shapes import write_posts
from training.datasets.format import Post
from training.evaluation.similar_recall import recalls, split


def test_a_floor_misses_what_it_leaves_out_and_makes_room_for_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("training.evaluation.similar_recall.AT", 1)
    tags = ["sea", "sun", "rare", "alone"]
    vectors = np.array([[1, 0], [0.8, 0.2], [1, 0.1], [-1, 0]], np.float32)
    posts = [Post(("sea", "sun", "unheard")), Post(("sea", "rare")), Post(("alone", "unheard"))]
    every = np.ones(4, np.bool_)
    # #rare is nearest to both others, and #sea to #rare; #alone has no company that is known.
    assert recalls(posts, tags, vectors, every).tolist() == [0, 1]
    without_rare = recalls(posts, tags, vectors, np.array([True, True, False, True]))
    assert without_rare.tolist() == [1, 0.5]


def test_an_album_is_not_measured_by_its_own_pictures(tmp_path: Path) -> None:
    folders = [
        write_posts(
            tmp_path / name,
            [
                {"hashtags": [name, f"{name}{row // 4}"], "album": str(row // 4)}
                for row in range(80)
            ],
        )
        for name in ("one", "other")
    ]
    train, test = split(folders, 0)
    assert len(train) + len(test) == 40 and 1 <= len(test) <= 10
    assert {post.hashtags for post in train}.isdisjoint(post.hashtags for post in test)
    alone = [write_posts(tmp_path / "alone", [{"hashtags": ["a", f"b{n}"]} for n in range(80)])]
    draws = np.random.default_rng(3).random(80)
    drawn = [("a", f"b{row}") for row in np.flatnonzero(draws < 0.1)]
    assert [post.hashtags for post in split(alone, 3)[1]] == drawn
