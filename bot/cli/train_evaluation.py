"""``tag4pic train evaluate`` and ``report``: how good a bundle is, in figures or on a page."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.cli.console import (
    bundle_in_use,
    check_writable,
    print_line,
    print_warnings,
    refusing_unwritable,
    settings_for_a_command,
)
from bot.cli.options import At, Bundle, Dataset, Split
from training.evaluation.figures import DIGITS, FIGURES, accuracy_flatters
from training.plurals import counted
from training.terminal import CACHE, Cache, figures_table, reporting

_SHOWN = ("recall", "precision", "f2", "p@1", "label_f1", "n_plus", "accuracy")


def evaluate(
    dataset: Dataset,
    bundle: Bundle = None,
    split: Split = "test",
    at: At = 5,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Also write the figures to this file."),
    ] = None,
    cache: Cache = CACHE,
) -> None:
    """Measure a bundle on a split of a dataset, beside baselines fitted in the same run.

    Hashtags count in the order of their relevance; answers in chats heed likes too, and leave out
    what is too improbable. Label F1 and N+ are over the split's hashtags that the bundle knows,
    wherever it was fitted, or the training posts have, on which the baselines are fitted. All
    figures but N+ and accuracy have their 95 % interval (bootstrap over posts).

    tag4pic train evaluate --dataset posts --bundle data/mine
    """
    settings = settings_for_a_command()
    if json_file is not None:
        check_writable(json_file)
    from training.evaluation.evaluate import answer_split

    with reporting() as progress:
        figures = answer_split(
            dataset,
            bundle or bundle_in_use(settings),
            split=split,
            top=at,
            weights_dir=settings.weights_dir,
            cache_dir=cache,
            progress=progress,
        ).measured(at)
    photos, hashtags = counted(figures.photos, "photo"), counted(figures.at, "hashtag")
    table = metrics_table(f"{figures.dataset}, {figures.split}: {photos}, first {hashtags}")
    for name, metrics in figures.backends.items():
        add_metrics(table, name, metrics, figures.intervals[name])
    Console().print(table)
    print_accuracy_flatters(figures.empty_accuracy)
    print_warnings(figures.problems)
    if json_file is not None:
        with refusing_unwritable(json_file):
            json_file.write_text(json.dumps(figures.as_json(), indent=1) + "\n", encoding="utf-8")


def report(
    dataset: Dataset,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The page to write.")] = Path(
        "report.html"
    ),
    bundle: Bundle = None,
    split: Split = "test",
    at: At = 5,
    compared: Annotated[
        Path | None,
        typer.Option(
            "--compare",
            metavar="DIR",
            help="Also show these results of compare.",
            show_default="none",
        ),
    ] = None,
    cache: Cache = CACHE,
) -> None:
    """Write a page with figures, curves, a map of the hashtags, and photos.

    The page is a single file that you can pass on; it holds small copies of fifty photos.

    tag4pic train report --bundle data/mine --dataset posts --out report.html
    """
    settings = settings_for_a_command()
    check_writable(out)
    from training.evaluation.report.page import write_report

    with reporting() as progress:
        figures = write_report(
            dataset,
            bundle or bundle_in_use(settings),
            out,
            split=split,
            at=at,
            compared=compared,
            weights_dir=settings.weights_dir,
            cache_dir=cache,
            progress=progress,
        )
    size = f"{out.stat().st_size / 1e6:.1f} MB"
    print_line(
        f"[bold]{escape(str(out))}[/]: {counted(figures.photos, 'photo')}, {size}. "
        "Open it in a browser."
    )
    print_warnings(figures.problems)


def print_accuracy_flatters(empty_accuracy: float) -> None:
    """Print why accuracies are high, where they are."""
    if sentence := accuracy_flatters(empty_accuracy):
        print_line(sentence)


def metrics_table(title: str) -> Table:
    """An empty table for ``add_metrics``."""
    return figures_table(title, [FIGURES[name].head for name in _SHOWN])


def add_metrics(
    table: Table,
    backend: str,
    metrics: Mapping[str, float],
    intervals: Mapping[str, tuple[float, float]] | None = None,
) -> None:
    """Adds a backend's metrics to a ``metrics_table``, with intervals if there are any."""
    table.add_row(backend, *cells(_SHOWN, metrics, intervals))


def cells(
    figures: Iterable[str],
    metrics: Mapping[str, float],
    intervals: Mapping[str, tuple[float, float]] | None,
) -> list[str]:
    """A table cell for each of some figures, in rich markup."""

    def cell(name: str) -> str:
        digits = FIGURES[name].digits
        text = f"{metrics[name]:.{digits}f}"
        if intervals is not None and digits == DIGITS:
            # With .500 and 1.00 all columns fit into 80 characters.
            ends = (f"{end:.{digits}f}".lstrip("0")[: digits + 1] for end in intervals[name])
            text += f" [dim]{'-'.join(ends)}[/]"
        return text

    return [cell(name) for name in figures]
