"""``python -m training.starter --data DATA``: builds the starter bundle, and measures it."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from recommenders.engine import STARTER
from training.evaluation.caption_hits import hits_table
from training.starter.build import build
from training.terminal import CACHE, WEIGHTS_DIR, Cache, WeightsDir, reporting, tool


def main(
    data: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder with the datasets.", show_default=False)
    ],
    out: Annotated[
        Path,
        typer.Option(metavar="DIR", help="The bundle to write.", show_default="the one that ships"),
    ] = STARTER,
    check: Annotated[bool, typer.Option("--check", help="Only measure, on held-out photos.")] = (
        False
    ),
    shared_by: Annotated[
        int, typer.Option(metavar="N", min=1, max=5, help="Captions of a photo that have a word.")
    ] = 2,
    cache: Cache = CACHE,
    weights_dir: WeightsDir = WEIGHTS_DIR,
) -> None:
    """Build the starter bundle, and measure it on everyday photos held out."""
    with reporting() as report:
        hits = build(
            data,
            out,
            weights_dir=weights_dir,
            cache_dir=cache,
            check_only=check,
            shared_by=shared_by,
            report=report,
        )
    Console().print(hits_table(hits))


if __name__ == "__main__":
    tool(main)()
