from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recommenders import bundle as bundles
from recommenders.bundle import Bundle, BundleError
from recommenders.category import read_categories
from recommenders.knowledge import Knowledge
from recommenders.ranking import Hashtag, ranking_part
from training.datasets.format import Post
from training.fitting.categories import categories
from training.fitting.knowledge import knowledge
from training.fitting.ratings import earnings, uses_of

HASHTAGS = ["boat", "water", "sailing", "dog", "puppy", "pet", "unused"]
POSTS = [
    *[Post(("boat", "water", "sailing"), likes=20)] * 6,
    *[Post(("boat", "water"), likes=40)] * 2,
    *[Post(("dog", "puppy", "pet"), likes=90)] * 5,
    *[Post(("dog", "pet"))] * 2,
]
VECTORS = np.array(
    [[1, 0, 0], [0.9, 0.1, 0], [0.8, 0, 0.2], [0, 1, 0], [0, 0.9, 0.1], [0.1, 0.7, 0], [0, 0, 0]],
    np.float32,
)


def make_bundle(post_counts: dict[str, int] | None = None) -> Bundle:
    known = knowledge(
        POSTS,
        HASHTAGS,
        {"skipgram": VECTORS, "cbow": VECTORS * np.array([1, 1, 9], np.float32)},
        categories(POSTS, HASHTAGS, k=2),
        post_counts=post_counts,
    )
    ranking = ranking_part(np.ones(len(HASHTAGS), np.float32), earnings(uses_of(POSTS, HASHTAGS)))
    return Bundle("test-1", HASHTAGS, {}).with_parts({"knowledge": known, "ranking": ranking})


@pytest.fixture
def known(tmp_path: Path) -> Knowledge:
    """Knowledge that has been to the disk and back."""
    bundles.save(make_bundle(), tmp_path / "bundle")
    return Knowledge(bundles.load(tmp_path / "bundle"))


def test_similar_hashtags_come_nearest_first_with_their_cosine(known: Knowledge) -> None:
    near = known.similar("dog", 2)
    assert [hashtag.tag for hashtag in near] == ["puppy", "pet"]
    assert near[0].score == pytest.approx(0.9939, abs=1e-3)
    assert [hashtag.tag for hashtag in known.similar("boat", 2)] == ["water", "sailing"]


def test_hashtags_that_have_nothing_in_common_are_not_similar(known: Knowledge) -> None:
    assert [hashtag.tag for hashtag in known.similar("dog", 9)] == ["puppy", "pet", "water"]


def test_each_model_has_its_own_similar_hashtags(known: Knowledge) -> None:
    assert known.models == ("skipgram", "cbow")
    assert known.similar("pet", 5, model="cbow") != known.similar("pet", 5, model="skipgram")
    with pytest.raises(KeyError):
        known.similar("pet", model="glove")


def test_a_hashtag_that_stands_alone_has_no_similar_ones(known: Knowledge) -> None:
    assert known.similar("unused") == []
    assert all(hashtag.tag != "unused" for hashtag in known.similar("dog", 20))


def test_of_several_hashtags_those_near_all_of_them_are_similar(known: Knowledge) -> None:
    together = [hashtag.tag for hashtag in known.similar(["boat", "dog"], 9)]
    assert set(together) == {"water", "sailing", "puppy", "pet"}
    assert known.similar("boat", 9)[0].tag == known.similar(["boat", "boat"], 9)[0].tag == "water"


def test_the_cosine_of_a_pair_is_that_of_its_vectors(known: Knowledge) -> None:
    assert known.cosine("dog", "puppy") == pytest.approx(0.9939, abs=1e-3)
    assert known.cosine("dog", "boat") == pytest.approx(0, abs=1e-3)
    assert known.cosine("dog", "unused") is None


def test_hashtags_on_few_posts_are_nobodys_neighbours_but_have_their_own() -> None:
    random = np.random.default_rng(0)
    tags = [f"tag{number}" for number in range(200)]
    posts = [Post((tag,)) for tag in tags[:150]] * 4 + [Post((tag,)) for tag in tags]
    vectors = {"cbow": random.random((200, 3), np.float32)}
    part = knowledge(posts, tags, vectors, categories(posts, tags, k=1), fewest_uses=5)
    ranking = ranking_part(np.ones(200, np.float32), np.ones(200, np.float32))
    known = Knowledge(
        Bundle("rare-1", tags, {}).with_parts({"knowledge": part, "ranking": ranking})
    )
    assert len(known.similar("tag0", 200)) == 149
    assert {hashtag.tag for hashtag in known.similar("tag199", 200)} == set(tags[:150])


def test_an_earlier_bundle_lists_what_is_similar_to_one_hashtag_and_no_more() -> None:
    bundle = make_bundle()
    arrays = {
        name: array
        for name, array in bundle.arrays["knowledge"].items()
        if not name.endswith("_vectors") and name not in ("uses", "likes")
    }
    for model in ("skipgram", "cbow"):
        arrays[f"{model}_indices"] = np.array([[1], [0], [0], [4], [3], [3], [-1]], np.int32)
        arrays[f"{model}_cosines"] = np.ones((7, 1), np.float16)
    known = Knowledge(replace(bundle, arrays={**bundle.arrays, "knowledge": arrays}))
    assert [hashtag.tag for hashtag in known.similar("dog")] == ["puppy"]
    assert (known.likes, known.uses("dog"), known.posts("dog")) == (None, None, None)
    for ask in (lambda: known.similar(["dog", "pet"]), lambda: known.cosine("dog", "pet")):
        with pytest.raises(BundleError, match=r"earlier version.*Fit it again"):
            ask()


