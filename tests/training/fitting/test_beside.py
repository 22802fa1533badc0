"""What is fitted while other things are."""

from pathlib import Path
from threading import Event

import numpy as np
import pytest

from recommenders import bundle as bundles
from tests.concepts import concept_bundle
from training.datasets.format import DatasetError
from training.fitting.beside import beside


def test_als_fitted_beside_the_heads_is_the_one_that_is_fitted_before_them(
    concepts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = bundles.load(concepts)
    monkeypatch.setattr("training.fitting.pipeline.MANY", 2)
    meanwhile = bundles.load(concept_bundle(tmp_path / "mine"))
    assert before.settings == meanwhile.settings and before.metrics == meanwhile.metrics
    for part, arrays in before.arrays.items():
        for name, values in arrays.items():
            np.testing.assert_array_equal(meanwhile.arrays[part][name], values, f"{part}, {name}")


def test_what_fails_beside_is_raised_where_its_result_is_asked_for() -> None:
    going_on = Event()

    def fail() -> None:
        going_on.wait()
        raise DatasetError("There is no room.")

    failing = beside(fail, worth_it=True)
    assert not failing.done()  # and nobody has waited for it
    going_on.set()
    with pytest.raises(DatasetError, match="no room"):
        failing.result()
