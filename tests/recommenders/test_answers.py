"""What may stand in an answer, and what not beside what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommenders.answers import FIRST, Rules, answer, first_apart
from recommenders.families import Apart, relatives, root, share_a_root
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


def test_what_is_hardly_possible_does_not_follow_five_of_which_one_was_taught() -> None:
    hashtags = ranked(1.0, 0.9, 0.8, 0.7, 0.6, 0.3, 0.02, 0.01)
    assert answered(hashtags, Rules(floor=0.4))[FIRST:] == ["tiger"]
    five = [hashtag.tag for hashtag in hashtags[:FIRST]]
    more = answer(lambda _: [hashtags], 1, top=5, rules=Rules(floor=0.4), before=five)
    assert [hashtag.tag for hashtag in more] == ["tiger"]


def test_without_a_floor_what_is_hardly_possible_follows() -> None:
    assert len(answered(ranked(0.9, 0.8, 0.7, 0.6, 0.5, 0.02), Rules())) == 6


def test_nothing_is_shown_where_nothing_is_likely() -> None:
    assert answered(ranked(0.3, 0.2), Rules(floor=0.4)) == []


def test_a_place_that_would_stay_empty_goes_to_a_sure_hashtag_of_a_root_already_there() -> None:
    dogs = [Hashtag("dog", 0.98), Hashtag("dogsofinstagram", 0.97)]
    passed_over = [Hashtag("dogs", 0.9), Hashtag("doglover", 0.9), Hashtag("doglife", 0.5)]
    hashtags = [*dogs, *ranked(0.2, 0.1, 0.1), *passed_over]
    found = answer(lambda _: [hashtags], 1, top=5, rules=Rules(floor=0.4), of_a_root=2)
    assert [hashtag.tag for hashtag in found] == ["dog", "dogsofinstagram", "doglover"]


def test_behind_five_of_which_some_were_filled_in_others_may_follow() -> None:
    cats = [Hashtag(tag, 0.9) for tag in ("cat", "catsofinstagram")]
    hashtags = [*cats, *ranked(0.8, 0.7, 0.2), Hashtag("catlover", 0.9), Hashtag("catlife", 0.8)]
    found = answer(lambda _: [hashtags], 1, top=10, rules=Rules(floor=0.4), of_a_root=2)
    assert [hashtag.tag for hashtag in found] == [
        *("cat", "catsofinstagram", "sea", "sunset", "catlover", "catlife", "coffee"),
    ]
    five = [hashtag.tag for hashtag in found[:FIRST]]
    rules = Rules(floor=0.4)
    more = answer(lambda _: [hashtags], 1, top=2, rules=rules, of_a_root=2, before=five)
    assert more == found[FIRST:]


def test_a_photo_gets_the_same_first_five_whatever_number_was_asked_for() -> None:
    hashtags = ranked(0.9, 0.8, 0.7, 0.6, 0.5, 0.45)
    rules = Rules(floor=0.4, careful={"sunset": 0.85})
    assert answered(hashtags, rules, top=5) == answered(hashtags, rules, top=10)[:5]


def test_without_a_floor_all_is_shown() -> None:
    assert len(answered(ranked(0.3, 0.2), Rules())) == 2


def test_of_two_that_must_not_meet_the_likelier_stays() -> None:
    rules = Rules(forbidden_pairs=((frozenset({"sunset"}), frozenset({"sea", "tiger"})),))
    assert answered(ranked(0.9, 0.8, 0.7), rules) == ["sea", "coffee"]


def test_what_must_not_meet_leaves_no_place_empty() -> None:
    rules = Rules(forbidden_pairs=((frozenset({"sea"}), frozenset({"sunset"})),))
    hashtags = ranked(0.9, 0.8, 0.7, 0.6, 0.5, 0.4)
    assert answered(hashtags, rules, top=5) == ["sea", "coffee", "yoga", "bridge", "tiger"]


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


def album(*lists: list[Hashtag], before: tuple[str, ...] = ()) -> list[str]:
    """The first five of an album whose photos have these lists."""
    rules = Rules(floor=0.4)
    found = answer(lambda count: lists, len(lists), top=5, rules=rules, before=before)
    return [hashtag.tag for hashtag in found]


def photo_of(*words: str, score: float = 0.9) -> list[Hashtag]:
    return [Hashtag(word, score) for word in words]


SURE = photo_of("cat", "kitten", "whiskers", "paws", "feline", "meow", score=0.99)


def test_a_sure_photo_leaves_the_others_of_its_album_their_share() -> None:
    shared = album(SURE, photo_of("sea", "waves", score=0.5), photo_of("cake", "sugar", score=0.5))
    assert shared == ["cat", "sea", "cake", "kitten", "waves"]


def test_every_one_of_five_photos_gets_a_hashtag() -> None:
    words = ("sea", "cake", "bridge", "piano")
    assert album(SURE, *(photo_of(word, score=0.45) for word in words)) == ["cat", *words]


def test_what_fits_several_photos_comes_first_and_counts_for_all_of_them() -> None:
    shared = album(
        photo_of("cake", "sea", "sugar"), photo_of("bridge", "sea", "river"), photo_of("piano")
    )
    assert shared[:3] == ["sea", "piano", "cake"]


def test_a_photo_that_nothing_is_likely_for_claims_no_share() -> None:
    assert album(SURE, photo_of("sea", score=0.3)) == [hashtag.tag for hashtag in SURE[:5]]


def test_what_follows_in_an_album_goes_on_sharing_fairly() -> None:
    lists = photo_of("cat", "kitten", "paws"), photo_of("sea", "waves", "surf")
    assert album(*lists, before=("cat", "kitten"))[0] == "sea"


def test_what_follows_five_hashtags_may_be_as_unlikely_as_what_stands_behind_five() -> None:
    hashtags = ranked(0.9, 0.8, 0.7, 0.6, 0.5, 0.1, 0.1)
    before = [hashtag.tag for hashtag in hashtags[:FIRST]]
    for count, expected in ((5, ["tiger", "cake"]), (4, ["bridge", "tiger", "cake"])):
        found = answer(
            lambda _: [hashtags], 1, top=5, rules=Rules(floor=0.4), before=before[:count]
        )
        assert [hashtag.tag for hashtag in found] == expected


def test_what_follows_fewer_than_five_is_likely_or_does_not_come() -> None:
    hashtags = ranked(0.9, 0.8, 0.2, 0.1)
    found = answer(lambda _: [hashtags], 1, top=5, rules=Rules(floor=0.4), before=["sea", "sunset"])
    assert found == []


def test_what_must_not_stand_beside_a_hashtag_does_not_follow_it() -> None:
    rules = Rules(forbidden_pairs=((frozenset({"sea"}), frozenset({"coffee"})),))
    found = answer(lambda _: [ranked(0.9, 0.8, 0.7, 0.6)], 1, top=5, rules=rules, before=["sea"])
    assert [hashtag.tag for hashtag in found] == ["sunset", "yoga"]


def test_relatives_are_all_of_a_family() -> None:
    assert relatives(["dog"], ["dogs", "doglover", "cat"]) == {"dog", "dogs"}
    assert relatives(["church"], ["churches"]) == {"church", "churches"}


@pytest.mark.parametrize("pair", [("bus", "buses"), ("church", "churches"), ("fox", "foxes")])
def test_a_plural_in_es_is_of_its_singulars_family(pair: tuple[str, str]) -> None:
    apart = Apart(5)
    assert [apart.takes(tag) for tag in pair] == [True, False]


@pytest.mark.parametrize(
    "pair",
    [
        *[("jewellery", "jewelry"), ("harbour", "harbor"), ("theatre", "theater")],
        *[("colourful", "colorful"), ("armour", "armor"), ("doughnuts", "donuts")],
        *[("bbq", "barbecue"), ("bbqtime", "barbecue"), ("xmas", "christmas")],
    ],
)
def test_two_spellings_of_a_word_are_of_one_family(pair: tuple[str, str]) -> None:
    apart = Apart(1)
    assert [apart.takes(tag) for tag in pair] == [True, False]
