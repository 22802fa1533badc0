"""Measurements as rows of one table: our figure, the plain way's, and their ratio."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from time import perf_counter, process_time
from typing import Any, TypeVar

import numpy as np

Item = TypeVar("Item")

WARM_UP = 2


@dataclass(frozen=True)
class Figure:
    """One figure, in its row's unit.

    Attributes:
        value: the median, or the only one.
        p95: the 95th percentile, where there are several.
        cpu: CPU time of all threads: milliseconds, or seconds where the row is in seconds. Other
            load on the machine affects it little.
    """

    value: float
    p95: float | None = None
    cpu: float | None = None

    @classmethod
    def of(cls, wall: Sequence[float], cpu: Sequence[float]) -> "Figure":
        """From measurements in seconds, to milliseconds."""
        median, p95 = np.percentile(wall, [50, 95]) * 1000
        return cls(float(median), float(p95), float(np.median(cpu)) * 1000)


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        unit: ``ms``, ``s`` or ``MB``, where less is better, or ``photos/s`` or ``recall``.
        plain: of the plain way; None where it has no counterpart.
        note: explains the row.
    """

    section: str
    name: str
    unit: str
    ours: Figure
    plain: Figure | None = None
    note: str = ""

    @property
    def times(self) -> float | None:
        """How many times better our value is."""
        if self.plain is None or not (self.plain.value and self.ours.value):
            return None
        ratio = self.plain.value / self.ours.value
        return 1 / ratio if self.unit in ("photos/s", "recall") else ratio

    @property
    def cpu_times(self) -> float | None:
        """How many times less CPU ours takes."""
        if self.plain is None or not (self.plain.cpu and self.ours.cpu):
            return None
        return self.plain.cpu / self.ours.cpu

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"times": self.times, "cpu_times": self.cpu_times}


class Clock:
    """Measures the seconds that pieces of work take.

    Attributes:
        wall: elapsed time of each.
        cpu: CPU time of each, in all threads of this process.
    """

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.cpu: list[float] = []

    @contextmanager
    def running(self) -> Iterator[None]:
        """Measures the block."""
        started, cpu = perf_counter(), process_time()
        yield
        self.cpu.append(process_time() - cpu)
        self.wall.append(perf_counter() - started)

    @property
    def figure(self) -> Figure:
        return Figure.of(self.wall, self.cpu)


def timed(items: Sequence[Item], *works: Callable[[Item], object]) -> list[Figure]:
    """Milliseconds that each work takes on an item.

    They take turns, so that other load on the machine affects all of them alike.
    """
    for item in items[:WARM_UP]:
        for work in works:
            work(item)
    clocks = [Clock() for _ in works]
    for item in items:
        for clock, work in zip(clocks, works, strict=True):
            with clock.running():
                work(item)
    return [clock.figure for clock in clocks]


def compared(
    section: str,
    name: str,
    items: Sequence[Item],
    ours: Callable[[Item], object],
    plain: Callable[[Item], object],
    note: str = "",
) -> Row:
    """A row in milliseconds, for ours and the plain way on the same items."""
    our_figure, plain_figure = timed(items, ours, plain)
    return Row(section, name, "ms", our_figure, plain_figure, note)
