"""Two backends' relevance as one."""

import numpy as np
import pytest

from recommenders.arrays import Floats
from recommenders.fusion import blend


def row(*values: float) -> Floats:
    return np.array([values], np.float32)


def test_two_that_agree_are_believed_and_one_alone_is_heard_less() -> None:
    both, one = blend(row(0.64, 0.64), row(0.64, 0.0), 0.5)[0]
    assert both == pytest.approx(0.64)
    assert 0 < one < 0.32  # the plain mean


@pytest.mark.parametrize(("weight", "expected"), [(1.0, 0.81), (0.0, 0.25)])
def test_a_weight_at_its_end_leaves_one_backend(weight: float, expected: float) -> None:
    assert blend(row(0.81), row(0.25), weight)[0] == pytest.approx([expected])


def test_what_only_als_has_learnt_loses_as_much_as_its_best_others() -> None:
    blended = blend(row(0.64, 0.5), row(0.0), 0.5)[0]
    assert blended == pytest.approx([0.16, 0.125])


def test_what_only_als_has_learnt_gains_nothing_by_the_blend() -> None:
    assert blend(row(0.16, 0.5), row(0.64), 0.5)[0, 1] == pytest.approx(0.5)
