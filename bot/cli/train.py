"""``tag4pic train``: fits bundles on posts and measures how good they are."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from bot.cli.console import (
    Commands,
    check_writable,
    fail,
    known_backbones,
    one_of,
    print_line,
    print_warnings,
    settings_for_a_command,
)
from bot.cli.options import (
    FITTED_BACKENDS,
    Backbone,
    Backend,
    Dataset,
    MinCount,
    Mirrored,
    PlanFile,
)
from bot.cli.train_compare import compare
from bot.cli.train_data import collect, import_
from bot.cli.train_evaluation import (
    add_metrics,
    evaluate,
    metrics_table,
    print_accuracy_flatters,
    report,
)
from bot.cli.train_plan import chosen_plan, plan, print_choices
from bot.cli.train_versions import finetune, publish, rollback, status
from training.plurals import counted
from training.terminal import CACHE, Cache, Set, reporting

if TYPE_CHECKING:
    from recommenders.bundle import Bundle
    from training.fitting.fit_engine import FitEngine
    from training.fitting.plan import Plan

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    help="Train on your own posts, and see how good the result is.",
)


def embed(
    dataset: Dataset,
    backbone: Annotated[str, typer.Option(metavar="NAME", help="Which features.")] = (
        "efficientnet_lite0"
    ),
    mirrored: Mirrored = None,
    set_: Set = None,
    cache: Cache = CACHE,
) -> None:
    """Compute and keep the features of a dataset's photos; resumes where it stopped.

    tag4pic train embed --dataset posts --backbone resnet50
    tag4pic train embed --dataset posts --set photos.side=200 --set photos.jitter=2
    """
    settings = settings_for_a_command()
    from training.datasets.format import Problems, read_posts
    from training.fitting.plan import changed
    from training.fitting.prepare import backbone_of, changes_of, embed_posts, get_backbone

    known_backbones(backbone)
    plan = chosen_plan(None, set_, shorthands={"photos.mirrored": mirrored})
    for name in changed(plan):
        if not name.startswith("photos."):
            fail(f"{name} changes no features: embed takes only knobs that begin with photos.")
    photos = plan.photos
    problems = Problems()
    with reporting() as progress:
        posts, _, _ = embed_posts(
            read_posts(dataset, problems),
            [get_backbone(backbone_of(backbone, photos), settings.weights_dir, fetch=True)],
            cache,
            changes=changes_of(photos),
            progress=progress,
            problems=problems,
        )
    print_line(f"{escape(str(cache))} has the features of {counted(len(posts), 'photo')}.")
    print_warnings(problems.lines())


def fit(
    dataset: Annotated[
        str,
        typer.Option(
            metavar="DIR",
            help="A folder with posts.jsonl; with --engine spark also posts.parquet, or an "
            "address such as hdfs://namenode/posts.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="The bundle to write.", show_default=False)
    ],
    backend: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="als, w2v or all; tags fits hashtags alone, without photos."
        ),
    ] = "all",
    backbone: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="efficientnet_lite0 (needs no download), mobilenet_v2, resnet50 or any listed by "
            "`tag4pic weights --all`; or several, joined by +.",
            show_default="mobilenet_v2 for als, resnet50 for w2v",
        ),
    ] = None,
    set_: Set = None,
    plan: PlanFile = None,
    loss: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Same as --set head.loss=NAME.", show_default=False),
    ] = None,
    min_count: MinCount = None,
    mirrored: Mirrored = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Same as --set seed=N.", show_default=False)
    ] = None,
    post_counts: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="How many posts a platform has per hashtag, CSV tag,posts: 100,000 to 10,000,000 "
            "is the middle size.",
            show_default="sizes go by the training posts",
        ),
    ] = None,
    cache: Annotated[
        str, typer.Option(metavar="DIR", help="Where features are kept; as Parquet with Spark.")
    ] = str(CACHE),
    engine: Annotated[
        str, typer.Option(metavar="NAME", help="machine, or spark for a cluster.")
    ] = "machine",
    master: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Spark's master: local[2], spark://host:7077, yarn or k8s://…",
            show_default="all cores of this machine",
        ),
    ] = None,
) -> None:
    """Fit a bundle on a dataset: features, ALS, Word2Vec, and their fusion.

    Set MODEL_DIR to the bundle, and the bot answers with it. An interrupted run resumes where it
    stopped.

    tag4pic train fit --dataset posts --out mine --backbone efficientnet_lite0
    tag4pic train fit --dataset posts --out mine --engine spark
    tag4pic train fit --dataset posts --out mine --set head.loss=kld_bce
    """
    one_of("--backend", backend, (*FITTED_BACKENDS, "tags"))
    one_of("--engine", engine, ("machine", "spark"))
    if master is not None and engine != "spark":
        fail("--master is for Spark only: add --engine spark, or leave it out.")
    settings = settings_for_a_command()
    from training.fitting.pipeline import fit_dataset, fit_hashtags
    from training.fitting.prepare import Networks

    known_backbones(backbone)
    shorthands = {
        "head.loss": loss,
        "min_count": min_count,
        "photos.mirrored": mirrored,
        "seed": seed,
    }
    chosen = chosen_plan(plan, set_, backend=backend, shorthands=shorthands)
    with _fit_engine(engine, master, chosen) as computing, reporting() as progress:
        if backend == "tags":
            bundle = fit_hashtags(
                dataset,
                out,
                plan=chosen,
                post_counts=post_counts,
                engine=computing,
                progress=progress,
            )
        else:
            bundle = fit_dataset(
                dataset,
                out,
                Networks(cache, settings.weights_dir, backend, backbone),
                plan=chosen,
                post_counts=post_counts,
                engine=computing,
                progress=progress,
            )
    hashtags = counted(len(bundle.hashtags), "hashtag")
    if backend == "tags":
        posts = counted(bundle.provenance["posts"], "post")
        categories = len(bundle.settings["knowledge"]["categories"])
        _print_bundle(bundle, out, posts, hashtags, counted(categories, "category", "categories"))
        print_choices(chosen, bundle)
        print_line(
            "It cannot answer photos. Look at it: "
            f"[cyan]MODEL_DIR={escape(str(out))} tag4pic tags categories[/]"
        )
        return
    photos = counted(bundle.provenance["photos"], "photo")
    _print_bundle(bundle, out, photos, hashtags)
    print_choices(chosen, bundle)
    _print_metrics(bundle)
    print_line(f"Answer with it: [cyan]MODEL_DIR={escape(str(out))} tag4pic run[/]")


def tune(
    dataset: Dataset,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The plan to write.")] = Path(
        "plan.json"
    ),
    study: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Where trials are kept.", show_default="beside the plan, .study"
        ),
    ] = None,
    trials: Annotated[
        int,
        typer.Option(
            metavar="N", min=1, help="Trials per backend, including those of earlier runs."
        ),
    ] = 30,
    minutes: Annotated[
        float | None,
        typer.Option(
            metavar="N", min=0, help="Start no trial after this many.", show_default="no limit"
        ),
    ] = None,
    set_: Set = None,
    plan: PlanFile = None,
    backend: Backend = "all",
    backbone: Backbone = None,
    min_count: MinCount = None,
    mirrored: Mirrored = None,
    cache: Cache = CACHE,
) -> None:
    """Search for better knobs on held-back training photos, never on the test split.

    Needs Optuna: .venv/bin/pip install 'tag4pic\\[tune]'. The best plan so far is written whenever
    a trial improves on it; an interrupted search resumes where it stopped.

    tag4pic train tune --dataset posts --minutes 30
    tag4pic train fit --dataset posts --out data/mine --plan plan.json
    """
    one_of("--backend", backend, FITTED_BACKENDS)
    check_writable(out)
    study = study or out.with_suffix(".study")
    if os.path.realpath(study) == os.path.realpath(out):
        fail(f"{out} cannot be both the plan and the study: name another file with --study.")
    check_writable(study)
    settings = settings_for_a_command()
    from training.fitting.plan_files import write_plan
    from training.fitting.prepare import Networks, prepare
    from training.fitting.tune import tune as search

    known_backbones(backbone)
    shorthands = {"min_count": min_count, "photos.mirrored": mirrored}
    start = chosen_plan(plan, set_, backend=backend, shorthands=shorthands)
    with reporting() as progress:
        training_set = prepare(
            dataset,
            start,
            Networks(cache, settings.weights_dir, backend, backbone),
            progress=progress,
        )
        result = search(
            training_set,
            start,
            study,
            trials=trials,
            seconds=None if minutes is None else 60 * minutes,
            on_better=lambda better: write_plan(better, out),
            progress=progress,
        )
    print_line(
        f"[bold]{escape(str(out))}[/]: the best of {counted(result.trials, 'trial')} on "
        f"{counted(result.photos, 'photo')} held back."
    )
    for name, (before, after) in result.gains.items():
        judged = "w2v with als" if name == "w2v" and "als" in result.gains else name
        print_line(f"{judged}: {before:.4f} → {after:.4f} (recall at five + label F1)")
    print_line(
        f"Fit with it: [cyan]tag4pic train fit --dataset {escape(str(dataset))} --out data/mine "
        f"--plan {escape(str(out))}[/]"
    )


@contextmanager
def _fit_engine(engine: str, master: str | None, plan: "Plan") -> "Iterator[FitEngine]":
    """The engine that computes a fit; Spark's session ends with the block."""
    if engine == "spark":
        from training.spark.session import spark_session
        from training.spark.spark_engine import SparkEngine, check_plan

        check_plan(plan)
        with spark_session(master) as session:
            yield SparkEngine(session)
        return
    from training.fitting.fit_engine import ONE_MACHINE

    yield ONE_MACHINE