def test_an_unknown_hashtag_is_told_apart_from_one_that_stands_alone(known: Knowledge) -> None:
    assert "unheard" not in known
    with pytest.raises(KeyError):
        known.similar("unheard")


def test_categories_come_largest_first_with_their_hashtags(known: Knowledge) -> None:
    water, dogs = known.categories()
    assert (water.posts, dogs.posts) == (8, 7)
    assert set(water.name.split("_")) == set(water.hashtags) == {"boat", "water", "sailing"}
    assert set(dogs.hashtags) == {"dog", "puppy", "pet"}
    assert not {"unused", "unheard"} & {*water.hashtags, *dogs.hashtags}


def test_a_hashtag_may_lead_two_categories() -> None:
    posts = [
        *[Post(("italy", "food"))] * 2,
        Post(("food",)),
        *[Post(("italy", "architecture"))] * 2,
        Post(("architecture",)),
    ]
    tags = ["italy", "food", "architecture"]
    ranking = ranking_part(np.ones(3, np.float32), np.ones(3, np.float32))
    part = knowledge(posts, tags, {}, categories(posts, tags))
    parts = {"knowledge": part, "ranking": ranking}
    known = Knowledge(Bundle("six", tags, {}).with_parts(parts))
    assert [one.hashtags for one in known.categories()] == [
        ("food", "italy"),
        ("architecture", "italy"),
    ]


def test_a_bundle_of_an_earlier_version_has_its_leaders_in_the_names() -> None:
    part = {"categories": [{"name": "sea_view_boat_gone", "posts": 7}]}
    bundle = Bundle("old", ["boat", "sea_view"], {}, settings={"knowledge": part})
    (category,) = read_categories(bundle)
    assert (category.leaders, category.posts) == (("sea_view", "boat"), 7)


@pytest.mark.parametrize(
    "rows",
    [
        [{"posts": 7}],
        [{"name": "sea", "head": "nowhere"}],
        [{"name": "sea", "head": "sea"}],
        [{"name": "sea"}] * 2,
        [{"name": "sea", "posts": "many"}],
        ["sea"],
    ],
)
def test_damaged_categories_are_told_in_a_sentence(rows: list[object]) -> None:
    with pytest.raises(BundleError, match="categories cannot be read"):
        read_categories(Bundle("odd", ["sea"], {}, settings={"knowledge": {"categories": rows}}))


def test_the_categories_of_a_photos_hashtags_come_with_their_share(known: Knowledge) -> None:
    water, dogs = known.categories()
    hashtags = [Hashtag("dog", 0.6), Hashtag("boat", 0.2), Hashtag("unheard", 9.0)]
    (first, most), (second, least) = known.fitting(hashtags)
    assert (first, second) == (dogs, water)
    assert (most, least) == pytest.approx((0.75, 0.25))
    assert known.fitting([Hashtag("unheard", 1.0)]) == []


def test_sizes_come_from_a_platforms_counts_where_they_are_known() -> None:
    counts = {"dog": 400_000_000, "puppy": 2_000_000, "sailing": 50_000}
    known = Knowledge(make_bundle(counts))
    assert [known.size(tag) for tag in counts] == ["broad", "middle", "niche"]
    assert known.size("taughtyesterday") == "niche"
    assert known.preferred_mix == "middle"
    assert known.counted_posts
    assert [known.posts(tag) for tag in ("dog", "boat", "unheard")] == [400_000_000, None, None]


def test_counts_of_none_of_the_hashtags_are_as_good_as_no_counts() -> None:
    known = Knowledge(make_bundle({"elsewhere": 400_000_000}))
    assert not known.counted_posts
    assert known.preferred_mix is None
    assert known.uses("boat") == 8


def test_likes_are_known(known: Knowledge) -> None:
    assert known.median_likes("dog") == 90
    assert known.median_likes("sailing") == 20
    assert known.median_likes("unused") is None


def test_a_bundle_of_an_earlier_version_is_told_in_a_sentence() -> None:
    bundle = make_bundle()
    del bundle.arrays["knowledge"]
    assert not Knowledge.in_bundle(bundle)
    with pytest.raises(BundleError, match=r"Fit it again with `tag4pic train fit`"):
        Knowledge(bundle)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("likes_hashtag", 7),
        ("likes_post_hashtags", 0),
        ("category_of", 2),
        ("size", 3),
        ("category_of", -2),
    ],
)
def test_a_damaged_bundle_is_told_and_not_believed(name: str, value: int) -> None:
    bundle = make_bundle()
    arrays = {key: array.copy() for key, array in bundle.arrays["knowledge"].items()}
    arrays[name].flat[0] = value
    with pytest.raises(BundleError, match="damaged"):
        Knowledge(replace(bundle, arrays={**bundle.arrays, "knowledge": arrays}))
