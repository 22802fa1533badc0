from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommenders.category import Category
from training.datasets.format import DatasetError, Post
from training.fitting.categories import categories


def posts_of(*tags: Iterable[str]) -> list[Post]:
    return [Post(tuple(each)) for each in tags]


SIX = posts_of(
    ["italy", "food"],
    ["food", "italy"],
    ["food"],
    ["italy", "architecture"],
    ["architecture", "italy"],
    ["architecture"],
)


@pytest.mark.parametrize("k", [None, 2])
def test_six_posts_of_italy_are_three_of_food_and_three_of_architecture(k: int | None) -> None:
    result = categories(SIX, ["italy", "food", "architecture"], k=k)
    assert result.categories == (
        Category("food_italy", ("food", "italy"), 3),
        Category("architecture_italy", ("architecture", "italy"), 3),
    )
    assert result.of_hashtag[1:].tolist() == [0, 1]


TOPICS = {
    "sea": ["boat", "water", "sailing", "harbour", "regatta"],
    "dogs": ["dog", "puppy", "dogsofinstagram", "walkies", "labrador"],
    "meals": ["food", "dinner", "foodie", "recipe", "pasta"],
}


def many_posts(count: int = 300, seed: int = 0) -> list[Post]:
    random = np.random.default_rng(seed)
    topics = list(TOPICS.values())
    return [
        Post((*random.permutation(topics[i % 3])[:3].tolist(), *(["love"] if i % 2 else [])))
        for i in range(count)
    ]


VOCABULARY = ["love", *(tag for tags in TOPICS.values() for tag in tags)]


def test_topics_are_found_without_being_told_how_many() -> None:
    result = categories(many_posts(), VOCABULARY)
    groups = [
        {tag for tag, place in zip(VOCABULARY, result.of_hashtag, strict=True) if place == group}
        for group in range(len(result.categories))
    ]
    assert [group - {"love"} for group in groups] == [set(tags) for tags in TOPICS.values()]
    assert result.silhouette is not None and result.silhouette > 0.3


def test_the_same_seed_gives_the_same_categories() -> None:
    one, two = (categories(many_posts(), VOCABULARY, k=5, seed=3) for _ in range(2))
    assert one.categories == two.categories
    assert one.of_hashtag.tolist() == two.of_hashtag.tolist()


def test_more_hashtags_than_fit_the_eye_are_brought_to_fewer_dimensions() -> None:
    random = np.random.default_rng(0)
    posts = [
        Post(tuple(f"{topic}{n}" for n in random.choice(100, 6, replace=False)))
        for topic in ("sea", "dog", "food")
        for _ in range(200)
    ]
    vocabulary = [f"{topic}{n}" for topic in ("sea", "dog", "food") for n in range(100)]
    result = categories(posts, vocabulary, k=3)
    topics = [{tag[:3] for tag in one.leaders} for one in result.categories]
    assert sorted(map(sorted, topics)) == [["dog"], ["foo"], ["sea"]]
    assert all(one.posts and one.posts > 190 for one in result.categories)


def test_a_category_asked_for_in_vain_is_not_made_up() -> None:
    assert len(categories(SIX, ["italy", "food", "architecture"], k=50).categories) == 4


def test_one_post_is_one_category() -> None:
    result = categories(posts_of(["beach", "sea"]), ["beach", "sea", "unused"])
    assert result.categories == (Category("beach_sea", ("beach", "sea"), 1),)
    assert result.of_hashtag.tolist() == [0, 0, -1]
    assert result.silhouette is None


def test_one_hashtag_for_all_posts_is_one_category() -> None:
    love = (Category("love", ("love",), 40),)
    assert categories(posts_of(*[["love"]] * 40), ["love"]).categories == love
    assert categories(posts_of(*[["love"]] * 40), ["love"], k=8).categories == love


def test_posts_without_known_hashtags_belong_to_none() -> None:
    result = categories(posts_of([], ["food"], ["unheard"]), ["food"])
    assert [one.posts for one in result.categories] == [1]


@pytest.mark.parametrize("posts", [[], posts_of([], [])])
def test_a_dataset_without_hashtags_is_told_in_a_sentence(posts: list[Post]) -> None:
    with pytest.raises(DatasetError, match="No post has a hashtag"):
        categories(posts, ["food"])


def test_no_categories_cannot_be_asked_for() -> None:
    with pytest.raises(DatasetError, match="0 categories cannot be made"):
        categories(SIX, ["italy", "food", "architecture"], k=0)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=4), min_size=1),
    st.one_of(st.none(), st.integers(1, 6)),
)
def test_every_used_hashtag_has_a_category_and_no_two_share_a_name(
    tags: list[list[str]], k: int | None
) -> None:
    used = {tag for post in tags for tag in post}
    if not used:
        return
    result = categories(posts_of(*tags), list("abcdefgh"), k=k)
    assert len({one.name for one in result.categories}) == len(result.categories)
    assert all(one.posts for one in result.categories)
    assert sum(one.posts or 0 for one in result.categories) == sum(map(bool, tags))
    for tag, place, weight in zip("abcdefgh", result.of_hashtag, result.weight, strict=True):
        assert (place >= 0) == (tag in used)
        assert 0 <= weight <= 1