def _print_metrics(bundle: "Bundle") -> None:
    held_out = f"{counted(bundle.metrics['validation_photos'], 'photo')} held back for validation"
    empty_accuracy = bundle.metrics["empty_accuracy"]
    if empty_accuracy == 1:  # they carry none of the hashtags that were fitted
        print_line(
            f"No hashtag of {held_out} is on another photo too, so there is nothing to measure."
        )
        return
    table = metrics_table(f"On {held_out}")
    for name in ("als", "w2v", "both"):
        if name in bundle.metrics:
            add_metrics(table, name, bundle.metrics[name])
    Console().print(table)
    print_accuracy_flatters(empty_accuracy)


def _print_bundle(bundle: "Bundle", out: Path, *counts: str) -> None:
    print_line(f"[bold]{escape(bundle.model)}[/] in {escape(str(out))}: {', '.join(counts)}.")
    for reason, count in bundle.provenance["problems"].items():
        print_line(f"[yellow]{count:,} × {escape(reason)}[/]")
    if file := bundle.provenance.get("post_counts"):
        print_line(
            f"The file of post counts ({counted(file['lines'], 'line')}) covers "
            f"{file['hashtags']:,} of the posts' hashtags."
        )
        print_warnings(file["notes"])


# In the order of use, as --help lists them.
app.command("import")(import_)
app.command()(collect)
app.command()(embed)
app.command()(plan)
app.command()(fit)
app.command()(tune)
app.command()(evaluate)
app.command()(compare)
app.command()(report)
app.command()(finetune)
app.command()(status)
app.command()(rollback)
app.command()(publish)
