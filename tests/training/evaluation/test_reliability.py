"""Are probabilities what they say?"""

import re

import numpy as np
import pytest

from training.evaluation.reliability import reliability
from training.evaluation.report.charts import reliability_chart


def drawn(probability: np.ndarray) -> np.ndarray:
    return np.random.default_rng(0).random(len(probability)) < probability


def test_what_is_drawn_by_its_probability_is_reliable() -> None:
    probability = np.linspace(0, 1, 20_000, dtype=np.float32)
    found = reliability(probability, drawn(probability))
    assert len(found.bins) == 10 and sum(one.count for one in found.bins) == 20_000
    assert all(abs(one.predicted - one.observed) < 0.03 for one in found.bins)
    assert found.error < 0.02


def test_what_is_too_bold_errs_by_as_much() -> None:
    probability = np.full(4_000, 0.75, np.float32)
    found = reliability(probability, np.arange(4_000) % 4 == 0)
    (only,) = found.bins
    assert (only.count, only.predicted, only.observed) == (4_000, 0.75, 0.25)
    assert found.error == pytest.approx(0.5)


def test_a_probability_of_one_is_in_the_last_bin_and_few_are_less_certain() -> None:
    found = reliability(np.array([1.0, 0.95, 0.05], np.float32), np.array([True, True, False]))
    tooltips = re.findall(r"<title>(\d+ hashtags?): ", reliability_chart(found))
    assert sorted(tooltips) == ["1 hashtag", "1 hashtag", "2 hashtags", "2 hashtags"]
    assert [one.count for one in found.bins] == [1, 2]
    assert found.bins[-1].high == 1 and found.bins[-1].low < 0.5


def test_the_chart_has_a_point_and_a_counted_bar_for_each_bin() -> None:
    probability = np.linspace(0, 1, 20_000, dtype=np.float32)
    chart = reliability_chart(reliability(probability, drawn(probability)))
    points = re.findall(r'class="dot dot-both" cx="(.+?)" cy="(.+?)"', chart)
    across, down = np.array(points, float).T
    assert (np.diff(across) > 0).all() and (np.diff(down) < 0).all()
    assert chart.count(">2.0k<") == 10
