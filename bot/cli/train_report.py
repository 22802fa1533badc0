"""``tag4pic train report`` and ``tune``: to look at a bundle, and to find a better one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from bot.cli.console import known_backbones, one_of, reporting, settings_for_a_command

Dataset = Annotated[
    Path, typer.Option(metavar="DIR", help="A folder with posts.jsonl.", show_default=False)
]
Cache = Annotated[
    Path, typer.Option(metavar="DIR", help="Where features of photos are kept for the next run.")
]
Split = Annotated[str, typer.Option(metavar="NAME", help="Of the dataset.")]
At = Annotated[int, typer.Option(metavar="N", min=1, help="How many hashtags of an answer count.")]
Measured = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="The bundle to measure.", show_default="the starter"),
]
CACHE = Path("data/features")
BACKENDS = ("als", "w2v", "all")


def counted(number: int, one: str, many: str = "") -> str:
    """``1 photo``, ``2,000 photos``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def tell_problems(lines: Sequence[str]) -> None:
    """What of a dataset could not be used, on stderr, a line each."""
    for line in lines:
        Console(stderr=True).print(Text(line, "yellow"), soft_wrap=True)


def report(
    dataset: Dataset,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The page to write.")] = Path(
        "report.html"
    ),
    bundle: Measured = None,
    split: Split = "test",
    at: At = 5,
    cache: Cache = CACHE,
) -> None:
    """Write one page to look at: figures, curves, a map of the hashtags, photos.

    The page needs nothing beside itself and can be passed on; it holds small copies of fifty
    photos.

    tag4pic train report --bundle data/mine --dataset posts --out report.html
    """
    settings = settings_for_a_command()
    from training.evaluation.report import write_report

    with reporting() as progress:
        found = write_report(
            dataset,
            bundle or settings.model_dir,
            out,
            split=split,
            at=at,
            weights_dir=settings.weights_dir,
            cache_dir=cache,
            report=progress,
        )
    Console().print(
        f"[bold]{out}[/]: {counted(found.photos, 'photo')}, {out.stat().st_size / 1e6:.1f} MB. "
        "Open it in a browser.",
        highlight=False,
        soft_wrap=True,
    )
    tell_problems(found.problems)


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
        typer.Option(metavar="N", min=1, help="Of each backend, those of earlier runs included."),
    ] = 30,
    minutes: Annotated[
        float | None,
        typer.Option(
            metavar="N", min=0, help="Begin no trial after so many.", show_default="no limit"
        ),
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The plan to start from.", show_default="the usual one"),
    ] = None,
    backend: Annotated[str, typer.Option(metavar="NAME", help="als, w2v or all.")] = "all",
    backbone: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="As for fit.",
            show_default="mobilenet_v2 for als, resnet50 for w2v",
        ),
    ] = None,
    min_count: Annotated[int, typer.Option(metavar="N", min=1, help="As for fit.")] = 1,
    mirrored: Annotated[bool, typer.Option(help="As for fit.")] = True,
    cache: Cache = CACHE,
) -> None:
    """Search hyper-parameters on training photos that are held back, never on the test split.

    Needs Optuna: pip install 'tag4pic\\[tune]'. The best plan so far is written after every trial
    that betters it; a search that is interrupted goes on where it stopped.

    tag4pic train tune --dataset posts --minutes 30
    tag4pic train fit --dataset posts --out data/mine --plan plan.json
    """
    one_of("--backend", backend, BACKENDS)
    settings = settings_for_a_command()
    from training.fitting.plan import Plan, read_plan, write_plan
    from training.fitting.prepare import prepare
    from training.fitting.tune import tune as search

    if backbone is not None:
        known_backbones(backbone)
    start = Plan() if plan is None else read_plan(plan)
    with reporting() as report:
        training_set = prepare(
            dataset,
            start,
            backend=backend,
            backbone=backbone,
            weights_dir=settings.weights_dir,
            cache_dir=cache,
            min_count=min_count,
            mirrored=mirrored,
            progress=report,
        )
        found = search(
            training_set,
            start,
            study or out.with_suffix(".study"),
            trials=trials,
            seconds=None if minutes is None else 60 * minutes,
            on_better=lambda better: write_plan(better, out),
            progress=report,
        )
    console = Console()
    console.print(
        f"[bold]{out}[/]: the best of {counted(found.trials, 'trial')} on "
        f"{counted(found.photos, 'photo')} held back.",
        highlight=False,
        soft_wrap=True,
    )
    for name, (before, after) in found.gains.items():
        judged = "w2v with als" if name == "w2v" and "als" in found.gains else name
        console.print(
            f"{judged}: {before:.4f} → {after:.4f} (recall at five + label F1 + half the share of "
            "hashtags recalled)",
            highlight=False,
            soft_wrap=True,
        )
    console.print(
        f"Fit with it: [cyan]tag4pic train fit --dataset {dataset} --out data/mine --plan {out}[/]",
        highlight=False,
        soft_wrap=True,
    )
