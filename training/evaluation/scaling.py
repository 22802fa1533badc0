"""Steps of a fit as posts grow, on one machine and by Spark: python -m training.evaluation.scaling

Hashtags are those of real posts, drawn with replacement; features are synthetic, a direction per
hashtag and noise. Only the steps that an engine computes are measured; the rest is the same code
for both, and ``training.evaluation.fitting_time`` measures it.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console

from training.datasets.format import Post, read_posts
from training.evaluation.fitting_time import Cost, memory_of
from training.fitting.fit_engine import ONE_MACHINE, FitEngine
from training.fitting.plan import Plan, with_values
from training.fitting.vocabulary import matrix, vocabulary
from training.progress import silent
from training.spark.session import spark_session
from training.spark.spark_engine import SparkEngine
from training.terminal import Set, figures_table, reporting, tool

_GROUPS = 24
_POINTS, _POINT_DIMS = 20_000, 50
"""The size of k-means's input, however many posts there are."""
_BETWEEN = 0.5
"""Seconds between two samples of memory and CPU time."""


class Step(StrEnum):
    """A step of a fit that an engine computes."""

    PCA = "PCA"
    ALS = "ALS"
    VECTORS = "skip-gram"
    CATEGORIES = "k-means"


def _shown(cost: Cost) -> str:
    return f"{cost.cpu:,.0f} s of {cost.clock:,.0f} s, {cost.peak / 1e9:.1f} GB"


@contextmanager
def costs() -> Iterator[Cost]:
    """Measures what a block costs, in this process and its descendants."""
    cost, ended = Cost(), threading.Event()
    before, began = _spent(), time.monotonic()
    most = dict(before)

    def sample() -> None:
        most.update(now := _spent())
        cost.peak = max(cost.peak, sum(map(memory_of, now)))

    def watch() -> None:
        while not ended.wait(_BETWEEN):
            sample()

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield cost
    finally:
        ended.set()
        watching.join()
        sample()
        cost.cpu = sum(spent - before.get(process, 0.0) for process, spent in most.items())
        cost.clock = time.monotonic() - began


def _spent() -> dict[int, float]:
    """CPU seconds by process: this one and its descendants, where there is /proc."""
    tick = os.sysconf("SC_CLK_TCK")
    spent, parents = {}, {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            values = file.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        process = int(file.parent.name)
        parents[process] = int(values[1])
        spent[process] = (int(values[11]) + int(values[12])) / tick
    ours = {os.getpid()}
    while more := {process for process, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return {process: spent[process] for process in ours if process in spent}


def _work_of(
    step: Step, engine: FitEngine, posts: list[Post], plan: Plan, dims: int
) -> Callable[[], Any]:
    """What is measured of a step; its input is made before."""
    random = np.random.default_rng(0)
    if step is Step.VECTORS:
        return lambda: engine.train_vectors(
            posts, "skipgram", plan.vectors, seed=plan.seed, progress=silent
        )
    if step is Step.CATEGORIES:
        points = random.standard_normal((min(len(posts), _POINTS), _POINT_DIMS), np.float32)
        return lambda: engine.k_means(points, _GROUPS, plan.seed)
    hashtags = vocabulary(post.hashtags for post in posts)
    counts = matrix([post.hashtags for post in posts], hashtags)
    if step is Step.ALS:
        return lambda: engine.factorise(counts, plan.als)
    directions = random.standard_normal((len(hashtags), dims), np.float32)
    features = np.empty((len(posts), dims), np.float16)
    for start in range(0, len(posts), 1024):
        block = np.asarray(counts[start : start + 1024] @ directions, np.float32)
        features[start : start + 1024] = block + random.standard_normal(block.shape, np.float32)
    return lambda: engine.photo_space(features, plan.als)


def main(
    dataset: Annotated[
        list[Path],
        typer.Option(
            metavar="DIR",
            help="A dataset whose hashtags are used; may be repeated.",
            show_default=False,
        ),
    ],
    posts: Annotated[
        list[int] | None, typer.Option(min=100, help="Number of posts; may be repeated.")
    ] = None,
    master: Annotated[
        str | None, typer.Option(metavar="URL", help="Also measure Spark, with this master.")
    ] = None,
    dims: Annotated[int, typer.Option(min=1, help="Features per photo.")] = 1280,
    only: Annotated[
        list[Step] | None, typer.Option(help="Measure only this step; may be repeated.")
    ] = None,
    set_: Set = None,
) -> None:
    """Measure CPU time, clock time and memory of the steps of a fit on both engines."""
    plan = with_values(Plan(), set_ or ())
    real = [post for folder in dataset for post in read_posts(folder) if post.hashtags]
    columns: dict[str, dict[str, Cost]] = {}

    def measure(name: str, engine: FitEngine) -> None:
        for count in sorted(posts or (10_000,)):
            random = np.random.default_rng(count)
            drawn = [real[row] for row in random.integers(0, len(real), count)]
            column = columns.setdefault(f"{count:,} posts, {name}", {})
            for step in only or Step:
                compute = _work_of(step, engine, drawn, plan, dims)
                progress(f"{name}, {count:,} posts: {step}", 0, 1)
                with costs() as cost:
                    compute()
                column[step] = cost
                progress(f"{name}, {count:,} posts: {step}", 1, 1)

    with reporting() as progress:
        measure("one machine", ONE_MACHINE)
        if master is not None:
            with costs() as cost, spark_session(master) as session:
                pass
            with spark_session(master) as session:
                measure("Spark", SparkEngine(session))
    table = figures_table(
        f"CPU seconds of clock seconds, and peak memory ({os.cpu_count()} "
        f"cores, load {os.getloadavg()[1]:.0f})",
        list(columns),
    )
    for step in next(iter(columns.values())):
        table.add_row(step, *(_shown(column[step]) for column in columns.values()))
    Console(width=max(100, 40 * len(columns))).print(table)
    if master is not None:
        Console().print(f"Starting and ending a session: {_shown(cost)}.")


if __name__ == "__main__":
    tool(main)()
