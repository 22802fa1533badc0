"""Projection heads fitted side by side."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.concepts import BACKBONE, CONCEPTS, photos_of
from training.datasets.format import DatasetError
from training.features.examples import Examples
from training.features.processes import ProcessEndedError
from training.fitting.head import FittedHead, head_recommender
from training.fitting.parallel_heads import Split, fit_heads
from training.fitting.plan import HeadPlan, Plan
from training.fitting.vocabulary import matrix, vocabulary

PLAN = Plan(head=HeadPlan(hidden=16, epochs=3, batch=16), heads=3)

Report = tuple[str, int, int]


def fit(processes: int, plan: Plan = PLAN) -> tuple[list[Report], list[FittedHead]]:
    """Fits heads on 48 photos and two copies of each: the progress made, and the heads."""
    features, labels = photos_of(CONCEPTS[:6], 8, seed=0)
    mirrored, _ = photos_of(CONCEPTS[:6], 8, seed=1)
    hashtags = vocabulary(labels)
    jittered, _ = photos_of(CONCEPTS[:6], 8, seed=2)
    examples = Examples(
        {BACKBONE: features},
        matrix(labels, hashtags),
        {BACKBONE: mirrored},
        [{BACKBONE: jittered}],
    )
    rows = np.random.default_rng(0).permutation(len(labels))
    vectors = np.random.default_rng(0).standard_normal((len(hashtags), 8)).astype(np.float32)
    reports: list[Report] = []
    first, last = fit_heads(
        examples,
        BACKBONE,
        Split(np.sort(rows[8:]), rows[:8], np.sort(rows[2:])),
        vectors,
        plan,
        lambda *report: reports.append(report),
        processes=processes,
    )
    return reports, [*first, *last]


Fitted = tuple[list[Report], list[FittedHead]]


@pytest.fixture(scope="module")
def here() -> Fitted:
    """Fitted in this process."""
    return fit(1)


@pytest.fixture(scope="module")
def there() -> Fitted:
    """Fitted in two others."""
    return fit(2)


def test_heads_are_the_same_to_the_bit_in_one_process_and_in_several(
    here: Fitted, there: Fitted
) -> None:
    for one, other in zip(here[1], there[1], strict=True):
        assert one.history == other.history and one.scale == other.scale
        for name in ("weight1", "bias1", "weight2", "bias2"):
            assert np.array_equal(getattr(one.head, name), getattr(other.head, name))
        assert np.array_equal(one.vectors, other.vectors) and np.array_equal(one.prior, other.prior)


def test_no_two_heads_are_alike(here: Fitted) -> None:
    assert len({head.head.weight1.tobytes() for head in here[1]}) == 6


def test_the_least_numbers_count_again_after_a_fit(here: Fitted) -> None:
    assert np.float32(1e-40) * np.float32(0.5) > 0


def test_an_epoch_to_stop_after_is_that_of_both_fits() -> None:
    head = replace(PLAN.head, stop_after=2)
    reports, heads = fit(1, replace(PLAN, head=head, heads=1))
    assert [len(one.history) for one in heads] == [2, 2]
    assert reports[-1][1:] == (4, 4)


def test_many_photos_are_gone_through_less_often() -> None:
    head = replace(PLAN.head, uses=250)  # of 120 photos with their copies at first
    _, (first, _) = fit(1, replace(PLAN, head=head, heads=1))
    assert len(first.history) == 3
    reports, (first, _) = fit(1, replace(PLAN, head=replace(head, uses=240), heads=1))
    assert len(first.history) == 2
    assert reports[-1][1] == reports[-1][2]


def test_heads_of_plenty_of_photos_are_fitted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.fitting.parallel_heads.PLENTY", 40)
    reports, (*first, last_of_one) = fit(1, replace(PLAN, heads=1))
    assert [last_of_one] == first
    assert reports[-1][1:] == (3, 3)


def test_batch_norm_is_part_of_layer_one_as_it_is_served() -> None:
    head = replace(PLAN.head, batch_norm=True, epochs=8, patience=8, batch=47)
    _, (first, last) = fit(1, replace(PLAN, head=head, heads=1))  # a photo is left over
    losses = [loss for loss, _ in last.history]
    assert losses[-1] < losses[0] and first.history[-1][1] > 0.5
    # A head that is served otherwise than it was validated would not do as well anew.
    features, labels = photos_of(CONCEPTS[:6], 8, seed=3)
    hashtags = vocabulary(labels)
    scores = head_recommender(BACKBONE, last, 3.0).scores(features)
    truth = matrix(labels, hashtags).toarray()
    best = np.argsort(-scores, axis=1)[:, :3]
    assert np.take_along_axis(truth, best, axis=1).mean() > 0.6


@pytest.mark.parametrize("fitted", ["here", "there"])
def test_progress_counts_the_epochs_of_all_heads(
    fitted: str, request: pytest.FixtureRequest
) -> None:
    reports, _ = request.getfixturevalue(fitted)
    done = [count for _, count, _ in reports]
    assert done == list(range(1, len(done) + 1))
    assert reports[-1][1] == reports[-1][2]


def test_a_process_that_is_killed_while_heads_are_fitted_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def killed(*_: Any) -> None:
        raise ProcessEndedError("signal 9")

    monkeypatch.setattr("training.fitting.parallel_heads.run_jobs", killed)
    with pytest.raises(DatasetError, match=r"signal 9.*memory"):
        fit(2)
