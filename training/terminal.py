"""Terminal output of commands, and developers' tools as command-line programs."""

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table
from typer.core import TyperCommand

from training.progress import Progress

Cache = Annotated[
    Path, typer.Option(metavar="DIR", help="Where photo features are saved for the next run.")
]
CACHE = Path("data/features")

WeightsDir = Annotated[
    Path,
    typer.Option(
        "--weights", metavar="DIR", envvar="WEIGHTS_DIR", help="The folder with the weights."
    ),
]
WEIGHTS_DIR = Path("data/weights")

Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KNOB=VALUE",
        help="Set a knob, such as vectors.window=2; may be repeated. `tag4pic train plan` lists "
        "the knobs.",
        show_default=False,
    ),
]


def progress_bar() -> Bar:
    """A progress bar on stderr, cleared at the end; disabled where stderr is no terminal."""
    console = Console(stderr=True)
    return Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        # Otherwise rich would redirect stdout to stderr.
        redirect_stdout=False,
        disable=not console.is_terminal,
    )


@contextmanager
def reporting() -> Iterator[Progress]:
    """Yields a progress callback that moves a progress bar."""
    with progress_bar() as bar:
        task = bar.add_task("Reading", total=None)

        def progress(doing: str, done: int, total: int) -> None:
            bar.update(task, description=escape(doing), completed=done, total=total or None)

        try:
            yield progress
        except KeyboardInterrupt:
            bar.stop()
            typer.echo("Stopped. What was done is kept: run the same command to go on.", err=True)
            raise


def figures_table(title: str, columns: Sequence[str]) -> Table:
    """A table to print: names on the left, a column of figures for each of ``columns``."""
    table = Table(
        title=escape(title),
        box=box.SIMPLE_HEAD,
        title_justify="left",
        title_style="bold",
        collapse_padding=True,
        pad_edge=False,
        show_edge=False,
    )
    table.add_column("")
    for column in columns:
        table.add_column(column, justify="right")
    return table


class _Tool(TyperCommand):
    """A command whose help shows no ``<bool>`` for a flag."""

    def get_params(self, ctx: Any) -> Any:
        params = super().get_params(ctx)
        for param in params:
            if getattr(param, "is_flag", False):
                param.metavar = ""
        return params


def tool(command: Callable[..., None]) -> typer.Typer:
    """A function as a command-line program; errors that people can act on become one line."""
    from recommenders.backbones.device import DeviceError
    from recommenders.backbones.recipe import UnknownBackboneError
    from recommenders.backbones.weights import WeightsError
    from recommenders.bundle import BundleError
    from training.datasets.format import DatasetError

    @functools.wraps(command)
    def with_errors_in_a_line(*arguments: object, **options: object) -> None:
        try:
            command(*arguments, **options)
        except (
            *(BundleError, DatasetError, DeviceError),
            *(UnknownBackboneError, WeightsError),
        ) as error:
            typer.echo(f"Error: {error}", err=True)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            raise typer.Exit(130) from None

    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command(cls=_Tool)(with_errors_in_a_line)
    return app
