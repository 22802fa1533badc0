from hypothesis import given
from hypothesis import strategies as st

from recommenders.sizes import MIXES, REACH, mixed

NICHE, MIDDLE, BROAD = range(3)


def test_a_list_that_has_the_mix_already_stays_as_it_is() -> None:
    sizes = [NICHE, MIDDLE, BROAD, NICHE, MIDDLE, BROAD]
    assert mixed(sizes, MIXES["even"]) == [0, 1, 2, 3, 4, 5]


def test_a_preferred_size_comes_first_and_the_rest_keeps_its_order() -> None:
    sizes = [BROAD, NICHE, MIDDLE, BROAD, MIDDLE]
    assert mixed(sizes, MIXES["middle"]) == [2, 4, 0, 1, 3]


def test_a_mix_spreads_the_sizes_over_the_first_places() -> None:
    sizes = [BROAD, BROAD, BROAD, BROAD, MIDDLE, MIDDLE, NICHE, NICHE]
    first = [sizes[place] for place in mixed(sizes, MIXES["ladder"], places=5)]
    assert sorted(first) == [NICHE, NICHE, MIDDLE, MIDDLE, BROAD]


def test_the_best_hashtag_is_not_lost_to_a_mix_that_does_not_want_it() -> None:
    order = mixed([BROAD, *[NICHE] * 30], MIXES["niche"])
    assert order.index(0) == REACH


lists = st.lists(st.integers(0, 2), max_size=60)
shares = st.tuples(*[st.floats(0, 5)] * 3)


@given(lists, shares, st.integers(0, 8))
def test_hashtags_move_no_further_than_the_reach(
    sizes: list[int], wanted: tuple[float, ...], reach: int
) -> None:
    order = mixed(sizes, wanted, reach=reach)
    assert sorted(order) == list(range(len(sizes)))
    assert all(abs(place - rank) <= reach for place, rank in enumerate(order))


@given(lists, shares, st.integers(0, 30))
def test_hashtags_of_one_size_keep_their_order(
    sizes: list[int], wanted: tuple[float, ...], places: int
) -> None:
    order = mixed(sizes, wanted, places=places)
    assert len(order) == min(places, len(sizes))
    for size in range(3):
        ranks = [rank for rank in order if sizes[rank] == size]
        assert ranks == sorted(ranks)


@given(lists)
def test_no_wanted_shares_leave_the_list_as_it_is(sizes: list[int]) -> None:
    assert mixed(sizes, (0, 0, 0)) == list(range(len(sizes)))
