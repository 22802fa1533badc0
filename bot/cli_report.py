"""``tag4pic train report`` and ``tune``: to look at a bundle, and to find a better one."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bot.cli_console import reporting, settings_for_a_command

Dataset = Annotated[Path, typer.Option(help="A folder with posts.jsonl.", show_default=False)]
Cache = Annotated[Path, typer.Option(help="Where features of photos are kept for the next run.")]
CACHE = Path("data/features")


def report(
    dataset: Dataset,
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("report.html"),
    bundle: Annotated[
        Path | None, typer.Option(help="The bundle to measure.", show_default="the starter")
    ] = None,
    split: Annotated[str, typer.Option(help="Of the dataset.")] = "test",
    at: Annotated[int, typer.Option(min=1, help="How many hashtags of an answer count.")] = 5,
    cache: Cache = CACHE,
) -> None:
    """Write one page to look at: figures, curves, a map of the hashtags, photos.

    The page needs nothing beside itself and can be passed on; it holds small copies of fifty
    photos.

    tag4pic train report --bundle data/mine --dataset posts --out report.html
    """
    settings = settings_for_a_command()
    from training.report import write_report

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
        f"[bold]{out}[/]: {found.photos:,} photos, {out.stat().st_size / 1e6:.1f} MB. "
        "Open it in a browser.",
        highlight=False,
        soft_wrap=True,
    )
    for line in found.problems:
        Console(stderr=True).print(f"[yellow]{line}[/]", highlight=False)
