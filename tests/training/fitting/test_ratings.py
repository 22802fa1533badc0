import math
from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommenders.ratings import ratings
from training.datasets.format import Post
from training.fitting.ratings import FLOOR, earnings, median_likes, uses_of


def post(tags: Sequence[str], likes: int | None) -> Post:
    return Post(tuple(tags), likes=likes)


def test_hidden_likes_are_left_out() -> None:
    posts = [post(["a"], 4), post(["a"], None), post(["a"], -1), post(["a"], 8)]
    uses = uses_of(posts, ["a"])
    assert uses.likes.tolist() == [4, 8]
    assert uses.adj_likes.tolist() == [4, 8]
    assert ratings(uses) == pytest.approx([0, math.log(2)])
    assert median_likes(uses).tolist() == [6]


def test_all_hashtags_earn_the_same_where_no_likes_are_known() -> None:
    assert earnings(uses_of([post(["a", "b"], None)], ["a", "b"])).tolist() == [1, 1]
    assert earnings(uses_of([], ["a", "b"])).tolist() == [1, 1]


def test_a_hashtag_whose_posts_are_liked_more_earns_more() -> None:
    posts = [post(["quiet"], 10)] * 40 + [post(["fair"], 100)] * 40 + [post(["loud"], 1000)] * 40
    quiet, fair, loud = earnings(uses_of(posts, ["quiet", "fair", "loud"]))
    assert quiet == FLOOR
    assert quiet < fair < loud == 1


def test_one_lucky_post_does_not_lift_a_hashtag_over_one_that_earns_every_time() -> None:
    posts = [post(["steady"], 300)] * 50 + [post(["lucky"], 100_000)] + [post(["usual"], 100)] * 200
    steady, lucky, usual = earnings(uses_of(posts, ["steady", "lucky", "usual"]))
    assert usual < lucky < steady


some_posts = st.lists(
    st.builds(
        post,
        st.lists(st.sampled_from("abcdef"), unique=True, max_size=4),
        st.one_of(st.none(), st.integers(-1, 10**7)),
    ),
    max_size=30,
)


@given(some_posts)
def test_ratings_stay_between_0_and_the_log_of_the_uses(posts: list[Post]) -> None:
    uses = uses_of(posts, list("abcdef"))
    rated = ratings(uses)
    assert np.all(rated >= 0)
    assert np.all(rated <= np.log(uses.counts[uses.hashtag]) + 1e-12)


@given(some_posts, st.randoms())
def test_what_hashtags_earn_is_within_bounds_and_no_matter_of_the_order_of_posts(
    posts: list[Post], random: Random
) -> None:
    earned = earnings(uses_of(posts, list("abcdef")))
    shuffled = list(posts)
    random.shuffle(shuffled)
    assert earned.shape == (6,) and earned.dtype == np.float32
    assert np.all((earned >= FLOOR) & (earned <= 1))
    assert earnings(uses_of(shuffled, list("abcdef"))).tolist() == earned.tolist()
    backwards = earnings(uses_of(posts, list("fedcba")))
    assert backwards[::-1].tolist() == earned.tolist()
