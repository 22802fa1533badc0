"""What each step of a fit takes as posts grow: python -m training.evaluation.fitting_time

Hashtags are those of a dataset's posts, drawn again where there are too few; features are made up:
a direction for each hashtag, the sum of a post's, and noise, so that there is something to learn.
Reading photos is left out: it takes as long for each, once, and is kept.
"""

import math
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

from recommenders.backbones.backbone import Backbone, load_backbone
from training.datasets.format import Post, Problems, read_posts
from training.evaluation.compare import Spent
from training.features.examples import Examples
from training.fitting.pipeline import fit_bundle
from training.fitting.plan import Plan, with_values
from training.fitting.prepare import TrainingSet
from training.fitting.vectors import hashtag_vectors
from training.fitting.vocabulary import matrix, vocabulary
from training.terminal import figures_table, reporting, tool

BACKBONE = "efficientnet_lite0"
STEPS = {
    "Word2Vec": "vectors",
    "ALS": "ALS",
    "projection head": "head",
    "choosing": "choosing and fusion",
    "evidence for the fusion": "choosing and fusion",
    "fusion": "choosing and fusion",
    "categories and similar hashtags": "categories",
}
"""Steps by how what a fit says of its progress begins."""
_BETWEEN = 0.1
"""Seconds between two looks at the memory."""


@dataclass
class Step:
    """What one step took: seconds of the processors, and the most bytes that were in memory."""

    cpu: float = 0.0
    peak: int = 0


@dataclass
class Steps:
    """A progress that notes what each step takes, by its name."""

    steps: dict[str, Step] = field(default_factory=dict)
    now: str = ""
    since: float = field(default_factory=lambda: Spent.now().cpu)

    def __call__(self, doing: str, done: int, total: int) -> None:
        """What was spent until now belongs to the step before."""
        spent = Spent.now().cpu
        if self.now:
            self.steps[self.now].cpu += spent - self.since
        self.now = next(step for said, step in STEPS.items() if doing.startswith(said))
        self.since = spent
        self.steps.setdefault(self.now, Step())

    def watch(self, ended: threading.Event) -> None:
        """Notes the memory until an event; for a thread of its own."""
        while not ended.wait(_BETWEEN):
            step = self.steps.get(self.now)
            if step is not None:
                step.peak = max(step.peak, memory())


def memory() -> int:
    """Bytes that this process and its children have in memory, shared ones once; 0 if unknown."""
    total = 0
    try:
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    except OSError:
        children = []
    for process in ["self", *children]:
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:  # it has ended, or this is no Linux
            continue
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


def made_up(posts: Sequence[Post], count: int, backbone: Backbone, seed: int = 0) -> TrainingSet:
    """So many posts of a dataset, drawn again where there are too few, with made-up features."""
    random = np.random.default_rng(seed)
    rows = random.permutation(len(posts))[:count]
    if count > len(posts):
        rows = random.integers(0, len(posts), count)
    drawn = [posts[row] for row in rows]
    hashtags = vocabulary(post.hashtags for post in drawn)
    counts = matrix([post.hashtags for post in drawn], hashtags)
    directions = random.standard_normal((len(hashtags), backbone.dims), np.float32)

    def features() -> NDArray[np.float16]:
        made = np.empty((count, backbone.dims), np.float16)
        for start in range(0, count, 1024):
            block = np.asarray(counts[start : start + 1024] @ directions, np.float32)
            block += random.standard_normal(block.shape, np.float32)
            made[start : start + 1024] = np.maximum(block, 0)
        return made

    return TrainingSet(
        drawn,
        drawn,
        hashtags,
        Examples({BACKBONE: features()}, counts, {BACKBONE: features()}),
        {"als": BACKBONE, "w2v": BACKBONE},
        {BACKBONE: backbone},
        {},
        Problems(),
    )


def measure(training_set: TrainingSet, plan: Plan) -> dict[str, Step]:
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
    """What a value comes to at more posts, if it grows on as between the last two numbers of them.

    In a straight line, or by a power of the posts where that is more.
    """
    (fewer, before), (more, last) = sorted(values.items())[-2:]
    line = last + max(last - before, 0.0) * (to - more) / (more - fewer)
    if before <= 0 or last <= before:
        return line
    return max(line, last * math.pow(to / more, math.log(last / before) / math.log(more / fewer)))


def main(
    dataset: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Whose posts' hashtags are taken.", show_default=False),
    ],
    posts: Annotated[
        list[int] | None,
        typer.Option(min=20, help="How many; may be repeated.", show_default="2,000 8,000 20,000"),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KNOB=VALUE", help="A knob; may be repeated."),
    ] = None,
    to: Annotated[int, typer.Option(help="Posts to reckon up to.")] = 80_000,
) -> None:
    """Measure the time and memory of each step of a fit, features excluded."""
    plan = with_values(Plan(), set_ or ())
    available = [post for post in read_posts(dataset) if post.hashtags]
    backbone = load_backbone(BACKBONE)
    counts = sorted(set(posts or (2_000, 8_000, 20_000)))
    measured: dict[int, dict[str, Step]] = {}
    hashtags: dict[int, int] = {}
    with reporting() as progress:
        for number, count in enumerate(counts):
            progress(f"{count:,} posts", number, len(counts))
            training_set = made_up(available, count, backbone)
            hashtags[count] = len(training_set.hashtags)
            measured[count] = measure(training_set, plan)
    columns = [f"{count:,} posts, {hashtags[count]:,} hashtags" for count in counts]
    if len(counts) > 1:
        columns.append(f"{to:,} posts, reckoned")
    table = figures_table("Processor seconds, and gigabytes in memory at the most", columns)
    for step in measured[counts[0]]:
        cpu = {count: measured[count][step].cpu for count in counts}
        peak = {count: float(measured[count][step].peak) for count in counts}
        if len(counts) > 1:
            cpu[to], peak[to] = grown(cpu, to), grown(peak, to)
        table.add_row(step, *(f"{cpu[at]:,.1f} s  {peak[at] / 1e9:.1f} GB" for at in cpu))
    Console().print(table)


if __name__ == "__main__":
    tool(main)()
