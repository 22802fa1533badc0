"""What is written of each part of a bundle is what is read, as exact as it is stored."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recommenders.als_fit import (
    AlsSettings,
    ClassHashtags,
    FittedAls,
    als_part,
    indexed,
    read_als,
    with_hashtag_factors,
)
from recommenders.arrays import Floats, unit, whole_numbers
from recommenders.bundle import NEIGHBOURS, Bundle, BundleError, Part, load, save
from recommenders.category import Category
from recommenders.hashtag_tables import HashtagTables, knowledge_part, read_knowledge
from recommenders.nearest import PhotoIndex, PhotoSpace, nearest
from recommenders.ranking import Ranking, ranking_part, read_ranking
from recommenders.ratings import Uses
from recommenders.w2v import (
    ClassHead,
    ProjectionHead,
    class_head_part,
    read_class_head,
    read_w2v,
    w2v_part,
)

HASHTAGS = ["dog", "snow", "sea", "sun"]
BACKBONE, DIMS, CLASSES = "mobilenet_v2", 1280, 1000


def drawn(*shape: int) -> Floats:
    """Numbers that float16 gives back exactly."""
    return np.random.default_rng(list(shape)).integers(-9, 9, shape).astype(np.float32)


def bundle_of(**parts: Part) -> Bundle:
    return Bundle("parts-1", HASHTAGS, {BACKBONE: ""}).with_parts(parts)


@pytest.fixture
def fitted() -> FittedAls:
    photos = unit(whole_numbers(unit(drawn(6, 3))).astype(np.float32))
    table = csr_matrix(([0.5, 1.0, 0.25], ([0, 0, 999], [1, 3, 0])), (CLASSES, len(HASHTAGS)))
    return FittedAls(
        BACKBONE,
        PhotoSpace(drawn(DIMS), drawn(3, DIMS)),
        photos,
        drawn(6, 2),
        drawn(len(HASHTAGS), 2),
        AlsSettings(neighbours=3, class_weight=0.5),
        ClassHashtags.of(table),
    )


def test_als_comes_back(fitted: FittedAls) -> None:
    back = read_als(bundle_of(als=als_part(fitted)))
    assert (back.backbone, back.settings) == (fitted.backbone, fitted.settings)
    for name in ("photos", "photo_factors", "hashtag_factors"):
        np.testing.assert_array_equal(getattr(back, name), getattr(fitted, name))
    np.testing.assert_array_equal(back.space.mean, fitted.space.mean)
    np.testing.assert_array_equal(back.space.components, fitted.space.components)


def test_the_hashtags_of_classes_come_back(fitted: FittedAls) -> None:
    back = read_als(bundle_of(als=als_part(fitted)))
    assert back.class_hashtags is not None
    seen = np.eye(CLASSES, dtype=np.float32)
    sums = back.class_hashtags.sums(seen[[0, 500, 999]])
    np.testing.assert_array_equal(sums, [[0, 0.5, 0, 1], [0] * 4, [0.25, 0, 0, 0]])
    affinity = [back.class_hashtags.of_hashtag(column)[[0, 500, 999]] for column in range(4)]
    np.testing.assert_array_equal(np.transpose(affinity), sums)


def test_a_grown_vocabulary_remembers_how_many_hashtags_were_fitted(fitted: FittedAls) -> None:
    bundle = bundle_of(als=als_part(fitted))
    part = with_hashtag_factors(bundle, drawn(5, 2))
    bundle = Bundle("parts-2", [*HASHTAGS, "rex"], {}, bundle.settings).with_parts({"als": part})
    back = read_als(bundle)
    assert back.fitted_hashtags == len(HASHTAGS)
    np.testing.assert_array_equal(back.hashtag_factors, drawn(5, 2))


def test_photos_stored_again_are_stored_the_same() -> None:
    stored = whole_numbers(unit(np.random.default_rng(0).standard_normal((500, 40), np.float32)))
    again = whole_numbers(unit(stored.astype(np.float32)))
    assert np.abs(stored).max(axis=1).tolist() == [127] * 500
    np.testing.assert_array_equal(again, stored)


def test_word2vec_comes_back() -> None:
    head = ProjectionHead(drawn(5, DIMS), drawn(5), drawn(4, 5), drawn(4), 0, 2.0, 2)
    part = w2v_part(BACKBONE, head, drawn(len(HASHTAGS), 4), drawn(len(HASHTAGS)), 7.0, 3.5)
    back = read_w2v(bundle_of(w2v=part))
    assert (back.backbone, back.scale, back.hashtags_per_post) == (BACKBONE, 7.0, 3.5)
    for field in fields(ProjectionHead):
        np.testing.assert_array_equal(getattr(back.head, field.name), getattr(head, field.name))
    np.testing.assert_array_equal(back.prior, drawn(len(HASHTAGS)))


def test_the_head_for_other_backbones_comes_back() -> None:
    own = ProjectionHead(drawn(5, DIMS), drawn(5), drawn(4, 5), drawn(4))
    w2v = w2v_part(BACKBONE, own, drawn(len(HASHTAGS), 4), drawn(len(HASHTAGS)), 7.0, 3.5)
    head = ClassHead(
        ("resnet50",), drawn(4, CLASSES), drawn(4), drawn(len(HASHTAGS)), 8.0, 1.5, 3.0
    )
    back = read_class_head(bundle_of(w2v=w2v, w2v_classes=class_head_part(head)))
    assert back is not None
    for field in fields(ClassHead):
        np.testing.assert_array_equal(getattr(back, field.name), getattr(head, field.name))


def test_a_bundle_without_a_part_that_it_may_lack_has_none() -> None:
    assert read_class_head(bundle_of()) is None
    assert read_knowledge(bundle_of()) is None


def test_the_ranking_comes_back_with_the_backends_own_settings() -> None:
    popularity, rating = np.linspace(0.1, 0.4, 4, dtype=np.float32), np.ones(4, np.float32)
    bundle = bundle_of(
        ranking=ranking_part(popularity, rating, "als"), als=Part({"popularity_exponent": 0.3})
    )
    back = read_ranking(bundle, "als")
    assert (back.exponent, back.diversity, back.directions) == (0.3, 0.0, None)
    np.testing.assert_array_equal(back.popularity, popularity)
    np.testing.assert_array_equal(back.rating, rating)


def test_a_taught_hashtag_is_never_rarer_than_all_others_and_rated_as_most() -> None:
    ranking = Ranking(np.array([0.01, 0.2, 0.3], np.float32), np.array([0.2, 0.5, 1], np.float32))
    grown = ranking.with_taught(np.array([0, 9]), 94)
    assert grown.popularity == pytest.approx([0.01, 0.2, 0.3, 0.01, 0.1])
    assert grown.rating == pytest.approx([0.2, 0.5, 1, 0.5, 0.5])


def tables(**more: Any) -> HashtagTables:
    return HashtagTables(
        categories=(
            Category("animals", ("dog",), titles={"en": "animals", "ru": "животные"}),
            Category("dog_snow", ("dog", "snow"), 5, head="animals"),
            Category("sea_sun", ("sea", "sun"), 2),
        ),
        silhouette=0.4,
        preferred_mix="middle",
        category_of=np.array([0, 0, 1, -1], np.int32),
        category_weight=drawn(4),
        size=np.array([0, 1, 2, 0], np.int8),
        median_likes=np.array([7, np.nan, 0, 1], np.float32),
        **more,
    )


def test_knowledge_comes_back() -> None:
    likes = Uses(np.array([3, 0, 3]), np.array([7.0, 0.0, 2e12]), np.array([2, 1, 30]), 4)
    whole = tables(
        vectors={"skipgram": drawn(4, 2).astype(np.int8), "cbow": drawn(4, 3).astype(np.int8)},
        fewest_uses=3,
        uses=np.array([9, 4, 0, 2], np.int32),
        posts=np.array([10**10, -1, 0, 5], np.int64),
        likes=likes,
    )
    back = read_knowledge(bundle_of(knowledge=knowledge_part(whole)))
    assert back is not None and back.vectors.keys() == whole.vectors.keys()
    for field in fields(HashtagTables):
        if field.name not in ("vectors", "likes", "similar"):
            np.testing.assert_array_equal(getattr(back, field.name), getattr(whole, field.name))
    for model, vectors in whole.vectors.items():
        np.testing.assert_array_equal(back.vectors[model], vectors)
    assert back.likes is not None
    for field in fields(Uses):
        np.testing.assert_array_equal(getattr(back.likes, field.name), getattr(likes, field.name))


def test_knowledge_of_an_earlier_version_comes_back() -> None:
    columns = np.array([[1], [0], [-1], [2]], np.int32)
    earlier = tables(similar={"skipgram": (columns, drawn(4, 1).astype(np.float16))})
    back = read_knowledge(bundle_of(knowledge=knowledge_part(earlier)))
    assert back is not None and back.similar.keys() == earlier.similar.keys()
    for one, other in zip(back.similar["skipgram"], earlier.similar["skipgram"], strict=True):
        np.testing.assert_array_equal(one, other)
    assert (back.uses, back.posts, back.likes, back.vectors) == (None, None, None, {})


def test_photos_may_be_an_index_that_stays_on_the_disk(fitted: FittedAls, tmp_path: Path) -> None:
    pytest.importorskip("usearch", reason="usearch is an extra")
    save(bundle_of(**indexed(als_part(fitted))), tmp_path / "many")
    bundle = load(tmp_path / "many")
    assert isinstance(bundle.array(NEIGHBOURS, "index", None), np.memmap)
    rows, cosines = nearest(np.asarray(fitted.photos), read_als(bundle).photos, 3)
    exact, exactly = nearest(np.asarray(fitted.photos), fitted.photos, 3)
    np.testing.assert_allclose(cosines, exactly, atol=2e-3)
    assert rows[:, 0].tolist() == exact[:, 0].tolist()
    save(bundle, tmp_path / "many")  # in the place of what it is read from
    assert read_als(load(tmp_path / "many")).photos.shape == (6, 3)


def test_an_index_of_other_photos_is_refused(fitted: FittedAls) -> None:
    pytest.importorskip("usearch", reason="usearch is an extra")
    other = Part({}, {"index": PhotoIndex.build(unit(drawn(6, 2)))})
    with pytest.raises(BundleError, match="index belongs to other photos"):
        read_als(bundle_of(**indexed(als_part(fitted)) | {NEIGHBOURS: other}))
