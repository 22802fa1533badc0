from pathlib import Path

import numpy as np
import pytest

from recommenders.arrays import Floats, unit
from recommenders.bundle import Bundle
from recommenders.knowledge import Knowledge
from recommenders.nearest import nearest
from training.datasets.format import DatasetError, Post
from training.fitting.categories import categories
from training.fitting.knowledge import knowledge
from training.fitting.plan import MODELS, Model, Plan, VectorsPlan
from training.fitting.prepare import hashtag_vectors
from training.fitting.vectors import (
    aligned,
    epochs_of,
    starting_vectors,
    train_vectors,
)

TOPICS = [
    topic.split()
    for topic in (
        "beach sea sand waves surf ocean seaside island sunset swim boat palm",
        "dog puppy pup doglover walkies labrador dogs instadog poodle paws terrier pet",
        "wedding bride groom dress flowers vows rings bridal cake church party couple",
    )
]


def quick(dims: int, epochs: int) -> VectorsPlan:
    """A plan of so many epochs, whatever the posts."""
    return VectorsPlan(dims=dims, fewest_epochs=epochs, most_epochs=epochs)


def posts(count: int = 600) -> list[Post]:
    random = np.random.default_rng(0)
    return [Post(tuple(random.permutation(TOPICS[i % 3])[:4].tolist())) for i in range(count)]


def near(tag: str, tags: list[str], vectors: Floats, k: int) -> set[str]:
    directions, row = unit(vectors), tags.index(tag)
    columns, _ = nearest(directions[[row]], directions, k + 1)
    return {tags[column] for column in columns[0]} - {tag}


@pytest.mark.parametrize("model", ["skipgram", "cbow"])
def test_hashtags_that_stand_together_are_similar(model: Model) -> None:
    tags, vectors = train_vectors(posts(), model, quick(20, 40))
    for topic in TOPICS:
        for tag in topic:
            assert near(tag, tags, vectors, 4) <= set(topic) - {tag}


def test_the_same_seed_gives_the_same_vectors_and_another_seed_others() -> None:
    tags, vectors = train_vectors(posts(90), plan=quick(8, 3))
    again, same = train_vectors(posts(90), plan=quick(8, 3))
    assert tags == again
    assert np.array_equal(vectors, same)
    assert not np.array_equal(vectors, train_vectors(posts(90), plan=quick(8, 3), seed=1)[1])
    assert vectors.dtype == np.float32


def test_the_most_used_hashtag_comes_first_even_one_that_stands_alone() -> None:
    some = [Post(("beach", "sea")), Post(("beach", "sea", "once")), Post(("alone",))]
    assert train_vectors(some, plan=quick(4, 1))[0] == ["beach", "sea", "alone", "once"]


def test_a_hashtag_that_stands_beside_no_other_has_no_vector_and_is_similar_to_nothing() -> None:
    some = [*posts(60), *[Post(("alone",))] * 12]
    hashtags = ["beach", "alone", "sea"]
    plan = Plan(vectors=quick(4, 1))
    vectors = hashtag_vectors(some, hashtags, plan)
    for model in MODELS:
        assert vectors[model].any(axis=1).tolist() == [True, False, True]
    assert starting_vectors(vectors, 3, plan).any(axis=1).all()
    grouped = categories(some, hashtags, k=2)
    part = knowledge(some, hashtags, vectors, grouped, fewest_uses=1)
    known = Knowledge(Bundle("mine-1", hashtags, {}).with_parts({"knowledge": part}))
    assert known.similar("alone") == []
    assert [similar.tag for similar in known.similar("sea")] == ["beach"]


def test_progress_is_reported_after_each_epoch() -> None:
    reports: list[tuple[str, int, int]] = []
    train_vectors(posts(30), plan=quick(4, 3), progress=lambda *report: reports.append(report))
    assert reports == [("Word2Vec, skipgram", done, 3) for done in (1, 2, 3)]


@pytest.mark.parametrize("some", [[], [Post(())], [Post(("love",))] * 5])
def test_posts_that_teach_nothing_are_refused_in_a_sentence(some: list[Post]) -> None:
    with pytest.raises(DatasetError, match="No post has two or more hashtags"):
        train_vectors(some)


def test_a_vocabulary_gets_zeros_where_there_is_no_vector() -> None:
    vectors = np.array([[1, 2], [3, 4]], np.float32)
    assert aligned(["b", "new", "a"], ["a", "b"], vectors).tolist() == [[3, 4], [0, 0], [1, 2]]


def test_epochs_that_a_plan_names_are_made_whatever_the_posts() -> None:
    reports: list[tuple[str, int, int]] = []
    plan = VectorsPlan(dims=4, epochs=2)
    train_vectors(posts(30), plan=plan, progress=lambda *report: reports.append(report))
    assert reports[-1] == ("Word2Vec, skipgram", 2, 2) and epochs_of(posts(30), plan) == 2
    assert epochs_of(posts(30), VectorsPlan(uses=1200)) == 10  # 30 posts of 4 hashtags
    assert epochs_of([Post(("alone",))], VectorsPlan(epochs=2)) == 0


def test_the_head_starts_from_the_plans_model_and_drawn_vectors_where_it_has_none() -> None:
    some = [*posts(60), Post(("once", "beach"))]
    hashtags = ["beach", "once", "dog"]
    vectors = {}
    for model in MODELS:
        plan = Plan(vectors=VectorsPlan(model=model, dims=6, epochs=1, min_count=2))
        vectors[model] = starting_vectors(hashtag_vectors(some, hashtags, plan), 3, plan)
    learnt = hashtag_vectors(some, hashtags, plan)
    for model, start in vectors.items():
        assert np.array_equal(start[[0, 2]], learnt[model][[0, 2]])
        assert not learnt[model][1].any() and start[1].any()


def test_a_floor_above_every_hashtag_is_refused_in_a_sentence() -> None:
    plan = Plan(vectors=VectorsPlan(min_count=1000))
    with pytest.raises(DatasetError, match=r"1,000 or more posts. Lower vectors\.min_count"):
        hashtag_vectors(posts(30), ["beach"], plan)


HARRISON = Path(__file__).parents[4] / "shared" / "data" / "harrison" / "tag_list.txt"


@pytest.mark.skipif(not HARRISON.is_file(), reason="HARRISON's hashtags are not in ../shared")
def test_beach_is_near_sand_and_dog_near_puppy_on_instagram() -> None:
    lines = HARRISON.read_text(encoding="utf-8").splitlines()
    some = [Post(tuple(dict.fromkeys(line.split()))) for line in lines]
    tags, vectors = train_vectors(some, "cbow", quick(150, 4))
    assert {"sand", "beachlife", "seaside"} & near("beach", tags, vectors, 10)
    assert {"puppy", "pup", "doglover"} & near("dog", tags, vectors, 10)
