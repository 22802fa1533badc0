"""What fine-tuning learns from labelled photos, and that it forgets nothing for it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommenders import bundle as bundles
from recommenders.arrays import unit
from recommenders.backbones.backbone import load_backbone
from recommenders.bundle import Bundle, BundleError
from recommenders.engine import Engine
from recommenders.knowledge import Knowledge
from recommenders.w2v import ProjectionHead, Word2VecRecommender
from tests.concepts import (
    BACKBONE,
    CONCEPTS,
    DIMS,
    UNKNOWN,
    features_of,
    hashtags_of,
    photos_of,
)
from training.finetuning.run import FineTuned, NothingToLearnError, TaughtPhotos, fine_tune
from training.fitting.class_head import class_part, fit_class_head
from training.fitting.replay import head_rows, replay_part
from training.fitting.vocabulary import matrix

ALL_TAGS = hashtags_of(UNKNOWN)


@pytest.fixture(scope="module")
def bundle(concepts: Path) -> Bundle:
    return bundles.load(concepts)


def taught(photos: int, tags: Sequence[str], seed: int = 7, concept: str = UNKNOWN) -> TaughtPhotos:
    weights: Mapping[str, float] = dict.fromkeys(tags, 1.0)
    return TaughtPhotos(range(photos), features_of(concept, photos, seed), [weights] * photos)


def firsts(bundle: Bundle, features: NDArray[np.float32], top: int = 10) -> list[list[str]]:
    engine = Engine(bundle, {BACKBONE: load_backbone(BACKBONE, None)})
    answers = engine.recommend({BACKBONE: features}, "w2v", top=top, style="relevant")
    return [[hashtag.tag for hashtag in answer] for answer in answers]


def recall_at_five(bundle: Bundle) -> float:
    features, labels = photos_of(CONCEPTS, 8, seed=1)
    pairs = zip(labels, firsts(bundle, features, 5), strict=True)
    return float(np.mean([len({*tags} & {*answer}) / len(tags) for tags, answer in pairs]))


@pytest.fixture(scope="module", params=[ALL_TAGS, (UNKNOWN,)], ids=["with others", "alone"])
def tags(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """What forty photos of something unknown are taught with."""
    tags: tuple[str, ...] = request.param
    return tags


@pytest.fixture(scope="module")
def tuned(bundle: Bundle, tags: tuple[str, ...]) -> FineTuned:
    return fine_tune(bundle, taught(40, tags), "mine-2")


@pytest.fixture(scope="module")
def twelve(bundle: Bundle) -> Bundle:
    return fine_tune(bundle, taught(12, ALL_TAGS), "mine-2").bundle


def test_forty_photos_of_something_unknown_are_enough_to_be_promoted(tuned: FineTuned) -> None:
    assert tuned.decision.promoted, tuned.decision.reason


def test_the_hashtags_that_the_bundle_lacked_are_added(
    bundle: Bundle, tags: tuple[str, ...], tuned: FineTuned
) -> None:
    assert set(tuned.added) == set(tags) - set(bundle.hashtags)
    assert tuned.bundle.hashtags == [*bundle.hashtags, *tuned.added]


def test_other_photos_of_it_get_its_hashtag(tuned: FineTuned) -> None:
    others = firsts(tuned.bundle, features_of(UNKNOWN, 20, seed=8))
    assert sum(UNKNOWN in answer for answer in others) >= 16


def test_nothing_is_forgotten_for_it(bundle: Bundle, tuned: FineTuned) -> None:
    assert recall_at_five(bundle) > 0.8
    assert recall_at_five(tuned.bundle) >= recall_at_five(bundle) - 0.01


def test_photos_of_other_things_do_not_get_its_hashtag(tuned: FineTuned) -> None:
    unrelated = firsts(tuned.bundle, photos_of(CONCEPTS[6:], 4, seed=2)[0], 5)
    assert sum(UNKNOWN in answer for answer in unrelated) <= len(unrelated) // 20


def test_the_bundle_that_is_fine_tuned_stays_as_it_is(bundle: Bundle, twelve: Bundle) -> None:
    assert twelve.model == "mine-2"
    assert bundle.model == "mine-1" and UNKNOWN not in bundle.hashtags


def test_a_version_comes_back_from_disk_with_its_new_hashtags(
    bundle: Bundle, twelve: Bundle, tmp_path: Path
) -> None:
    bundles.save(twelve, tmp_path / "mine-2")
    engine = Engine.load(tmp_path / "mine-2")
    assert engine.model == "mine-2"
    assert engine.hashtags == [*bundle.hashtags, UNKNOWN, f"{UNKNOWN}lovers"]
    assert UNKNOWN in engine.own_hashtags


def test_a_new_hashtag_has_similar_ones_and_a_size(twelve: Bundle) -> None:
    knowledge = Knowledge(twelve)
    assert "animals" in [hashtag.tag for hashtag in knowledge.similar(UNKNOWN, 8)]
    assert knowledge.size(UNKNOWN) == "niche"


def test_every_backend_answers_with_a_vocabulary_that_has_grown(twelve: Bundle) -> None:
    engine = Engine(twelve, {BACKBONE: load_backbone(BACKBONE, None)})
    features = {BACKBONE: features_of(UNKNOWN, 3, seed=8)}
    for backend in engine.backends:
        assert len(engine.recommend(features, backend)[0]) == 10


def test_scores_of_a_few_photos_at_a_time_give_the_same_version(
    bundle: Bundle, twelve: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("run", "promotion", "vocabulary_growth"):
        monkeypatch.setattr(f"training.finetuning.{module}.ROWS", 5)
    again = fine_tune(bundle, taught(12, ALL_TAGS), "mine-2").bundle
    assert again.metrics == twelve.metrics and again.hashtags == twelve.hashtags
    for part, arrays in twelve.arrays.items():
        for name, array in arrays.items():
            np.testing.assert_allclose(again.arrays[part][name], array, rtol=1e-3, atol=1e-4)


@pytest.fixture(scope="module")
def thirty(bundle: Bundle) -> Bundle:
    return fine_tune(bundle, taught(30, ALL_TAGS), "mine-2").bundle


def test_als_recommends_a_new_hashtag_from_the_bundle_alone(thirty: Bundle) -> None:
    engine = Engine(thirty, {BACKBONE: load_backbone(BACKBONE, None)})
    scores = engine.scores({BACKBONE: features_of(UNKNOWN, 10, seed=8)}, "als")
    assert scores[:, engine.hashtags.index(UNKNOWN)].mean() > 0.01


def test_als_learns_a_photo_only_once(bundle: Bundle, thirty: Bundle) -> None:
    backbone = {BACKBONE: load_backbone(BACKBONE, None)}
    lesson = taught(30, ALL_TAGS)
    photos = {
        key: ({BACKBONE: row}, {None: list(tags)})
        for key, row, tags in zip(lesson.keys, lesson.features, lesson.hashtags, strict=True)
    }
    others = {BACKBONE: features_of(UNKNOWN, 10, seed=8)}

    def scores(version: Bundle) -> NDArray[np.float32]:
        engine = Engine(version, backbone)
        engine.learn(photos)
        return engine.scores(others, "als")[:, engine.hashtags.index(UNKNOWN)]

    # Taught to the old bundle or to the one that was tuned on them: the same ALS.
    np.testing.assert_allclose(scores(thirty), scores(bundle), atol=0.02)


def test_what_teaches_nothing_new_is_not_promoted_and_the_reason_is_told(bundle: Bundle) -> None:
    tuned = fine_tune(bundle, taught(20, ["animals"], concept=CONCEPTS[0]), "mine-2")
    assert not tuned.decision.promoted and tuned.added == ()
    assert tuned.decision.reason.startswith(
        "It has not learnt: recall of held-out labels went from 1.000"
    )


def test_held_out_photos_are_no_start_for_new_hashtags(bundle: Bundle) -> None:
    # Each new hashtag is on two photos that have nothing in common: one says nothing of the other.
    features, _ = photos_of(CONCEPTS, 1, seed=7)
    names = [{f"name{number % 15}": 1.0} for number in range(len(CONCEPTS))]
    tuned = fine_tune(bundle, TaughtPhotos(range(len(names)), features, names), "mine-2")
    assert tuned.after.labels < 0.2


def test_the_next_version_is_measured_by_what_the_one_before_has_not_learnt(
    bundle: Bundle,
) -> None:
    other = "animals9"
    earlier, later = taught(40, ALL_TAGS), taught(20, hashtags_of(other), concept=other)
    first = fine_tune(bundle, earlier, "mine-2")
    both = TaughtPhotos(
        range(60),
        np.concatenate([earlier.features, later.features]),
        [*earlier.hashtags, *later.hashtags],
        [()] * 40 + [hashtags_of(other)] * 20,
    )
    second = fine_tune(first.bundle, both, "mine-3")
    assert second.before.labels <= 1 / 3 + 1e-6, "of the three hashtags it knows one, their group"
    assert second.decision.promoted, second.decision.reason


def test_hashtags_that_only_held_out_photos_carry_count_as_missed(bundle: Bundle) -> None:
    features = features_of(UNKNOWN, 10, seed=7)
    names = [{f"name{number}": 1.0} for number in range(10)]
    tuned = fine_tune(bundle, TaughtPhotos(range(10), features, names), "mine-2")
    assert (tuned.before.labels, tuned.after.labels) == (0.0, 0.0)
    assert not tuned.decision.promoted
    assert np.isfinite(tuned.bundle.arrays["w2v"]["vectors"]).all()


def test_too_few_photos_are_refused(bundle: Bundle) -> None:
    with pytest.raises(NothingToLearnError, match="7 labelled photos are too few"):
        fine_tune(bundle, taught(7, [UNKNOWN]), "mine-2")
    with pytest.raises(NothingToLearnError, match="1 labelled photo is too few"):
        fine_tune(bundle, taught(1, [UNKNOWN]), "mine-2")


def test_no_more_photos_are_called_held_out_than_are_carried() -> None:
    counts = csr_matrix(np.ones((2700, 1), np.float32))
    part = replay_part(BACKBONE, np.ones((2700, 1)), counts, most=100)
    assert part.settings["held"] == len(part.arrays["features"]) == 100


def test_the_pictures_of_an_album_are_rehearsed_or_held_out_together() -> None:
    albums = [f"album {row // 4}" for row in range(200)]
    fit_on, unseen = head_rows(200, albums=albums)
    assert len(fit_on) == 192 and len(unseen) == 8
    assert not {albums[row] for row in fit_on} & {albums[row] for row in unseen}
    table = csr_matrix(np.eye(200, dtype=np.float32))
    part = replay_part(BACKBONE, np.ones((200, DIMS), np.float32), table, albums=albums)
    assert part.settings["held"] == 8 and list(part.arrays["columns"][:8]) == list(unseen)


@pytest.mark.parametrize("photos", [2, 10])
def test_of_few_photos_one_is_held_out_to_tell_what_is_forgotten(photos: int) -> None:
    assert [len(rows) for rows in head_rows(photos)] == [photos - 1, 1]


def test_a_bundle_without_photos_to_rehearse_is_refused(bundle: Bundle) -> None:
    without = {name: arrays for name, arrays in bundle.arrays.items() if name != "replay"}
    with pytest.raises(BundleError, match="carries no photos to rehearse"):
        fine_tune(replace(bundle, arrays=without), taught(20, [UNKNOWN]), "old-2")


def test_a_bundle_without_word2vec_is_refused(bundle: Bundle) -> None:
    als = {"als": bundle.arrays["als"], "ranking": bundle.arrays["ranking"]}
    with pytest.raises(BundleError, match="no Word2Vec backend"):
        fine_tune(replace(bundle, arrays=als), taught(20, [UNKNOWN]), "als-2")


def test_the_head_that_serves_other_backbones_learns_too(bundle: Bundle) -> None:
    draw = np.random.default_rng(0)
    known = np.concatenate([features_of(concept, 12, 0) for concept in CONCEPTS])
    # As in ImageNet's classifier, what is like one known photo or another is another class.
    weight = np.asarray(unit(known[draw.integers(0, len(known), 1000)]) * 3, np.float32)
    classifier = weight, np.zeros(1000, np.float32)
    tags = [tags for concept in CONCEPTS for tags in [hashtags_of(concept)] * 12]
    vectors = unit(bundle.arrays["w2v"]["vectors"].astype(np.float32))
    popular = bundle.arrays["ranking"]["popularity"]
    means = draw.standard_normal((1000, vectors.shape[1])).astype(np.float32)
    counts = matrix(tags, bundle.hashtags)
    fitted = fit_class_head(classifier, means, vectors, popular, 1.0, 12.0, known, counts)
    part = class_part(fitted, 3.0, ["resnet50"])
    serving = replace(
        bundle,
        settings=bundle.settings | {"w2v_classes": part.settings},
        arrays=bundle.arrays | {"w2v_classes": part.arrays},
    )
    lesson = taught(40, ALL_TAGS)
    tuned = fine_tune(serving, lesson, "mine-2", classifier=classifier).bundle
    new = tuned.arrays["w2v_classes"]
    head = ProjectionHead(
        *classifier,
        *(new["weight2"].astype(np.float32), new["bias2"], 1000),
        float(tuned.settings["w2v_classes"]["temperature"]),
    )
    recommender = Word2VecRecommender(
        "resnet50",
        head,
        tuned.arrays["w2v"]["vectors"],
        new["prior"],
        float(tuned.settings["w2v_classes"]["scale"]),
    )
    top = np.argsort(-recommender.scores(features_of(UNKNOWN, 20, seed=8)), axis=1)[:, :10]
    column = tuned.hashtags.index(UNKNOWN)
    assert (top == column).any(axis=1).sum() >= 16
