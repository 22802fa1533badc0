"""Which posts of a dataset are trained on, and which are measured on."""

from pathlib import Path

import numpy as np

from training.datasets.format import Post
from training.fitting.prepare import is_split


def test_without_named_splits_the_pictures_of_an_album_stay_together() -> None:
    posts = [
        Post(("sea",), Path(f"{album}-{number}.jpg"), album=f"album {album}")
        for album in range(200)
        for number in range(3)
    ]
    tested = [is_split(post, "test", named=False) for post in posts]
    for start in range(0, len(posts), 3):
        assert len(set(tested[start : start + 3])) == 1
    assert 0.03 < np.mean(tested) < 0.2
    assert [is_split(post, "train", named=False) for post in posts] == [not t for t in tested]


def test_a_post_without_a_split_in_a_dataset_that_names_them_is_trained_on() -> None:
    post = Post(("sea",))
    assert is_split(post, "train", named=True) and not is_split(post, "test", named=True)
