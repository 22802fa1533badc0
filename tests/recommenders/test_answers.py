"""What may stand in an answer, and what not beside what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommenders.answers import FIRST, Apart, Rules, answer, first_apart, root, share_a_root
from recommenders.ranking import Hashtag


def ranked(*scores: float) -> list[Hashtag]:
    """Hashtags of different families, best first."""
    words = ("sea", "sunset", "coffee", "yoga", "bridge", "tiger", "cake", "piano")
    return [Hashtag(word, score) for word, score in zip(words, scores, strict=False)]


def answered(hashtags: list[Hashtag], rules: Rules, top: int = 10) -> list[str]:
    found = answer(lambda count: [hashtags[:count]], 1, top=top, rules=rules)
    return [hashtag.tag for hashtag in found]


def test_what_is_likelier_wrong_than_right_is_not_shown() -> None:
    hashtags = ranked(0.9, 0.6, 0.3, 0.2, 0.1, 0.1)
    assert answered(hashtags, Rules(floor=0.4)) == ["sea", "sunset"]


def test_behind_five_that_are_sure_others_may_follow() -> None:
    hashtags = ranked(0.9, 0.8, 0.7, 0.6, 0.5, 0.1)
    assert answered(hashtags, Rules(floor=0.4))[FIRST:] == ["tiger"]


def test_nothing_is_shown_where_nothing_is_likely() -> None:
    assert answered(ranked(0.3, 0.2), Rules(floor=0.4)) == []


def test_without_a_floor_all_is_shown() -> None:
    assert len(answered(ranked(0.3, 0.2), Rules())) == 2


def test_of_two_that_must_not_meet_the_likelier_stays() -> None:
    rules = Rules(forbidden_pairs=((frozenset({"sunset"}), frozenset({"sea", "tiger"})),))
    assert answered(ranked(0.9, 0.8, 0.7), rules) == ["sea", "coffee"]


def test_a_hashtag_to_be_careful_with_needs_more() -> None:
    rules = Rules(careful={"sea": 0.8})
    assert answered(ranked(0.7, 0.6), rules) == ["sunset"]
    assert answered(ranked(0.85, 0.6), rules) == ["sea", "sunset"]


@pytest.mark.parametrize(
    ("one", "other"),
    [("dogsofinstagram", "doglover"), ("lake", "lakeside"), ("coffeetime", "coffeelover")],
)
def test_names_for_one_thing_share_a_root(one: str, other: str) -> None:
    assert share_a_root(root(one), root(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [("dog", "cat"), ("sun", "sunset"), ("art", "latte"), ("dog", "hotdog"), ("car", "scarf")],
)
def test_names_for_different_things_do_not(one: str, other: str) -> None:
    assert not share_a_root(root(one), root(other))


@given(st.lists(st.floats(0, 1), max_size=8), st.floats(0, 1))
def test_the_first_five_are_never_below_the_floor(scores: list[float], floor: float) -> None:
    hashtags = ranked(*sorted(scores, reverse=True))
    shown = answer(lambda count: [hashtags[:count]], 1, top=5, rules=Rules(floor=floor))
    assert all(hashtag.score >= floor for hashtag in shown)


@pytest.mark.parametrize("middle", ["flower", "flowers", "flowersofinstagram"])
def test_a_short_root_gathers_no_more_than_may_share_it(middle: str) -> None:
    tags = ["flowershop", "wildflower", "flowerwall", middle, "sea", "coffee"]
    first = first_apart([Hashtag(tag, 1.0) for tag in tags], of_a_root=2)[:FIRST]
    assert middle not in [hashtag.tag for hashtag in first]


NAMES = (
    "dog dogs doglover dogsofinstagram hotdog lake lakeside lakelife flower wildflower flowershop "
    "sea seaside coffee coffeetime yoga"
)
some_tags = st.lists(st.sampled_from(NAMES.split()), unique=True)


@given(some_tags, st.integers(1, 5))
def test_no_root_gathers_more_than_may_share_it(tags: list[str], of_a_root: int) -> None:
    apart = Apart(of_a_root)
    roots = [root(tag) for tag in tags if apart.takes(tag)]
    assert all(sum(share_a_root(one, other) for other in roots) <= of_a_root for one in roots)
