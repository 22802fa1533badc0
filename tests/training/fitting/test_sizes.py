from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training.fitting.sizes import (
    BROAD,
    MIDDLE,
    NICHE,
    known_posts,
    size_by_posts,
    size_of,
    sizes,
)


def test_hashtags_of_a_hundred_thousand_to_ten_million_posts_are_of_the_middle() -> None:
    posts = np.array([0, 99_999, 100_000, 10_000_000, 10_000_001, 2_000_000_000])
    assert size_by_posts(posts).tolist() == [NICHE, NICHE, MIDDLE, MIDDLE, BROAD, BROAD]


def test_without_counts_the_few_hashtags_that_everybody_uses_are_broad() -> None:
    uses = np.array([500, 250, 250, *[10] * 50, 0])
    assert size_of(uses).tolist() == [BROAD, MIDDLE, MIDDLE, *[NICHE] * 50, NICHE]


def test_a_hashtag_that_the_file_lacks_is_sized_by_its_rank() -> None:
    uses = np.array([900, 10, 10])
    posts = known_posts(
        ["love", "smallcraft", "unlisted"], {"love": 2_000_000_000, "smallcraft": 150_000}
    )
    assert sizes(uses, posts).tolist() == [2, 1, 0]
    assert sizes(uses).tolist() == [2, 0, 0]


@given(st.lists(st.integers(0, 10**6), min_size=1), st.randoms(use_true_random=False))
def test_sizes_follow_the_uses_and_not_the_order(uses: list[int], random: Random) -> None:
    sizes_of_all = size_of(np.array(uses))
    assert sizes_of_all.dtype == np.int8
    by_uses: dict[int, int] = {}
    for use, size in zip(uses, sizes_of_all.tolist(), strict=True):
        assert by_uses.setdefault(use, size) == size
    ordered = [by_uses[use] for use in sorted(by_uses)]
    assert ordered == sorted(ordered)
    shuffled = list(uses)
    random.shuffle(shuffled)
    assert size_of(np.array(shuffled)).tolist() == [by_uses[use] for use in shuffled]
