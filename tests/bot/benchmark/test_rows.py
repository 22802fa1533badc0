"""Figures of the benchmark, and how they are compared."""

import pytest

from bot.benchmark.rows import Figure, Row, timed
from bot.benchmark.table import table_of


@pytest.mark.parametrize(
    ("unit", "ours", "plain", "times"),
    [("ms", 5, 20, 4), ("photos/s", 60, 20, 3), ("MB", 100, 150, 1.5), ("recall", 0.5, 1, 0.5)],
)
def test_better_is_more_than_once_whatever_the_unit(
    unit: str, ours: float, plain: float, times: float
) -> None:
    row = Row("answering", "decode", unit, Figure(ours), Figure(plain))
    assert row.times == pytest.approx(times)


def test_time_of_the_processor_is_compared_by_itself() -> None:
    row = Row("answering", "decode", "ms", Figure(50, cpu=2), Figure(60, cpu=10))
    assert row.cpu_times == pytest.approx(5)


def test_what_has_nothing_beside_it_is_not_compared() -> None:
    row = Row("starting", "tag4pic --help", "s", Figure(0.3, cpu=0.2))
    assert (row.times, row.cpu_times) == (None, None)
    assert table_of([row]).row_count == 1


def test_works_take_turns_on_each_item() -> None:
    done: list[str] = []
    figures = timed("abc", lambda item: done.append(item), lambda item: done.append(item.upper()))
    assert "".join(done) == "aAbB" + "aAbBcC"  # after a warm-up
    assert len(figures) == 2
