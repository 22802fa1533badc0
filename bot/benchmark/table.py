"""The rows as people read them."""

from collections.abc import Sequence

from rich import box
from rich.table import Table

from bot.benchmark.rows import Figure, Row


def table_of(rows: Sequence[Row]) -> Table:
    """One table of all rows: by the clock, of the processor, and how many times better."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("", no_wrap=True)
    for column in ("tag4pic", "p95", "CPU", "plain", "CPU", "×", "CPU ×"):
        table.add_column(column, justify="right", no_wrap=True)
    for before, row in zip([None, *rows], rows, strict=False):
        if before is not None and before.section != row.section:
            table.add_section()
        table.add_row(
            f"{row.name}, {row.unit}" if row.unit != "recall" else row.name,
            *_figures(row.ours, row.unit),
            *_figures(row.plain, row.unit)[::2],
            _number(row.times),
            _number(row.cpu_times),
        )
    return table


def _figures(figure: Figure | None, unit: str) -> tuple[str, str, str]:
    """Value, 95th percentile and time of the processor."""
    if figure is None:
        return "", "", ""
    value = f"{figure.value:.3f}" if unit == "recall" else _number(figure.value)
    return value, _number(figure.p95), _number(figure.cpu)


def _number(value: float | None) -> str:
    """Three digits that count, and never an exponent."""
    if value is None:
        return ""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
