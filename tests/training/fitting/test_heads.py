"""Projection heads fitted side by side."""

from typing import Any

import numpy as np
import pytest

from tests.concepts import BACKBONE, CONCEPTS, photos_of
from training.datasets.format import DatasetError
from training.features.examples import Examples, Picked
from training.features.processes import ProcessEndedError
from training.fitting.fit import Plan
from training.fitting.head import FittedHead, HeadSettings
from training.fitting.heads import Split, fit_heads
from training.fitting.vocabulary import matrix, vocabulary

PLAN = Plan(head=HeadSettings(hidden=16, epochs=3, batch=16), heads=3)


def heads(processes: int) -> tuple[list[tuple[str, int, int]], list[FittedHead]]:
    """What is reported while heads are fitted on 48 photos and their mirror images, and they."""
    features, said = photos_of(CONCEPTS[:6], 8, seed=0)
    mirrored, _ = photos_of(CONCEPTS[:6], 8, seed=1)
    hashtags = vocabulary(said)
    examples = Examples({BACKBONE: features}, matrix(said, hashtags), {BACKBONE: mirrored})
    rows = np.random.default_rng(0).permutation(len(said))
    vectors = np.random.default_rng(0).standard_normal((len(hashtags), 8)).astype(np.float32)
    reports: list[tuple[str, int, int]] = []
    first, last = fit_heads(
        examples,
        BACKBONE,
        Split(np.sort(rows[8:]), rows[:8], np.sort(rows[2:])),
        vectors,
        PLAN,
        lambda *told: reports.append(told),
        processes=processes,
    )
    return reports, [*first, *last]


def test_heads_are_the_same_to_the_bit_in_one_process_and_in_several() -> None:
    here, there = heads(1), heads(2)
    for one, other in zip(here[1], there[1], strict=True):
        assert one.history == other.history and one.scale == other.scale
        for name in ("weight1", "bias1", "weight2", "bias2"):
            assert np.array_equal(getattr(one.head, name), getattr(other.head, name))
        assert np.array_equal(one.vectors, other.vectors) and np.array_equal(one.prior, other.prior)
    assert len({head.head.weight1.tobytes() for head in here[1]}) == 6
    for reports, _ in (here, there):
        done = [count for _, count, _ in reports]
        assert done == list(range(1, len(done) + 1))
        assert reports[-1][1] == reports[-1][2]


def test_a_process_that_is_killed_while_heads_are_fitted_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def killed(*_: Any) -> None:
        raise ProcessEndedError(-9)

    monkeypatch.setattr("training.fitting.heads.spread", killed)
    with pytest.raises(DatasetError, match=r"signal 9.*memory"):
        heads(2)


def test_rows_picked_from_several_arrays_are_those_of_the_arrays_joined() -> None:
    draw = np.random.default_rng(0)
    arrays = [draw.random((number, 3), np.float32) for number in (5, 7)]
    joined = np.concatenate(arrays)
    rows = draw.integers(0, 12, 30)
    picked = Picked(arrays, rows)
    assert len(picked) == 30
    assert np.array_equal(picked[4:9], joined[rows][4:9])
    some = draw.integers(0, 30, 10)
    assert np.array_equal(Picked([picked], some)[:], joined[rows][some])
    assert picked[3:3].shape == (0, 3)
