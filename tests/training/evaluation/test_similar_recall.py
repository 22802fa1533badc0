"""What a floor of uses does to the recall of hashtags that stand together."""

import numpy as np
import pytest

from training.datasets.format import Post
from training.evaluation.similar_recall import recalls


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
