"""Time and memory of each step of a fit as posts grow: python -m training.evaluation.fitting_time

Hashtags are those of a dataset's posts, drawn repeatedly if there are too few. Features of the
default backbones are synthetic: a direction per hashtag, summed over the post's, plus noise, with
the variances of true features. Each photo has a mirrored copy. Computing features is left out: it
takes the same time for each photo, once, and they are cached.
"""

import math
import os
import resource
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from scipy.sparse import csr_matrix

from recommenders.arrays import Floats
from recommenders.backbones.backbone import Backbone
from recommenders.backbones.registry import dims
from training.datasets.format import Post, Problems, read_posts
from training.evaluation.compare import Spent
from training.features.compute import batches
from training.features.examples import Examples
from training.fitting.pipeline import fit_bundle
from training.fitting.plan import Plan, with_values
from training.fitting.prepare import DEFAULT_BACKBONES, TrainingSet, hashtag_vectors
from training.fitting.vocabulary import matrix, vocabulary
from training.terminal import Set, figures_table, reporting, tool

_LATENT, _DECAY = 640, 0.85
"""Directions in which features differ, and how fast they fade: 95 % of the variance then lies in
some 450 of 1,280, as with MobileNetV2's features of true photos."""

STEPS = {
    "Word2Vec": "vectors",
    "ALS": "ALS",
    "index of photos": "index of photos",
    "projection head": "head",
    "choosing": "choosing and fusion",
    "evidence for the fusion": "choosing and fusion",
    "fusion": "choosing and fusion",
    "categories and similar hashtags": "categories",
}
"""Steps by the beginnings of a fit's progress messages."""
_BETWEEN = 0.5
"""Seconds between two samples of the memory."""


@dataclass
class Cost:
    """Seconds of the CPU and of the clock, and peak bytes in memory."""

    cpu: float = 0.0
    clock: float = 0.0
    peak: int = 0


@dataclass
class Steps:
    """A progress callback that records what each step takes, by its name."""

    steps: dict[str, Cost] = field(default_factory=dict)
    now: str = ""
    since: Spent = field(default_factory=Spent.now)

    def __call__(self, doing: str, done: int, total: int) -> None:
        """Adds the time since the last call to the step before."""
        spent = Spent.now()
        if self.now:
            took = spent - self.since
            self.steps[self.now].cpu += took.cpu
            self.steps[self.now].clock += took.clock
        self.now = next(step for start, step in STEPS.items() if doing.startswith(start))
        self.since = spent
        self.steps.setdefault(self.now, Cost())

    def watch(self, ended: threading.Event) -> None:
        """Samples the memory until an event; for a thread of its own."""
        while not ended.wait(_BETWEEN):
            step = self.steps.get(self.now)
            if step is not None:
                step.peak = max(step.peak, _memory())


def _memory() -> int:
    """Bytes that this process and its children have in memory, shared ones once; 0 if unknown."""
    try:
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    except OSError:
        children = []
    return sum(map(memory_of, [os.getpid(), *map(int, children)]))


