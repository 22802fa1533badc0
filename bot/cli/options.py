"""Options that several commands of ``tag4pic train`` share."""

from pathlib import Path
from typing import Annotated

import typer

Dataset = Annotated[
    Path, typer.Option(metavar="DIR", help="A folder with posts.jsonl.", show_default=False)
]
Bundle = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="The bundle to measure.", show_default="the one in use"),
]
Split = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="Which split of the dataset. Figures of train and validation may flatter: bundles "
        "are fitted on both.",
    ),
]
PlanFile = Annotated[
    Path | None,
    typer.Option(
        "--plan", metavar="FILE", help="A plan, such as tune writes.", show_default="the usual one"
    ),
]
MinCount = Annotated[
    int | None, typer.Option(metavar="N", help="Same as --set min_count=N.", show_default=False)
]
Mirrored = Annotated[
    bool | None,
    typer.Option(
        "--mirrored/--no-mirrored", help="Same as --set photos.mirrored=…", show_default=False
    ),
]
At = Annotated[
    int, typer.Option(metavar="N", min=1, help="How many hashtags of each answer to count.")
]

Backend = Annotated[str, typer.Option(metavar="NAME", help="als, w2v or all.")]
Backbone = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Same as for fit.",
        show_default="mobilenet_v2 for als, resnet50 for w2v",
    ),
]

FITTED_BACKENDS = ("als", "w2v", "all")
"""The values of ``--backend`` for commands that fit."""
