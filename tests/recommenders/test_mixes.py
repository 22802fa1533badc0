import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommenders.answers import MIXES, REACH, Rules, answer, mixed_order
from recommenders.ranking import Hashtag

NICHE, MIDDLE, BROAD = range(3)


def test_a_list_that_has_the_mix_already_stays_as_it_is() -> None:
    sizes = [NICHE, MIDDLE, BROAD, NICHE, MIDDLE, BROAD]
    assert mixed_order(sizes, MIXES["even"]) == [0, 1, 2, 3, 4, 5]


def test_a_preferred_size_comes_first_and_the_rest_keeps_its_order() -> None:
    sizes = [BROAD, NICHE, MIDDLE, BROAD, MIDDLE]
    assert mixed_order(sizes, MIXES["middle"]) == [2, 4, 0, 1, 3]


def test_a_mix_spreads_the_sizes_over_the_first_places() -> None:
    sizes = [BROAD, BROAD, BROAD, BROAD, MIDDLE, MIDDLE, NICHE, NICHE]
    first = [sizes[place] for place in mixed_order(sizes, MIXES["ladder"])[:5]]
    assert sorted(first) == [NICHE, NICHE, MIDDLE, MIDDLE, BROAD]


def test_the_best_hashtag_is_not_lost_to_a_mix_that_does_not_want_it() -> None:
    order = mixed_order([BROAD, *[NICHE] * 30], MIXES["niche"])
    assert order.index(0) == REACH


def test_the_best_hashtag_stays_first_and_the_mix_orders_the_others() -> None:
    sizes = {"best": BROAD, "dog": BROAD, "sailing": NICHE, "puppy": MIDDLE}
    ranked = [Hashtag(tag, 0.9) for tag in sizes]
    mixed = answer(lambda count: [ranked[:count]], 1, top=3, mix="middle", size=sizes.__getitem__)
    assert [hashtag.tag for hashtag in mixed] == ["best", "puppy", "dog"]


def test_without_a_mix_hashtags_stay_as_they_are_ranked() -> None:
    ranked = [Hashtag(tag, 0.9) for tag in ("dog", "sailing", "puppy")]
    assert answer(lambda count: [ranked[:count]], 1, top=2) == ranked[:2]


@pytest.mark.parametrize("mix", MIXES)
def test_a_mix_puts_nothing_unsure_among_the_first_five_that_are_sure(mix: str) -> None:
    scores = (0.9, 0.85, 0.8, 0.75, 0.7, *[0.35] * 9)
    ranked = [Hashtag(f"tag{place}x", score) for place, score in enumerate(scores)]
    sizes = {one.tag: BROAD if one.score > 0.4 else NICHE for one in ranked}
    mixed = answer(
        lambda count: [ranked[:count]],
        1,
        top=10,
        mix=mix,
        size=sizes.__getitem__,
        rules=Rules(floor=0.4),
    )
    assert sorted(mixed[:5], key=ranked.index) == ranked[:5]
    assert len(mixed) == 10


lists = st.lists(st.integers(0, 2), max_size=60)
shares = st.tuples(*[st.floats(0, 5)] * 3)


@given(lists, shares)
def test_hashtags_move_no_further_than_the_reach(
    sizes: list[int], wanted: tuple[float, ...]
) -> None:
    order = mixed_order(sizes, wanted)
    assert sorted(order) == list(range(len(sizes)))
    assert all(abs(place - rank) <= REACH for place, rank in enumerate(order))


@given(lists, shares)
def test_hashtags_of_one_size_keep_their_order(sizes: list[int], wanted: tuple[float, ...]) -> None:
    order = mixed_order(sizes, wanted)
    for size in range(3):
        ranks = [rank for rank in order if sizes[rank] == size]
        assert ranks == sorted(ranks)


@given(lists)
def test_no_wanted_shares_leave_the_list_as_it_is(sizes: list[int]) -> None:
    assert mixed_order(sizes, (0, 0, 0)) == list(range(len(sizes)))
