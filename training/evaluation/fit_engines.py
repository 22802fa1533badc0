"""Compares the fits of both engines: python -m training.evaluation.fit_engines

Each engine fits each seed on the same features and is measured on the test split, so that the
difference between engines can be compared with the spread between seeds.
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from recommenders.engine import Engine
from training.datasets.format import Problems
from training.evaluation.evaluate import tops_of_backends
from training.evaluation.metrics import bootstrap, measure
from training.fitting.fit_engine import ONE_MACHINE
from training.fitting.pipeline import fit_bundle
from training.fitting.plan import Plan, with_values
from training.fitting.prepare import Networks, embed_posts, prepare_photos
from training.fitting.splits import posts_of
from training.fitting.vocabulary import lengths_of, matrix, vocabulary
from training.spark.session import spark_session
from training.spark.spark_engine import SparkEngine
from training.terminal import CACHE, Cache, Set, figures_table, reporting, tool

AT = 5
FIGURES = ("recall", "label_f1", "n_plus")


def main(
    dataset: Annotated[Path, typer.Option(metavar="DIR", show_default=False)],
    backend: Annotated[str, typer.Option(metavar="NAME", help="als, w2v or all.")] = "all",
    backbone: Annotated[str, typer.Option(metavar="NAME")] = "efficientnet_lite0",
    seeds: Annotated[
        int, typer.Option(min=1, help="Fits with each engine, one for each seed.")
    ] = 3,
    master: Annotated[str, typer.Option(metavar="URL", help="Spark's master.")] = "local[2]",
    set_: Set = None,
    cache: Cache = CACHE,
) -> None:
    """Fit a dataset on one machine and on Spark, and compare how good both are."""
    plan = with_values(Plan(), set_ or ())
    with reporting() as progress, spark_session(master) as session:
        photos = prepare_photos(
            posts_of(dataset, "train"),
            plan,
            Networks(cache, backend=backend, backbone=backbone, fetch=False),
            problems=Problems(),
            progress=progress,
        )
        test_posts, features, _ = embed_posts(
            posts_of(dataset, "test"),
            list(photos.backbones.values()),
            cache,
            progress=progress,
            problems=Problems(),
        )
        hashtags = vocabulary(post.hashtags for post in photos.posts)
        truth = matrix([post.hashtags for post in test_posts], hashtags).toarray() > 0
        lengths = lengths_of(test_posts)
        albums = [post.album for post in test_posts]
        rows: dict[tuple[str, str], list[tuple[float, ...]]] = {}
        intervals: dict[tuple[str, str], str] = {}
        for seed in range(seeds):
            for engine in (ONE_MACHINE, SparkEngine(session)):
                seeded = replace(plan, seed=seed)
                fitted = replace(photos, engine=engine).with_vectors_of(seeded, progress)
                bundle = fit_bundle(fitted, seeded, "measured-1", progress)
                answers = Engine(bundle, photos.backbones)
                for name, top in tops_of_backends(answers, features, hashtags, AT).items():
                    figures = measure(top, truth, lengths)
                    row = tuple(float(figures[figure]) for figure in FIGURES)
                    rows.setdefault((name, engine.name), []).append(row)
                    low, high = bootstrap(top, truth, lengths, albums)["recall"]
                    intervals.setdefault((name, engine.name), f"{low:.3f} to {high:.3f}")
    table = figures_table(
        f"{len(lengths)} test photos, {AT} hashtags each; means over {seeds} seeds (lowest to "
        "highest)",
        [*FIGURES, "recall of seed 0, 95 %"],
    )
    for key, of_seeds in rows.items():
        values = np.array(of_seeds)
        shown = [
            f"{mean:.3f} ({low:.3f} to {high:.3f})"
            for mean, low, high in zip(
                values.mean(axis=0), values.min(axis=0), values.max(axis=0), strict=True
            )
        ]
        table.add_row(" by ".join(key), *shown, intervals[key])
    Console(width=140).print(table)


if __name__ == "__main__":
    tool(main)()
