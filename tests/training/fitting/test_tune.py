"""The search for better knobs."""

from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from recommenders.backbones.backbone import Backbone
from tests.concepts import BACKBONE, CONCEPTS, photos_of
from training.datasets.format import DatasetError, Post, Problems
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
    training_set: TrainingSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("optuna")
    monkeypatch.setattr("training.fitting.choosing.FEWEST", 1)
    study, plans = tmp_path / "study", [PLAN]
    tune(training_set, PLAN, study, trials=1)
    tuned = tune(training_set, PLAN, study, trials=3, on_better=plans.append)
    with_its_als = replace(PLAN, als=plans[-1].als)
    assert with_its_als != PLAN
    anew = tune(training_set, with_its_als, tmp_path / "other", trials=1)
    assert tuned.gains["w2v"][0] == pytest.approx(anew.gains["w2v"][0])


def test_a_search_stopped_in_its_first_trial_begins_with_the_plan_again(
    training_set: TrainingSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("optuna")

    def stop(*_: object, **__: object) -> float:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("training.fitting.choosing.HeldOut.goodness", stop)
        tune(training_set, PLAN, tmp_path / "study", trials=1)
    plans: list[Plan] = []
    tune(training_set, PLAN, tmp_path / "study", trials=1, on_better=plans.append)
    assert plans == [PLAN] * 3


def test_every_better_plan_is_told_also_where_earlier_heads_are_queued(
    training_set: TrainingSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("optuna")
    better = count()
    monkeypatch.setattr(
        "training.fitting.choosing.HeldOut.goodness", lambda *_, **__: float(next(better))
    )
    for trials in (2, 4, 6):
        plans: list[Plan] = []
        tune(training_set, PLAN, tmp_path / "study", trials=trials, on_better=plans.append)
    assert len(plans) == 2 + 6 + 1


@pytest.mark.filterwarnings("error")
def test_a_plan_outside_the_search_ranges_is_tried_as_it_is(
    training_set: TrainingSet, tmp_path: Path
) -> None:
    pytest.importorskip("optuna")
    outside = replace(
        PLAN,
        als=replace(PLAN.als, factors=8, neighbours=5, damping=0.6, variance=1.0),
        head=replace(PLAN.head, hidden=48, weight_decay=0.0, dropout=0.0, rate=0.01),
    )
    plans: list[Plan] = []
    tune(training_set, outside, tmp_path / "study", trials=1, on_better=plans.append)
    assert plans == [outside] * 3
    tune(training_set, outside, tmp_path / "study", trials=2)


def test_trials_of_other_posts_are_refused_though_there_are_as_many(
    training_set: TrainingSet, tmp_path: Path
) -> None:
    pytest.importorskip("optuna")
    tune(training_set, PLAN, tmp_path / "study", trials=1)
    moved = [replace(post, image=Path("elsewhere")) for post in training_set.photos]
    with pytest.raises(DatasetError, match="holds trials with other posts"):
        tune(replace(training_set, photos=moved), PLAN, tmp_path / "study", trials=1)


def test_a_study_that_the_disk_has_no_room_for_is_told_and_begun_anew_later(
    training_set: TrainingSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("optuna")
    write_text = Path.write_text

    def write_half(file: Path, text: str, *options: str, **more: str) -> int:
        write_text(file, text[: len(text) // 2], *options, **more)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", write_half)
        with pytest.raises(DatasetError, match=r"study cannot be written \(No space left"):
            tune(training_set, PLAN, tmp_path / "study", trials=1)
    assert list(tmp_path.iterdir()) == []
    tune(training_set, PLAN, tmp_path / "study", trials=1)
