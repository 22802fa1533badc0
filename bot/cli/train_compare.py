"""``tag4pic train compare``: fits several plans and measures all on the same photos."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.cli.console import (
    known_backbones,
    one_of,
    print_line,
    print_warnings,
    settings_for_a_command,
)
from bot.cli.options import FITTED_BACKENDS, At, Backbone, Backend, Dataset, PlanFile
from bot.cli.train_evaluation import cells, print_accuracy_flatters
from bot.cli.train_plan import chosen_plan, refuse_idle
from training.evaluation.figures import COMPARED, FIGURES
from training.plurals import counted
from training.terminal import CACHE, Cache, Set, figures_table, reporting

if TYPE_CHECKING:
    from training.evaluation.compared import Result

CHOSEN_BY_TEST = (
    "[yellow]These figures are from the test split, where the best of several looks better than "
    "it is. Choose on the validation split, and measure only your choice here.[/]"
)


def compare(
    dataset: Dataset,
    out: Annotated[
        Path,
        typer.Option(
            metavar="DIR", help="Where results are kept, one file each.", show_default=False
        ),
    ],
    over: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KNOB=A,B,…",
            help="A knob and its values; may be repeated: every combination is fitted.",
            show_default=False,
        ),
    ] = None,
    set_: Set = None,
    plan_file: PlanFile = None,
    backend: Backend = "all",
    backbone: Backbone = None,
    split: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="The split to measure on. If the dataset has no validation split, a tenth of the "
            "training photos is held back from every fit.",
        ),
    ] = "validation",
    at: At = 5,
    cache: Cache = CACHE,
) -> None:
    """Fit a bundle for each combination of knobs, and measure all on the same photos.

    `tag4pic train plan` lists the knobs. Times leave out computing features, which is done once.
    Results are kept: an interrupted comparison resumes where it stopped, and
    `tag4pic train report --dataset posts --compare DIR` shows them.

    tag4pic train compare --dataset posts --out tried \\
        --over vectors.window=2,3,5 --over head.hidden=640,1280
    """
    one_of("--backend", backend, FITTED_BACKENDS)
    settings = settings_for_a_command()
    from training.evaluation.compare import combinations
    from training.evaluation.compare import compare as fit_and_measure
    from training.fitting.prepare import Networks

    known_backbones(backbone)
    plans = combinations(chosen_plan(plan_file, set_, backend=backend), over or (), set_ or ())
    refuse_idle(over or (), backend)
    with reporting() as progress:
        results = fit_and_measure(
            dataset,
            plans,
            out,
            Networks(cache, settings.weights_dir, backend, backbone),
            split=split,
            at=at,
            progress=progress,
        )
    Console().print(_table(results, len(set_ or ())))
    print_warnings(
        f"{' '.join(result.settings)} cannot be fitted: {result.error}"
        for result in results
        if result.error
    )
    measured = next(result for result in results if result.backends)
    print_accuracy_flatters(measured.empty_accuracy)
    if split == "test":
        print_line(CHOSEN_BY_TEST)
    print_line(
        f"Look at it: [cyan]tag4pic train report --dataset {escape(str(dataset))} "
        f"--compare {escape(str(out))}[/]"
    )


def _table(results: Sequence["Result"], shared: int) -> Table:
    """A row for each backend of each result, a column for each setting that differs.

    Args:
        shared: how many of the first settings are the same in all results.
    """
    measured = next(result for result in results if result.backends)
    several = len(measured.backends) > 1
    photos, hashtags = counted(measured.photos, "photo"), counted(measured.at, "hashtag")
    title = [f"{measured.dataset}, {measured.split}: {photos}, first {hashtags}"]
    if not several:
        title += measured.backends
    if shared:
        title.append(" ".join(measured.settings[:shared]))
    names = [setting.partition("=")[0] for setting in measured.settings[shared:]]
    leaves = [name.rpartition(".")[2] for name in names]
    heads = leaves if len(set(leaves)) == len(leaves) else names
    of_figures = [FIGURES[name].head for name in COMPARED]
    columns = [*heads, *["backend"] * several, *of_figures, "CPU", "clock"]
    table = figures_table("; ".join(title), columns[1:])
    table.columns[0].header = columns[0]
    for result in results:
        values = [escape(setting.partition("=")[2]) for setting in result.settings[shared:]]
        if result.error:
            table.add_row(*values, *["–"] * (len(table.columns) - len(values)))
        for backend, metrics in result.backends.items():
            times = (f"{result.cpu_seconds:,.0f} s", f"{result.seconds:,.0f} s")
            figures = cells(COMPARED, metrics, result.intervals[backend])
            table.add_row(*values, *[backend] * several, *figures, *times)
    return table
