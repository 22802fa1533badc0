"""Fits the projection heads of a plan, each in a process of its own.

Every head is fitted twice: first with early stopping on held-out photos, then for as many epochs on
all photos. From ``PLENTY`` photos on there is only the first fit: the held-out ones would add
little. Heads differ by their seed alone and are independent, so one process and several give the
same ones.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

import numpy as np

from recommenders.arrays import Floats
from recommenders.machine import cores
from training.datasets.format import DatasetError
from training.features.examples import Examples, Features, Mapped, Rows
from training.features.processes import ProcessEndedError, Work, run_jobs
from training.fitting.head import FittedHead, fit_w2v
from training.fitting.plan import HeadPlan, Plan
from training.fitting.vocabulary import popularity
from training.progress import Progress

MANY = 1_000
"""Photos from which it is worth starting processes."""

PLENTY = 20_000
"""Photos from which heads are not fitted again on the held-out ones."""


@dataclass(frozen=True)
class Split:
    """Rows of the examples: for the first fit, for early stopping, and for the last fit."""

    fit: Rows
    held_out: Rows
    all: Rows


@dataclass(frozen=True)
class _Job:
    """One fit of one head; ``epochs`` is None for early stopping on the held-out photos."""

    head: int
    epochs: int | None = None


_Epoch = tuple[_Job, str, int]
"""A job, its description for people, and the epoch that it has done."""


def fit_heads(
    examples: Examples,
    backbone: str,
    split: Split,
    vectors: Floats,
    plan: Plan,
    progress: Progress,
    *,
    processes: int | None = None,
) -> tuple[list[FittedHead], list[FittedHead]]:
    """Fits ``plan.heads`` heads.

    Args:
        vectors: (V, d) to start from.
        processes: None for one per core, where that is worth it.

    Returns:
        The heads fitted on ``split.fit``, and those fitted on ``split.all``; from ``PLENTY``
        photos on the same ones twice, fitted on the rows that both have.

    Raises:
        DatasetError: if memory or the temporary folder is too small.
    """
    once = len(split.all) >= PLENTY
    if processes is None:
        processes = cores() if len(split.all) >= MANY else 1
        if once:  # else, with three heads on two cores, one core would idle during the third
            processes *= 2
    if once:
        split = replace(split, fit=np.intersect1d(split.fit, split.all))
    copies = 1 + (backbone in examples.mirrored) + len(examples.jittered)
    epochs = plan.head.of(copies * len(split.fit)).epochs
    heads = range(plan.heads)
    jobs = deque(_Job(head) for head in heads)
    first: dict[int, FittedHead] = {}
    last: dict[int, FittedHead] = {}
    done = dict.fromkeys(heads, 0)
    total = dict.fromkeys(heads, epochs if once else 2 * epochs)

    def on_progress(message: _Epoch) -> None:
        job, doing, epoch = message
        before = 0 if job.epochs is None else len(first[job.head].history)
        done[job.head] = before + epoch
        progress(doing, sum(done.values()), sum(total.values()))

    def on_result(job: _Job, fitted: FittedHead) -> None:
        if job.epochs is not None:
            last[job.head] = fitted
            return
        first[job.head] = fitted
        if once:
            last[job.head] = fitted
            total[job.head] = len(fitted.history)
            return
        best = plan.head.stop_after or 1 + int(np.argmax([score for _, score in fitted.history]))
        total[job.head] = len(fitted.history) + best
        jobs.append(_Job(job.head, best))

    processes = min(processes, plan.heads)
    try:
        with TemporaryDirectory(prefix="tag4pic-") as folder:
            if processes > 1:
                examples = _mapped(examples, backbone, Path(folder))
            args = (examples, backbone, split, vectors, plan.head)
            run_jobs(_start_worker, args, jobs, processes, on_result, on_progress)
    except ProcessEndedError as error:
        raise DatasetError(
            f"A process fitting a projection head died ({error}), most likely because memory ran "
            "out. Learn fewer hashtags (raise --min-count) or use fewer photos."
        ) from error
    return [first[head] for head in heads], [last[head] for head in heads]


def _mapped(examples: Examples, backbone: str, folder: Path) -> Examples:
    """The examples with one backbone's features memory-mapped, so that processes share them."""

    def mapped(name: str, features: Features) -> Features:
        path = folder / f"{name}.npy"
        try:
            np.save(path, features[:])
        except OSError as error:
            raise DatasetError(
                f"{gettempdir()} has no room for the features of {len(features):,} photos "
                f"({error.strerror or error}). Set TMPDIR to a folder with more space."
            ) from error
        return Mapped(path)

    def own(name: str, features: Mapping[str, Features]) -> dict[str, Features]:
        return {backbone: mapped(name, features[backbone])} if backbone in features else {}

    return Examples(
        own("features", examples.features),
        examples.counts,
        own("mirrored", examples.mirrored),
        [own(f"jittered{number}", copy) for number, copy in enumerate(examples.jittered)],
    )


def _start_worker(
    examples: Examples, backbone: str, split: Split, vectors: Floats, plan: HeadPlan
) -> Work[_Job, _Epoch, FittedHead]:
    """The function that fits heads in one process."""
    held_out = examples.rows(split.held_out)

    def fit(job: _Job, report: Callable[[_Epoch], None]) -> FittedHead:
        fit_on = examples.rows(split.fit if job.epochs is None else split.all)
        counts = fit_on.counts if job.epochs is None else examples.counts
        head = replace(plan, seed=plan.seed + job.head)
        if job.epochs is not None:
            head = replace(head, stop_after=job.epochs)
        return fit_w2v(
            fit_on,
            held_out,
            backbone,
            vectors,
            popularity(counts),
            head,
            progress=lambda doing, epoch, epochs: report((job, doing, epoch)),
        )

    return fit
