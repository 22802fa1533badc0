"""The search for better knobs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recommenders.backbones.backbone import Backbone
from tests.concepts import BACKBONE, CONCEPTS, photos_of
from training.datasets.format import Post, Problems
from training.features.examples import Examples
from training.fitting.plan import AlsPlan, HeadPlan, Plan
from training.fitting.prepare import TrainingSet
from training.fitting.tune import tune
from training.fitting.vocabulary import matrix, vocabulary

PLAN = Plan(
    als=AlsPlan(factors=32, iterations=1, neighbours=300, sharpness=2.0, alpha=1.0),
    head=HeadPlan(hidden=256, epochs=1, rate=0.0003),
)


@pytest.fixture
def training_set(backbone: Backbone) -> TrainingSet:
    """Photos of which ALS and heads tell different things."""
    features, labels = photos_of(CONCEPTS[:6], 5, seed=0)
    noise = np.random.default_rng(0).standard_normal(features.shape)
    hashtags = vocabulary(labels)
    posts = [Post(tags) for tags in labels]
    return TrainingSet(
        posts=posts,
        photos=posts,
        hashtags=hashtags,
        examples=Examples({BACKBONE: features + 6 * noise}, matrix(labels, hashtags)),
        backbone_of={"als": BACKBONE, "w2v": BACKBONE},
        backbones={BACKBONE: backbone},
        vectors={},
        problems=Problems(),
    )


def test_heads_are_compared_beside_one_als_also_after_it_was_searched_further(
    training_set: TrainingSet, tmp_path: Path
) -> None:
    pytest.importorskip("optuna")
    study, plans = tmp_path / "study", [PLAN]
    tune(training_set, PLAN, study, trials=1)
    tuned = tune(training_set, PLAN, study, trials=3, on_better=plans.append)
    with_its_als = replace(PLAN, als=plans[-1].als)
    assert with_its_als != PLAN
    anew = tune(training_set, with_its_als, tmp_path / "other", trials=1)
    assert tuned.gains["w2v"][0] == pytest.approx(anew.gains["w2v"][0])
