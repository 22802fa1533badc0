"""How long teaching takes when much was taught before: python -m training.evaluation.teaching_speed

It measures what the bot computes, on random features: before it confirms, whether the model finds
the hashtags likely; after that, learning what changed. Times are CPU times, so that other work does
not blur them.
"""

from collections.abc import Callable, Hashable
from pathlib import Path
from time import process_time
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from recommenders.arrays import Floats
from recommenders.backbones.registry import dims
from recommenders.engine import Engine, Lesson
from recommenders.machine import one_core_each
from training.terminal import WEIGHTS_DIR, WeightsDir, figures_table, tool

PERSON = 1
HASHTAGS = 5
"""Hashtags of each photo, two of them unknown to the bundle and one of these on every photo."""

OWN = 4
"""One photo in so many has a hashtag that no other has."""


def main(
    photos: Annotated[
        list[int] | None,
        typer.Option(
            min=1, help="Photos taught before; may be repeated.", show_default="2,000 10,000"
        ),
    ] = None,
    model_dir: Annotated[
        Path | None, typer.Option(help="The bundle.", show_default="the starter")
    ] = None,
    weights_dir: WeightsDir = WEIGHTS_DIR,
) -> None:
    """Measure how long it takes to teach one more photo, to take a hashtag back, and to forget."""
    one_core_each()
    table = figures_table(
        "Milliseconds on one core, with all photos taught by one person",
        (
            "check (before confirming)",
            "teach one more photo",
            "take back a hashtag on one photo",
            "take back a hashtag on every photo",
            "forget everything",
            "learn everything at startup",
        ),
    )
    for count in photos or (2_000, 10_000):
        figures = _figures(Engine.load(model_dir, weights_dir), count)
        table.add_row(f"{count:,} photos", *(f"{figure:,.0f}" for figure in figures))
    Console().print(table)


def _figures(engine: Engine, count: int) -> list[float]:
    """Milliseconds, in the order of the table's columns."""
    lessons: dict[Hashable, Lesson] = _lessons(engine, count + 1)
    features, hashtags = lessons[count]
    last: dict[Hashable, Lesson] = {count: lessons.pop(count)}
    started = _milliseconds(lambda: engine.learn(lessons))
    return [
        _milliseconds(lambda: engine.likely(features, hashtags[PERSON])),
        _milliseconds(lambda: engine.learn(last)),
        _milliseconds(lambda: engine.learn(_without(last, 2))),
        _milliseconds(lambda: engine.learn(_without(lessons, -1))),
        _milliseconds(lambda: engine.learn(dict.fromkeys(lessons, ({}, {})))),
        started,
    ]


def _milliseconds(work: Callable[[], object]) -> float:
    started = process_time()
    work()
    return (process_time() - started) * 1000


def _lessons(engine: Engine, count: int) -> dict[Hashable, Lesson]:
    draw = np.random.default_rng(0)
    known = engine.bundle.hashtags
    lessons: dict[Hashable, Lesson] = {}
    backbones = engine.backbones[engine.default_backend]
    for number in range(count):
        features: dict[str, Floats] = {
            name: draw.gamma(0.5, 1.0, dims(name)).astype(np.float32) for name in backbones
        }
        picked = draw.choice(len(known), HASHTAGS - 2, replace=False)
        new = f"own_{number}x" if number % OWN == 0 else f"taught_{number % 500}x"
        tags = [*(known[column] for column in picked), new, "everywhere_x"]
        lessons[number] = features, {PERSON: tags}
    return lessons


def _without(lessons: dict[Hashable, Lesson], place: int) -> dict[Hashable, Lesson]:
    """The lessons with one hashtag less of each photo."""
    fewer: dict[Hashable, Lesson] = {}
    for key, (features, hashtags) in lessons.items():
        tags = list(hashtags[PERSON])
        del tags[place]
        fewer[key] = features, {PERSON: tags}
    return fewer


if __name__ == "__main__":
    tool(main)()
