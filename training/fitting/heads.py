"""The projection heads of a plan, each fitted in a process of its own.

Every head is fitted twice: first it stops by photos held back, then it is fitted for as many epochs
on all photos. Nothing but its seed tells a head from the others, and none hears of another, so they
come out the same in one process as in several.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommenders.arrays import Floats
from recommenders.machine import cores
from training.datasets.format import DatasetError
from training.features.examples import Examples, Features
from training.features.processes import ProcessEndedError, spread
from training.fitting.fit import Plan, Report, fit_w2v
from training.fitting.head import FittedHead
from training.fitting.vocabulary import popularity

Rows = NDArray[np.intp]

MANY = 1_000
"""Photos for which it is worth it to start processes."""


@dataclass(frozen=True)
class Split:
    """Rows of the examples: to fit on first, to stop by, and to fit on in the end."""

    fit: Rows
    held: Rows
    all: Rows


@dataclass(frozen=True)
class _Job:
    """One fit of one head; ``epochs`` is None where it stops by the photos held back."""

    head: int
    epochs: int | None = None


@dataclass(frozen=True)
class _Task:
    """What every process needs; features may be a file of them, which all processes share."""

    backbone: str
    features: Features | Path
    mirrored: Features | Path | None
    counts: csr_matrix
    split: Split
    vectors: Floats
    plan: Plan


def fit_heads(
    examples: Examples,
    backbone: str,
    split: Split,
    vectors: Floats,
    plan: Plan,
    report: Report,
    *,
    processes: int | None = None,
) -> tuple[list[FittedHead], list[FittedHead]]:
    """Fits ``plan.heads`` heads.

    Args:
        vectors: (V, d) of the skip-gram, to start from.
        processes: how many fit; None for as many as there are cores, where it is worth it.

    Returns:
        The heads fitted on ``split.fit``, and those fitted on ``split.all``.

    Raises:
        DatasetError: where memory or the temporary folder was too small.
    """
    if processes is None:
        processes = cores() if len(split.all) >= MANY else 1
    jobs = deque(_Job(head) for head in range(plan.heads))
    first: dict[int, FittedHead] = {}
    last: dict[int, FittedHead] = {}
    done = dict.fromkeys(range(plan.heads), 0)
    total = dict.fromkeys(range(plan.heads), 2 * plan.head.epochs)

    def hear(job: _Job, told: tuple[str, int, int] | FittedHead) -> None:
        if not isinstance(told, FittedHead):
            doing, epoch, _ = told
            before = len(first[job.head].history) if job.epochs is not None else 0
            done[job.head] = before + epoch
            report(doing, sum(done.values()), sum(total.values()))
        elif job.epochs is None:
            first[job.head] = told
            best = int(np.argmax([score for _, score in told.history])) + 1
            total[job.head] = len(told.history) + best
            jobs.append(_Job(job.head, best))
        else:
            last[job.head] = told

    features, mirrored = examples.features[backbone], examples.mirrored.get(backbone)
    task = _Task(backbone, features, mirrored, examples.counts, split, vectors, plan)
    processes = min(processes, plan.heads)
    try:
        with TemporaryDirectory(prefix="tag4pic-") as folder:
            if processes > 1:
                task = _on_disk(task, Path(folder))
            spread(_fitting, (task,), jobs, processes, hear)
    except ProcessEndedError as error:
        raise DatasetError(
            f"A process that fitted a projection head was ended ({error}), most likely because "
            "memory ran out. Learn fewer hashtags (--min-count) or fewer photos."
        ) from error
    return [first[head] for head in range(plan.heads)], [last[head] for head in range(plan.heads)]


def _on_disk(task: _Task, folder: Path) -> _Task:
    """The same with the features in files: what processes map into memory is there once."""

    def file(name: str, features: Features | Path | None) -> Path | None:
        if features is None or isinstance(features, Path):
            return features
        path = folder / f"{name}.npy"
        try:
            np.save(path, features[:])
        except OSError as error:
            raise DatasetError(
                f"{gettempdir()} has no room for the features of {len(features):,} photos "
                f"({error.strerror or error}). Name a folder that has in TMPDIR."
            ) from error
        return path

    mapped = file("features", task.features)
    assert mapped is not None
    return replace(task, features=mapped, mirrored=file("mirrored", task.mirrored))


def _fitting(
    task: _Task,
) -> Callable[[_Job, Callable[[tuple[str, int, int] | FittedHead], None]], None]:
    """What fits heads in one process."""
    name, split, plan = task.backbone, task.split, task.plan
    mirrored = {} if task.mirrored is None else {name: _opened(task.mirrored)}
    examples = Examples({name: _opened(task.features)}, task.counts, mirrored)
    held = examples.rows(split.held)

    def fit(job: _Job, tell: Callable[[tuple[str, int, int] | FittedHead], None]) -> None:
        settings = replace(plan.head, seed=plan.head.seed + job.head)
        if job.epochs is None:
            fit_on = examples.rows(split.fit)
            known = fit_on.counts
        else:
            settings = replace(settings, stop_after=job.epochs)
            fit_on = examples.rows(split.all)
            known = examples.counts
        tell(
            fit_w2v(
                fit_on,
                held,
                name,
                task.vectors,
                popularity(known),
                replace(plan, head=settings),
                report=lambda doing, done, total: tell((doing, done, total)),
            )
        )

    return fit


def _opened(features: Features | Path) -> Features:
    if isinstance(features, Path):
        mapped: Features = np.load(features, mmap_mode="r")
        return mapped
    return features
