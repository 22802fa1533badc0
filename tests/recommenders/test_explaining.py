"""Why a photo got its hashtags."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recommenders.als import AlsRecommender
from recommenders.als_fit import AlsSettings, ClassHashtags, FittedAls, solve
from recommenders.answers import first_apart
from recommenders.arrays import unit
from recommenders.explaining import Reason, class_names, explain, shares_of
from recommenders.hashtags import parse
from recommenders.nearest import PhotoSpace
from recommenders.ranking import Hashtag
from recommenders.w2v import ProjectionHead, Word2VecRecommender

TAGS = ["dog", "snow", "winter", "beach", "sea", "sun"]
POSTS = [{0, 1, 2}] * 3 + [{1, 2}] * 3 + [{3, 4, 5}] * 4
BACKBONE = "eye"


Classifier = tuple[np.ndarray, np.ndarray]


def als(
    classifier: Classifier | None = None, class_hashtags: ClassHashtags | None = None
) -> AlsRecommender:
    """Photos of dogs in snow, of snow, and of the sea; features are hashtags, nearly."""
    draw = np.random.default_rng(0)
    table = np.array([[tag in post for tag in range(len(TAGS))] for post in POSTS], np.float32)
    photos = unit(table + draw.normal(0, 0.05, table.shape).astype(np.float32))
    hashtags = draw.normal(0, 0.1, (len(TAGS), 4)).astype(np.float32)
    for _ in range(20):
        gram = hashtags.T @ hashtags
        rows = [solve(hashtags, gram, np.flatnonzero(row), 10, 0.1) for row in table]
        factors = np.stack(rows)
        gram = factors.T @ factors
        hashtags = np.stack([solve(factors, gram, np.flatnonzero(c), 10, 0.1) for c in table.T])
    fitted = FittedAls(
        BACKBONE,
        PhotoSpace(np.zeros(len(TAGS), np.float32), np.eye(len(TAGS), dtype=np.float32)),
        photos,
        factors,
        hashtags,
        AlsSettings(neighbours=5, class_weight=0.5 if classifier else 0.0),
        class_hashtags,
    )
    return AlsRecommender(fitted, classifier)


def snowy_dog() -> dict[str, np.ndarray]:
    return {BACKBONE: np.array([[1, 1, 1, 0, 0, 0]], np.float32)}


def reasons(
    recommender: AlsRecommender | Word2VecRecommender, *tags: str, **options: object
) -> list[Reason]:
    columns = {tag: TAGS.index(tag) if tag in TAGS else None for tag in tags}
    return explain([recommender], snowy_dog(), columns, TAGS, **options)  # type: ignore[arg-type]


def test_behind_a_hashtag_stand_the_near_photos_that_carry_it() -> None:
    dog, snow, beach = reasons(als(), "dog", "snow", "beach")
    assert dog.known == 3
    assert len(dog.nearest) == 3
    assert all(set(photo.hashtags) == {"snow", "winter"} for photo in dog.nearest)
    assert all(0.9 < photo.cosine <= 1 for photo in dog.nearest)
    assert snow.known == 5
    assert (beach.known, beach.nearest) == (0, ())


def test_what_may_not_be_told_is_not_told() -> None:
    (dog,) = reasons(als(), "dog", skip={"snow"})
    assert all("snow" not in photo.hashtags for photo in dog.nearest)
    assert all("dog" not in photo.hashtags for photo in dog.nearest)


def test_an_unknown_hashtag_has_no_reason_and_a_bundle_without_classes_sees_none() -> None:
    unknown, dog = reasons(als(), "unheardof", "dog")
    assert unknown == Reason("unheardof")
    assert dog.seen == ()


def test_a_taught_photo_tells_what_it_was_taught() -> None:
    recommender = als()
    recommender.lessons.learn({"ann": (snowy_dog()[BACKBONE][0], {None: (6, 0)})}, len(TAGS) + 1)
    (rex,) = explain([recommender], snowy_dog(), {"rex": 6}, [*TAGS, "rex"])
    assert rex.known >= 1
    assert rex.nearest[0].hashtags == ("dog",)
    assert rex.nearest[0].cosine == pytest.approx(1, abs=1e-3)


def test_an_albums_photos_are_explained_as_one() -> None:
    once = explain([als()], snowy_dog(), {"dog": 0}, TAGS)
    album = {BACKBONE: np.repeat(snowy_dog()[BACKBONE], 3, axis=0)}
    assert explain([als()], album, {"dog": 0}, TAGS) == once


def classifier(*logits: tuple[int, float]) -> Classifier:
    """Sees class ``number`` by its logit, whatever the photo."""
    bias = np.full(1000, -20, np.float32)
    for number, logit in logits:
        bias[number] = logit
    return np.zeros((1000, len(TAGS)), np.float32), bias


def test_the_classes_that_give_a_hashtag_are_named_with_their_probability() -> None:
    seen = classifier((207, 1.0), (537, 0.0), (980, 0.0))
    table = csr_matrix(([1.0, 0.5, 1.0], ([207, 537, 537], [0, 0, 1])), (1000, len(TAGS)))
    dog, snow, sea = reasons(als(seen, ClassHashtags.of(table)), "dog", "snow", "sea")
    assert [seen.name for seen in dog.seen] == ["golden retriever", "dogsled"]
    assert dog.seen[0].probability == pytest.approx(0.576, abs=0.001)
    assert [seen.name for seen in snow.seen] == ["dogsled"]
    assert sea.seen == ()


def test_word2vec_names_classes_whose_vectors_are_near_the_hashtags() -> None:
    weight, bias = classifier((207, 1.0), (980, 0.9))
    weight2 = np.zeros((2, 1000), np.float32)
    weight2[:, 207], weight2[:, 980] = (1, 0), (0, 1)
    head = ProjectionHead(weight, bias, weight2, np.zeros(2, np.float32), classes=1000)
    vectors = np.array([[1, 0.05]] + [[0.05, 1]] * 5, np.float32)
    recommender = Word2VecRecommender(BACKBONE, head, vectors, np.zeros(6, np.float32), 10.0)
    dog, snow = reasons(recommender, "dog", "snow")
    assert [seen.name for seen in dog.seen] == ["golden retriever"]
    assert [seen.name for seen in snow.seen] == ["volcano"]
    assert dog.known == 0


def test_a_head_without_a_classifier_names_none() -> None:
    head = ProjectionHead(
        np.eye(6, dtype=np.float32),
        np.zeros(6, np.float32),
        np.eye(6, dtype=np.float32)[:2],
        np.zeros(2, np.float32),
    )
    vectors = np.ones((6, 2), np.float32)
    recommender = Word2VecRecommender(BACKBONE, head, vectors, np.zeros(6, np.float32), 10.0)
    assert reasons(recommender, "dog") == [Reason("dog")]


def test_every_imagenet_class_has_a_name_of_its_own() -> None:
    names = class_names()
    assert len(names) == len(set(names)) == 1000
    assert (names[0], names[207], names[999]) == ("tench", "golden retriever", "toilet tissue")
    assert all(name == name.strip() != "" for name in names)


@pytest.mark.parametrize(
    ("ranked", "expected"),
    [
        ("#dog #dogs #cat #sea #sun #sky", "#dog #cat #sea #sun #sky #dogs"),
        ("#dog #dogs", "#dog #dogs"),
        ("#boy #boys #sea #sun #sky #cat", "#boy #sea #sun #sky #cat #boys"),
        ("#a1 #b1 #c1 #d1 #e1 #e1s", "#a1 #b1 #c1 #d1 #e1 #e1s"),
    ],
)
def test_two_of_a_family_do_not_both_stand_among_the_first_five(ranked: str, expected: str) -> None:
    given = first_apart([Hashtag(tag, 1.0) for tag in parse(ranked)[0]])
    assert [hashtag.tag for hashtag in given] == parse(expected)[0]


def test_sources_that_speak_for_a_hashtag_share_what_counted() -> None:
    added = {"als": 1.0, "w2v": 3.0, "classes": -2.0, "share": 0.1, "words": 0.0}
    assert shares_of(added) == (("w2v", 0.75), ("als", 0.25))


def test_where_nothing_speaks_for_a_hashtag_nothing_counted() -> None:
    assert shares_of({"als": -1.0, "w2v": 0.0}) == ()
