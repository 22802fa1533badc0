"""Compares the features of OpenVINO with those of torch, and the time that each takes.

    python -m training.evaluation.engines PHOTOS --backbone efficientnet_lite2

The reference is what DEVICE=cpu computes: torch on one thread, in its fastest memory format. CPU
time is shown beside wall-clock time, so that other work on the machine does not blur the figures.
"""

from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from recommenders.arrays import Doubles, Floats, unit
from recommenders.backbones import device
from recommenders.backbones.backbone import Backbone, load_backbone
from recommenders.engine import Engine
from recommenders.machine import cores, one_core_each
from recommenders.photos import SUFFIXES, PhotoError, decode
from training.datasets.format import DatasetError
from training.progress import Progress
from training.terminal import WEIGHTS_DIR, WeightsDir, figures_table, reporting, tool

ROUNDS = 60
TOGETHER = 8


def main(
    folder: Annotated[Path, typer.Argument(metavar="PHOTOS", help="A folder of photos.")],
    backbones: Annotated[
        list[str] | None,
        typer.Option("--backbone", metavar="NAME", show_default="those of the starter"),
    ] = None,
    photos: Annotated[int, typer.Option(min=1, help="Number of photos to compare.")] = 1000,
    weights_dir: WeightsDir = WEIGHTS_DIR,
) -> None:
    """Compare what the networks compute on OpenVINO and on torch, and how fast."""
    one_core_each()
    device.use("openvino")
    starter = Engine.load(None, weights_dir)
    answering = starter.backbones["both"]
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    draw = np.random.default_rng(0)
    chosen = [paths[row] for row in draw.permutation(len(paths))[:photos]]
    same = figures_table(
        f"Of {len(chosen):,} photos", ("lowest cosine", "median", "same ten hashtags", "… in order")
    )
    fast = figures_table(
        "Milliseconds per photo, median (CPU time)",
        (
            "torch, one thread",
            "OpenVINO, one photo",
            "times as fast",
            f"{TOGETHER} together on {cores()} cores",
        ),
    )
    with reporting() as progress:
        for name in backbones or answering:
            device.use("openvino")
            compiled = load_backbone(name, weights_dir)
            device.use("cpu")
            reference = load_backbone(name, weights_dir)
            ours, theirs = _features(compiled, reference, chosen, progress)
            cosines = (unit(ours) * unit(theirs)).sum(axis=1)
            figures = ["", ""]
            if (name,) == answering:
                figures = [f"{share:.1%}" for share in _same_answers(starter, name, ours, theirs)]
            same.add_row(name, f"{cosines.min():.7f}", f"{np.median(cosines):.7f}", *figures)
            fast.add_row(name, *_times(compiled, reference))
    Console().print(same, fast)


def _features(
    compiled: Backbone, reference: Backbone, paths: list[Path], progress: Progress
) -> tuple[Floats, Floats]:
    """Features of the readable photos by both networks."""
    ours, theirs = [], []
    for number, path in enumerate(paths):
        progress(compiled.name, number, len(paths))
        try:
            pixels = np.stack([compiled.view.pixels(decode(path, compiled.shorter_side))])
        except PhotoError:
            continue
        ours.append(compiled.features_of_pixels(pixels))
        theirs.append(reference.features_of_pixels(pixels))
    if not ours:
        raise DatasetError("There are no readable photos to compare. Name a folder that has some.")
    return np.concatenate(ours), np.concatenate(theirs)


def _same_answers(engine: Engine, name: str, ours: Floats, theirs: Floats) -> tuple[float, float]:
    """The share of photos that get the same ten hashtags, and those in the same order."""
    answers = [
        [[hashtag.tag for hashtag in hashtags] for hashtags in engine.recommend(rows, "both")]
        for rows in ({name: ours}, {name: theirs})
    ]
    pairs = list(zip(*answers, strict=True))
    same = sum(set(some) == set(others) for some, others in pairs)
    return same / len(pairs), sum(some == others for some, others in pairs) / len(pairs)


def _times(compiled: Backbone, reference: Backbone) -> list[str]:
    """In the order of the table's columns."""
    shape = (TOGETHER, compiled.side, compiled.side, 3)
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    torch_times, own_times = _alternating(
        lambda: reference.features_of_pixels(pixels[:1]),
        lambda: compiled.features_of_pixels(pixels[:1]),
    )
    (together,) = _alternating(lambda: compiled.features_of_pixels(pixels))
    shown = [
        f"{wall:.1f} ({busy:.1f})" for wall, busy in (torch_times, own_times, together / TOGETHER)
    ]
    ratio = f"{torch_times[0] / own_times[0]:.1f} ({torch_times[1] / own_times[1]:.1f})"
    return [*shown[:2], ratio, shown[2]]


def _alternating(*actions: Callable[[], object]) -> list[Doubles]:
    """Runs the actions in turn; of each, median milliseconds by the clock and of the CPU."""
    times: list[list[tuple[float, float]]] = [[] for _ in actions]
    for round_ in range(ROUNDS + 1):
        for action, own in zip(actions, times, strict=True):
            began, busy = perf_counter(), process_time()
            action()
            if round_:  # the first warms up
                own.append((perf_counter() - began, process_time() - busy))
    return [1000 * np.median(own, axis=0) for own in times]


if __name__ == "__main__":
    tool(main)()
