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
Split = Annotated[str, typer.Option(metavar="NAME", help="Of the dataset.")]
At = Annotated[int, typer.Option(metavar="N", min=1, help="How many hashtags of an answer count.")]

FITTED_BACKENDS = ("als", "w2v", "all")
"""Of ``--backend`` where backends are fitted."""
