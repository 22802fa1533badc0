"""``tag4pic train``: from posts to a bundle, and how good it is."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from bot.cli.console import (
    Commands,
    fail,
    known_backbones,
    one_of,
    reporting,
    settings_for_a_command,
)
from bot.cli.train_data import collect, import_
from bot.cli.train_report import (
    BACKENDS,
    CACHE,
    At,
    Cache,
    Dataset,
    Measured,
    Split,
    counted,
    report,
    tell_problems,
    tune,
)
from bot.cli.train_versions import finetune, rollback

if TYPE_CHECKING:
    from training.evaluation.evaluate import Evaluation
    from training.fitting.plan import Plan

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    help="Train on your own posts, and see how good it is.",
)
LOSSES = ("softmax", "kld_bce")


def fit(
    dataset: Dataset,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="The bundle to write.", show_default=False)
    ],
    backend: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="als, w2v or all; tags for hashtags alone, without any photo."
        ),
    ] = "all",
    backbone: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="efficientnet_lite0 (needs no download), mobilenet_v2 or resnet50; or several, "
            "joined by +.",
            show_default="mobilenet_v2 for als, resnet50 for w2v",
        ),
    ] = None,
    loss: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Of the projection head: softmax or kld_bce.",
            show_default="softmax",
        ),
    ] = None,
    min_count: Annotated[
        int,
        typer.Option(
            metavar="N", min=1, help="Photos that must carry a hashtag for it to be learnt."
        ),
    ] = 1,
    mirrored: Annotated[
        bool, typer.Option(help="Learn from the photos mirrored left to right too.")
    ] = True,
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=0, help="The same seed gives the same bundle.", show_default="0"
        ),
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Hyper-parameters, as tune writes them.",
            show_default="the usual ones",
        ),
    ] = None,
    cache: Cache = CACHE,
) -> None:
    """Fit a bundle on a dataset: features, ALS, Word2Vec, their blend.

    Set MODEL_DIR to the bundle and the bot answers with it. A run that is interrupted goes on where
    it stopped.

    tag4pic train fit --dataset posts --out mine
    tag4pic train fit --dataset posts --out mine --backbone efficientnet_lite0
    """
    one_of("--backend", backend, (*BACKENDS, "tags"))
    if loss is not None:
        one_of("--loss", loss, LOSSES)
    settings = settings_for_a_command()
    from training.fitting.pipeline import fit_dataset
    from training.fitting.plan import Plan, read_plan

    if backbone is not None:
        known_backbones(backbone)
    chosen = Plan() if plan is None else read_plan(plan)
    if loss is not None:
        chosen = chosen.with_loss(loss)  # type: ignore[arg-type]
    if seed is not None:
        chosen = chosen.with_seed(seed)
    if backend == "tags":
        _fit_tags(dataset, out, chosen, min_count)
        return
    with reporting() as progress:
        bundle = fit_dataset(
            dataset,
            out,
            backend=backend,
            backbone=backbone,
            weights_dir=settings.weights_dir,
            cache_dir=cache,
            plan=chosen,
            min_count=min_count,
            mirrored=mirrored,
            progress=progress,
        )
    console = Console()
    told = bundle.provenance
    console.print(
        f"[bold]{bundle.model}[/] in {out}: {counted(told['photos'], 'photo')}, "
        f"{counted(len(bundle.hashtags), 'hashtag')}.",
        highlight=False,
        soft_wrap=True,
    )
    for reason, count in told["problems"].items():
        console.print(f"[yellow]{count:,} left out: {reason}[/]", highlight=False)
    table = _table(
        f"On {counted(bundle.metrics['validation_photos'], 'photo')} held back for choosing"
    )
    for name in ("als", "w2v", "both"):
        if name in bundle.metrics:
            _row(table, name, bundle.metrics[name], None)
    console.print(table)
    console.print(
        f"Answer with it: [cyan]MODEL_DIR={out} tag4pic run[/]", highlight=False, soft_wrap=True
    )


def evaluate(
    dataset: Dataset,
    bundle: Measured = None,
    split: Split = "test",
    at: At = 5,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Write the figures to this file too."),
    ] = None,
    cache: Cache = CACHE,
) -> None:
    """Measure a bundle on photos that it has not seen, beside baselines fitted in the same run.

    Figures stand with their 95 % interval (bootstrap over photos).

    tag4pic train evaluate --dataset posts --bundle data/mine
    """
    settings = settings_for_a_command()
    if json_file is not None:
        with _writing(json_file):  # rather refused now than after all the measuring
            json_file.parent.mkdir(parents=True, exist_ok=True)
            json_file.open("a").close()
    from training.evaluation.evaluate import evaluate as measure

    with reporting() as progress:
        found = measure(
            dataset,
            bundle or settings.model_dir,
            split=split,
            at=at,
            weights_dir=settings.weights_dir,
            cache_dir=cache,
            report=progress,
        )
    _print(found)
    if json_file is not None:
        with _writing(json_file):
            json_file.write_text(json.dumps(found.as_json(), indent=1) + "\n", encoding="utf-8")


def embed(
    dataset: Dataset,
    backbone: Annotated[str, typer.Option(metavar="NAME", help="Whose features.")] = (
        "efficientnet_lite0"
    ),
    mirrored: Annotated[bool, typer.Option(help="Of mirrored photos too.")] = True,
    cache: Cache = CACHE,
) -> None:
    """Compute and keep the features of a dataset's photos; goes on where it stopped.

    tag4pic train embed --dataset posts --backbone resnet50
    """
    settings = settings_for_a_command()
    from training.datasets.format import Problems, read
    from training.fitting.prepare import embed_posts, get_backbone

    known_backbones(backbone)
    problems = Problems()
    with reporting() as progress:
        posts, _, _ = embed_posts(
            read(dataset, problems),
            [get_backbone(backbone, settings.weights_dir, fetch=True)],
            cache,
            mirrored=mirrored,
            progress=progress,
            problems=problems,
        )
    Console().print(f"{cache} has the features of {counted(len(posts), 'photo')}.", highlight=False)
    tell_problems(problems.lines())


def starter(
    data: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder with the datasets.", show_default=False)
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The bundle to write.", show_default="the one that ships"),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Only measure, on held-out photos.")] = (
        False
    ),
    shared_by: Annotated[
        int, typer.Option(metavar="N", min=1, max=5, help="Captions of a photo that have a word.")
    ] = 2,
    cache: Cache = CACHE,
) -> None:
    """Build the starter bundle, and measure it on everyday photos held out.

    tag4pic train starter --data ../shared/data --check
    """
    settings = settings_for_a_command()
    from recommenders.engine import STARTER
    from training.starter.build import build

    with reporting() as progress:
        figures = build(
            data,
            out or STARTER,
            weights_dir=settings.weights_dir,
            cache_dir=cache,
            check_only=check,
            shared_by=shared_by,
            report=progress,
        )
    photos = max(figure.photos for figure in figures.values())
    table = Table(
        title=f"First five hashtags of {photos:,} everyday photos held out",
        box=box.SIMPLE_HEAD,
        title_justify="left",
        title_style="bold",
    )
    for column in ("", "one names it", "name it", "lift", "generic"):
        table.add_column(column, justify="right" if column else "left")
    for name, figure in figures.items():
        table.add_row(
            name,
            f"{figure.hit:.3f}",
            f"{figure.precision:.3f}",
            f"{figure.lift:.2f}",
            f"{figure.generic:.3f}",
        )
    Console().print(table)


def _fit_tags(dataset: Path, out: Path, plan: "Plan", min_count: int) -> None:
    from training.fitting.pipeline import fit_hashtags

    with reporting() as progress:
        bundle = fit_hashtags(dataset, out, plan=plan, min_count=min_count, progress=progress)
    console = Console()
    groups = len(bundle.settings["knowledge"]["categories"])
    console.print(
        f"[bold]{bundle.model}[/] in {out}: {counted(bundle.provenance['posts'], 'post')}, "
        f"{counted(len(bundle.hashtags), 'hashtag')}, {counted(groups, 'category', 'categories')}.",
        highlight=False,
        soft_wrap=True,
    )
    for reason, count in bundle.provenance["problems"].items():
        console.print(f"[yellow]{count:,} left out: {reason}[/]", highlight=False)
    console.print(
        f"It answers no photos. Look at it: [cyan]MODEL_DIR={out} tag4pic tags categories[/]",
        highlight=False,
        soft_wrap=True,
    )


@contextmanager
def _writing(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        fail(f"{file} cannot be written ({error.strerror}).")


def _table(title: str) -> Table:
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
    table.add_column("")
    for column in ("recall", "precision", "first right", "label F1", "N+"):
        table.add_column(column, justify="right")
    return table


def _row(
    table: Table,
    name: str,
    figures: dict[str, float],
    intervals: dict[str, tuple[float, float]] | None,
) -> None:
    def cell(figure: str) -> str:
        text = f"{figures[figure]:.3f}"
        if intervals is not None:
            low, high = intervals[figure]
            text += f" [dim]{low:.3f}-{high:.3f}[/]"
        return text

    table.add_row(
        name,
        *map(cell, ("recall", "precision", "p@1", "label_f1")),
        f"{figures['n_plus']:.0f}",
    )


def _print(found: "Evaluation") -> None:
    photos, hashtags = counted(found.photos, "photo"), counted(found.at, "hashtag")
    table = _table(f"{found.dataset}, {found.split}: {photos}, first {hashtags}")
    for name, figures in found.backends.items():
        _row(table, name, figures, found.intervals[name])
    Console().print(table)
    tell_problems(found.problems)


# In the order in which they are needed, as --help lists them.
for _name, _command in (
    ("import", import_),
    ("collect", collect),
    ("embed", embed),
    ("fit", fit),
    ("tune", tune),
    ("evaluate", evaluate),
    ("report", report),
    ("finetune", finetune),
    ("rollback", rollback),
    ("starter", starter),
):
    app.command(_name)(_command)