def memory_of(process: int) -> int:
    """Bytes that a process has in memory, with its part of those that it shares; 0 if unknown."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has ended, or this is not Linux
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


class _NoNetwork:
    """A placeholder where no features are computed."""

    on_gpu = False

    def __call__(self, pixels: NDArray[np.uint8], /) -> Floats:
        raise NotImplementedError


def _synthetic(posts: Sequence[Post], count: int) -> TrainingSet:
    """``count`` posts, drawn repeatedly if there are fewer, with synthetic features."""
    random = np.random.default_rng(0)
    rows = random.permutation(len(posts))[:count]
    if count > len(posts):
        rows = random.integers(0, len(posts), count)
    drawn = [posts[row] for row in rows]
    hashtags = vocabulary(post.hashtags for post in drawn)
    counts = matrix([post.hashtags for post in drawn], hashtags)
    features, mirrored = {}, {}
    for name in dict.fromkeys(DEFAULT_BACKBONES.values()):
        features[name], mirrored[name] = _features(counts, dims(name), random)
    return TrainingSet(
        drawn,
        drawn,
        hashtags,
        Examples(features, counts, mirrored),
        DEFAULT_BACKBONES,
        {name: Backbone(name, _NoNetwork(), "0" * 64, None) for name in features},
        {},
        Problems(),
    )


def _features(
    counts: csr_matrix, size: int, random: np.random.Generator
) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
    """Features (n, size) of photos and of their mirrored copies."""
    fading = np.arange(3, _LATENT + 3, dtype=np.float32) ** -_DECAY
    directions = fading * random.standard_normal((counts.shape[1], _LATENT), np.float32)
    mixing = random.standard_normal((_LATENT, size), np.float32)
    made = np.empty((2, counts.shape[0], size), np.float16)
    for rows in batches(counts.shape[0], 1024):
        latent = np.asarray(counts[rows] @ directions, np.float32)
        latent += fading * random.standard_normal(latent.shape, np.float32)
        for copy in made:
            nearly = latent + 0.2 * fading * random.standard_normal(latent.shape, np.float32)
            copy[rows] = np.maximum(nearly @ mixing, 0)
    return made[0], made[1]


def measure(training_set: TrainingSet, plan: Plan) -> dict[str, Cost]:
    """What each step of a fit takes."""
    steps, ended = Steps(), threading.Event()
    watching = threading.Thread(target=steps.watch, args=(ended,), daemon=True)
    watching.start()
    try:
        steps("Word2Vec", 0, 1)
        training_set.vectors.update(
            hashtag_vectors(training_set.posts, training_set.hashtags, plan, steps)
        )
        fit_bundle(training_set, plan, "measured-1", steps)
        steps("categories and similar hashtags", 1, 1)
    finally:
        ended.set()
        watching.join()
    return steps.steps


def grown(values: Mapping[int, float], to: int) -> float:
    """Extrapolates a value to more posts from its values at the two largest numbers of posts.

    Along a straight line, or a power law where that gives more.
    """
    (fewer, before), (more, last) = sorted(values.items())[-2:]
    line = last + max(last - before, 0.0) * (to - more) / (more - fewer)
    if before <= 0 or last <= before:
        return line
    return max(line, last * math.pow(to / more, math.log(last / before) / math.log(more / fewer)))


def main(
    dataset: Annotated[
        Path,
        typer.Option(
            metavar="DIR", help="The dataset whose hashtags are used.", show_default=False
        ),
    ],
    posts: Annotated[
        list[int] | None,
        typer.Option(
            min=20, help="Number of posts; may be repeated.", show_default="2,000 8,000 20,000"
        ),
    ] = None,
    set_: Set = None,
    to: Annotated[int, typer.Option(help="Number of posts to extrapolate to.")] = 80_000,
) -> None:
    """Measure the time and memory of each step of a fit, features excluded."""
    plan = with_values(Plan(), set_ or ())
    available = [post for post in read_posts(dataset) if post.hashtags]
    counts = sorted(set(posts or (2_000, 8_000, 20_000)))
    measured: dict[int, dict[str, Cost]] = {}
    hashtags: dict[int, int] = {}
    with reporting() as progress:
        for number, count in enumerate(counts):
            progress(f"{count:,} posts", number, len(counts))
            training_set = _synthetic(available, count)
            hashtags[count] = len(training_set.hashtags)
            measured[count] = measure(training_set, plan)
    columns = [f"{count:,} posts, {hashtags[count]:,} hashtags" for count in counts]
    if len(counts) > 1:
        columns.append(f"{to:,} posts, extrapolated")
    table = figures_table(
        "CPU seconds, clock seconds, and peak memory",
        columns,
    )
    # Only many photos get an index.
    steps = [
        step for step in dict.fromkeys(STEPS.values()) if any(step in measured[n] for n in counts)
    ]
    rows = {step: {n: measured[n].get(step, Cost()) for n in counts} for step in steps}
    rows["all"] = {count: _together([*measured[count].values()]) for count in counts}
    for step, at in rows.items():
        cells = list(at.values())
        if len(counts) > 1:
            cells.append(_grown(at, to))
        table.add_row(
            step,
            *(f"{one.cpu:,.1f} s  {one.clock:,.1f} s  {one.peak / 1e9:.1f} GB" for one in cells),
        )
    Console().print(table)
    typer.echo(_most_memory())


def _together(steps: Sequence[Cost]) -> Cost:
    return Cost(
        sum(step.cpu for step in steps),
        sum(step.clock for step in steps),
        max(step.peak for step in steps),
    )


def _grown(at: Mapping[int, Cost], to: int) -> Cost:
    cpu, clock, peak = (
        grown({count: getattr(step, name) for count, step in at.items()}, to)
        for name in ("cpu", "clock", "peak")
    )
    return Cost(cpu, clock, round(peak))


def _most_memory() -> str:
    """The system's figure of this process's peak memory, in words."""
    unit = 1 if sys.platform == "darwin" else 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return f"ru_maxrss: {most / 1e9:.1f} GB, excluding the processes that fit heads."


if __name__ == "__main__":
    tool(main)()
