"""The pictures of an album are one post."""

import numpy as np
import pytest

from training.datasets.albums import held_apart, whole_posts
from training.datasets.format import Post


def test_pictures_of_an_album_are_one_post_with_all_their_hashtags() -> None:
    posts = [
        Post(("sun",), likes=1),
        Post(("sea", "boat"), likes=9, album="one"),
        Post(("sun",), likes=1),
        Post(("boat", "palm"), likes=9, album="one"),
        Post(("sea",), album="other"),
    ]
    whole = whole_posts(posts)
    assert [post.hashtags for post in whole] == [
        ("sun",),
        ("sea", "boat", "palm"),
        ("sun",),
        ("sea",),
    ]
    assert [post.likes for post in whole] == [1, 9, 1, None]


def test_an_album_has_the_likes_of_the_first_picture_that_names_them() -> None:
    likes = [None, 7, 8]
    assert whole_posts([Post(("sea",), likes=one, album="a") for one in likes])[0].likes == 7
    hidden = [Post((tag,), album="a") for tag in ("sea", "sun")]
    assert whole_posts(hidden) == [Post(("sea", "sun"), album="a")]


def test_pictures_without_albums_are_held_out_one_by_one() -> None:
    order = np.random.default_rng(0).permutation(50)
    for count in (0, 1, 7, 49):
        rest, held_out = held_apart(order, [None] * 50, count)
        assert list(held_out) == sorted(order[:count]) and list(rest) == sorted(order[count:])


@pytest.mark.parametrize("count", [0, 1, 2, 10, 25, 58, 59])
def test_no_album_is_on_both_sides(count: int) -> None:
    albums = [None if row % 4 == 0 else f"album {row // 8}" for row in range(60)]
    for seed in range(20):
        order = np.random.default_rng(seed).permutation(60)
        rest, held_out = held_apart(order, albums, count)
        assert sorted([*rest, *held_out]) == list(range(60)) and len(rest)
        assert count - 6 < len(held_out) <= count
        assert not {albums[row] for row in rest} & {albums[row] for row in held_out} - {None}


def test_an_album_too_large_to_hold_out_is_passed_over() -> None:
    albums = ["large"] * 20 + [None] * 20
    for seed in range(50):
        rest, held_out = held_apart(np.random.default_rng(seed).permutation(40), albums, 4)
        assert len(held_out) == 4 and set(range(20)) <= set(rest)


def test_where_nothing_is_small_enough_the_smallest_album_is_held_out() -> None:
    albums = ["five"] * 5 + ["three"] * 3 + ["four"] * 4
    for seed in range(10):
        _, held_out = held_apart(np.random.default_rng(seed).permutation(12), albums, 2)
        assert list(held_out) == [5, 6, 7]


def test_albums_of_a_size_are_drawn_as_often_as_one_another() -> None:
    albums = [f"album {row // 4}" for row in range(40)]
    draws = (np.random.default_rng(seed).permutation(40) for seed in range(600))
    drawn = [0 in held_apart(order, albums, 4)[1] for order in draws]
    assert np.mean(drawn) == pytest.approx(1 / 10, abs=0.04)


def test_pictures_of_one_album_only_are_split() -> None:
    rest, held_out = held_apart(np.array([2, 0, 1]), ["one"] * 3, 1)
    assert len(rest) == 2 and len(held_out) == 1
