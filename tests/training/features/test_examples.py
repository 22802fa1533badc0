"""Picking photos without copying their features."""

import numpy as np

from training.features.examples import Picked

ARRAYS = [np.random.default_rng(number).random((number, 3), np.float32) for number in (5, 7)]
ROWS = np.random.default_rng(0).integers(0, 12, 30)


def test_rows_picked_from_several_arrays_are_those_of_the_arrays_joined() -> None:
    picked = Picked(ARRAYS, ROWS)
    assert len(picked) == 30
    assert np.array_equal(picked[4:9], np.concatenate(ARRAYS)[ROWS][4:9])


def test_rows_may_be_picked_from_rows_that_were_picked() -> None:
    rows = np.random.default_rng(1).integers(0, 30, 10)
    assert np.array_equal(
        Picked([Picked(ARRAYS, ROWS)], rows)[:], np.concatenate(ARRAYS)[ROWS][rows]
    )


def test_no_rows_have_the_width_of_the_others() -> None:
    assert Picked(ARRAYS, ROWS)[3:3].shape == (0, 3)
