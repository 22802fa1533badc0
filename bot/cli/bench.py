"""``tag4pic bench``: how fast this machine answers, and under how much load."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from bot.cli.console import (
    Commands,
    bundle_in_use,
    check_writable,
    fail,
    load_engine,
    print_json,
    print_line,
    refusing_unwritable,
    settings_for_a_command,
)
from training.plurals import counted

if TYPE_CHECKING:
    from bot.benchmark.growth import Growth
    from bot.benchmark.rows import Row

app = typer.Typer(cls=Commands, invoke_without_command=True)

WIDTH = 100
"""The least width of the table, in characters."""

Photos = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="A folder of photos.", show_default="generated ones"),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object, for scripts.")]


class Section(StrEnum):
    """A part of the table."""

    answering = "answering"
    starting = "starting"
    growth = "growth"
    training = "training"


@app.callback()
def bench(
    context: typer.Context,
    photos: Photos = None,
    only: Annotated[
        list[Section] | None,
        typer.Option(
            metavar="PART",
            help=f"Measure only this: {', '.join(Section)}; may be repeated.",
            show_default=False,
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Measure a little of everything.")] = False,
    large: Annotated[
        bool,
        typer.Option("--large", help="Include a million photos and 80,000 posts; takes an hour."),
    ] = False,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw how the steps grow as SVG.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure how fast this machine answers, next to the plain way of doing it.

    The plain way is what the published projects' code does: photos decoded at their full size,
    PyTorch eager, one photo at a time, every known photo scanned and sorted, one thread. Both are
    measured in turns, on the same photos. CPU is processor time: on a busy machine it tells you
    more than the clock.

        tag4pic bench
        tag4pic bench --photos holidays --only answering
        tag4pic bench --only growth --large --plot growth.svg
        tag4pic bench load
    """
    if context.invoked_subcommand is not None:
        return
    if quick and large:
        fail("--quick and --large cannot be combined: leave one out.")
    sections = list(only or Section)
    if plot is not None:
        if Section.growth not in sections:
            fail("--plot draws growth: leave --only out, or add --only growth.")
        if plot.suffix.lower() != ".svg":
            fail(f"--plot draws SVG: the name {plot.name} must end in .svg.")
        check_writable(plot)
    settings = settings_for_a_command()
    if photos is not None:
        from bot.benchmark.sample_photos import photos_in

        photos_in(photos)  # first, to report what is wrong with it at once
    engine = load_engine(settings)
    if plot is not None and "als" not in engine.backends:
        fail(f"--plot draws what grows with ALS, which {engine.model} does not have.")

    from bot.benchmark import run
    from bot.benchmark.growth import svg

    amounts = run.QUICK if quick else run.LARGE if large else run.USUAL
    with Console(stderr=True).status("Measuring") as status:
        rows, grown = run.measure(
            engine,
            settings,
            bundle_in_use(settings),
            photos,
            amounts,
            sections,
            lambda what: status.update(f"Measuring: {what}"),
        )
    if plot is not None:
        with refusing_unwritable(plot):
            plot.write_text(svg(grown), encoding="utf-8")
    _print(rows, grown, as_json=as_json)


@app.command()
def load(
    rate: Annotated[float, typer.Option(metavar="N", help="Photos per second.")] = 30,
    seconds: Annotated[float, typer.Option(metavar="N", help="How long, in seconds.")] = 120,
    users: Annotated[
        int, typer.Option(metavar="N", min=1, max=1000, help="How many people, each in a chat.")
    ] = 60,
    photos: Photos = None,
    as_json: Json = False,
) -> None:
    """Send photos to the bot at a fixed rate, and measure when it answers.

    The bot runs in a process of its own, with a new database, and talks to the local Bot API server
    in another. Nobody waits for an answer before the next photo is sent, and no photo is sent twice
    unless the folder has too few. Ctrl-C ends both processes and removes their files.

        tag4pic bench load
        tag4pic bench load --rate 1 --seconds 30
    """
    if not 0 < rate <= 1000:
        fail("--rate must be more than 0 and at most 1,000 photos per second.")
    if not 0 < seconds <= 86_400:
        fail("--seconds must be more than 0 and at most 86,400, a day.")
    settings = settings_for_a_command()
    if photos is not None:
        from bot.benchmark.sample_photos import photos_in

        photos_in(photos)
    bundle = bundle_in_use(settings)

    from bot.benchmark import load as under_load
    from bot.benchmark.costs import settings_of_commands
    from recommenders import bundle as bundles

    bundles.load(bundle)  # to report what is wrong with it at once
    with Console(stderr=True).status("Starting") as status:
        measured = under_load.run(
            settings_of_commands(settings, bundle),
            photos and photos.absolute(),
            rate=rate,
            seconds=seconds,
            users=users,
            doing=lambda what: status.update(f"Measuring: {what}"),
        )
    if measured is None:
        raise typer.Exit(130)
    if as_json:
        print_json(measured.as_json())
        return
    from bot.benchmark.table import load_table

    Console().print(load_table(measured))


def _print(rows: "list[Row]", grown: "list[Growth]", *, as_json: bool) -> None:
    from bot.benchmark.costs import load_average
    from bot.benchmark.table import table_of
    from recommenders.machine import cores

    load = load_average()
    if as_json:
        machine = {"cores": cores(), "load": load}
        steps = [{"photos": one.photos, **one.steps} for one in grown]
        print_json({"machine": machine, "rows": [r.as_json() for r in rows], "growth": steps})
        return
    console = Console()
    # Wide enough for every figure, even in a file or a narrow terminal.
    console.width = max(console.width, WIDTH)
    console.print(table_of(rows))
    busy = "" if load is None else f", {load:.1f} processes running on them in the last minute"
    cpu = "CPU: processor milliseconds per photo, all threads together; seconds where marked s."
    print_line(f"[dim]On {counted(cores(), 'core')}{busy}. {cpu}[/]")
