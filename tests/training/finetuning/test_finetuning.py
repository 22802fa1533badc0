"""What fine-tuning learns from labelled photos, and that it forgets nothing for it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from recommenders import bundle as bundles
from recommenders.arrays import unit
from recommenders.backbones.backbone import load_backbone
from recommenders.bundle import Bundle, BundleError
from recommenders.engine import Engine
from recommenders.w2v import ProjectionHead, Word2VecRecommender
from tests.concepts import (
    BACKBONE,
    CONCEPTS,
    UNKNOWN,
    concept_bundle,
    features_of,
    hashtags_of,
    photos_of,
)
from training.finetuning.run import NothingToLearnError, Taught, fine_tune
from training.fitting.class_head import ClassLayer, class_part, constructed, fitted_on
from training.fitting.vocabulary import matrix


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return bundles.load(concept_bundle(tmp_path_factory.mktemp("bundle") / "mine"))


def taught(photos: int, tags: Sequence[str], seed: int = 7, concept: str = UNKNOWN) -> Taught:
    weights: Mapping[str, float] = dict.fromkeys(tags, 1.0)
    return Taught(range(photos), features_of(concept, photos, seed), [weights] * photos)


def firsts(bundle: Bundle, features: NDArray[np.float32], top: int = 10) -> list[list[str]]:
    engine = Engine(bundle, {BACKBONE: load_backbone(BACKBONE, None)})
    answers = engine.recommend({BACKBONE: features}, "w2v", top=top, style="relevant")
    return [[hashtag.tag for hashtag in answer] for answer in answers]


def recall_at_five(bundle: Bundle) -> float:
    features, said = photos_of(CONCEPTS, 8, seed=1)
    answers = firsts(bundle, features, 5)
    found = [len({*tags} & {*got}) / len(tags) for tags, got in zip(said, answers, strict=True)]
    return float(np.mean(found))


@pytest.mark.parametrize("alone", [False, True], ids=["with others", "alone"])
def test_forty_photos_of_something_unknown_teach_its_hashtag_and_nothing_is_forgotten(
    bundle: Bundle, alone: bool
) -> None:
    tags = [UNKNOWN] if alone else hashtags_of(UNKNOWN)
    tuned = fine_tune(bundle, taught(40, tags), "mine-2")
    assert tuned.promoted, tuned.reason
    assert set(tuned.added) == set(tags) - set(bundle.hashtags)
    others = firsts(tuned.bundle, features_of(UNKNOWN, 20, seed=8))
    assert sum(UNKNOWN in answer for answer in others) >= 16
    assert recall_at_five(bundle) > 0.8
    assert recall_at_five(tuned.bundle) >= recall_at_five(bundle) - 0.01
    unrelated = firsts(tuned.bundle, photos_of(CONCEPTS[6:], 4, seed=2)[0], 5)
    assert sum(UNKNOWN in answer for answer in unrelated) <= len(unrelated) // 20


def test_every_array_grows_with_the_vocabulary_and_the_version_comes_back_from_disk(
    bundle: Bundle, tmp_path: Path
) -> None:
    tuned = fine_tune(bundle, taught(12, hashtags_of(UNKNOWN)), "mine-2")
    bundles.save(tuned.bundle, tmp_path / "mine-2")
    engine = Engine.load(tmp_path / "mine-2")
    assert engine.model == "mine-2"
    assert engine.hashtags == [*bundle.hashtags, UNKNOWN, f"{UNKNOWN}lovers"]
    assert engine.knows(UNKNOWN) and engine.knowledge is not None
    near = [hashtag.tag for hashtag in engine.knowledge.similar(UNKNOWN, 8)]
    assert "animals" in near
    assert engine.knowledge.size(UNKNOWN) == "niche"
    features = {BACKBONE: features_of(UNKNOWN, 3, seed=8)}
    for backend in engine.backends:
        assert len(engine.recommend(features, backend)[0]) == 10
    assert bundle.model == "mine-1" and UNKNOWN not in bundle.hashtags


def test_als_says_a_new_hashtag_from_the_bundle_alone_and_learns_it_only_once(
    bundle: Bundle,
) -> None:
    lesson = taught(30, hashtags_of(UNKNOWN))
    new = fine_tune(bundle, lesson, "mine-2").bundle
    backbone = {BACKBONE: load_backbone(BACKBONE, None)}
    others = {BACKBONE: features_of(UNKNOWN, 10, seed=8)}
    again, anew = Engine(new, backbone), Engine(bundle, backbone)
    column = again.hashtags.index(UNKNOWN)
    assert again.scores(others, "als")[:, column].mean() > 0.01
    photos = {
        key: ({BACKBONE: row}, list(tags))
        for key, row, tags in zip(lesson.keys, lesson.features, lesson.hashtags, strict=True)
    }
    again.learn(photos)
    anew.learn(photos)
    # Taught to the old bundle or to the one that was tuned on them: the same ALS.
    place = anew.hashtags.index(UNKNOWN)
    np.testing.assert_allclose(
        again.scores(others, "als")[:, column], anew.scores(others, "als")[:, place], atol=0.02
    )


def test_what_teaches_nothing_new_is_not_promoted_and_the_reason_is_told(bundle: Bundle) -> None:
    tuned = fine_tune(bundle, taught(20, ["animals"], concept=CONCEPTS[0]), "mine-2")
    assert not tuned.promoted and tuned.added == ()
    assert tuned.reason.startswith("It has not learnt: recall of held-out labels went from 1.000")


def test_too_few_photos_and_bundles_that_cannot_learn_are_told(bundle: Bundle) -> None:
    with pytest.raises(NothingToLearnError, match="7 labelled photos are too few"):
        fine_tune(bundle, taught(7, [UNKNOWN]), "mine-2")
    without = {name: arrays for name, arrays in bundle.arrays.items() if name != "replay"}
    old = Bundle("old-1", bundle.hashtags, bundle.backbones, bundle.settings, without)
    with pytest.raises(BundleError, match="carries no photos to rehearse"):
        fine_tune(old, taught(20, [UNKNOWN]), "old-2")
    als = {"als": bundle.arrays["als"], "ranking": bundle.arrays["ranking"]}
    alone = Bundle("als-1", bundle.hashtags, bundle.backbones, bundle.settings, als)
    with pytest.raises(BundleError, match="no Word2Vec backend"):
        fine_tune(alone, taught(20, [UNKNOWN]), "als-2")


def test_the_head_that_serves_other_backbones_learns_too(bundle: Bundle) -> None:
    draw = np.random.default_rng(0)
    known = np.concatenate([features_of(concept, 12, 0) for concept in CONCEPTS])
    # As in ImageNet's classifier, what is like one known photo or another is another class.
    weight = np.asarray(unit(known[draw.integers(0, len(known), 1000)]) * 3, np.float32)
    layer = ClassLayer(weight, np.zeros(1000, np.float32))
    tags = [tags for concept in CONCEPTS for tags in [hashtags_of(concept)] * 12]
    vectors = unit(bundle.arrays["w2v"]["vectors"].astype(np.float32))
    popular = bundle.arrays["ranking"]["popularity"]
    means = draw.standard_normal((1000, vectors.shape[1])).astype(np.float32)
    start = constructed(layer, means, vectors, popular, 1.0, 12.0)
    fitted = fitted_on(layer, start, known, matrix(tags, bundle.hashtags))
    part = class_part(fitted, 3.0, ["resnet50"])
    serving = replace(
        bundle,
        settings=bundle.settings | {"w2v_classes": part.settings},
        arrays=bundle.arrays | {"w2v_classes": part.arrays},
    )
    lesson = taught(40, hashtags_of(UNKNOWN))
    tuned = fine_tune(serving, lesson, "mine-2", classifier=(layer.weight, layer.bias)).bundle
    new = tuned.arrays["w2v_classes"]
    head = ProjectionHead(
        *(layer.weight, layer.bias),
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
