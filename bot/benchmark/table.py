"""The results as tables for people."""

from collections.abc import Sequence

from rich import box
from rich.table import Table

from bot.benchmark.load import Load
from bot.benchmark.rows import Figure, Row
from training.plurals import counted


def table_of(rows: Sequence[Row]) -> Table:
    """One table of all rows: value, CPU time, and how many times better."""
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


def load_table(load: Load) -> Table:
    """The table of a bot under load."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_header=False)
    table.add_column("", no_wrap=True)
    table.add_column("", justify="right", no_wrap=True)
    again = "" if load.different == load.sent else f", {load.different:,} different"
    rows = {
        "photos a second, seconds, users": f"{load.rate:g}, {load.seconds:g}, {load.users}",
        "sent": f"{load.sent:,}{again}",
        "answered": f"{load.answered:,}",
        "update to reply, p50, ms": _number(load.p50),
        "p95, ms": _number(load.p95),
        "p99, ms": _number(load.p99),
        "CPU a photo, ms": _number(load.cpu_ms),
        "memory at the end, MB": _number(load.megabytes),
        "memory at most, MB": _number(load.most_megabytes),
        f"busy of {counted(load.cores, 'core')}: the bot": _number(load.bot_cores),
        "  its Telegram": _number(load.telegram_cores),
        "  everything else": _number(load.other_cores),
        "  other machines of its host": _number(load.stolen_cores),
        "sent late, p99, ms": _number(load.late_ms),
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def _figures(figure: Figure | None, unit: str) -> tuple[str, str, str]:
    """Value, 95th percentile and CPU time."""
    if figure is None:
        return "", "", ""
    value = f"{figure.value:.3f}" if unit == "recall" else _number(figure.value)
    return value, _number(figure.p95), _number(figure.cpu)


def _number(value: float | None) -> str:
    """Three significant digits, never with an exponent."""
    if value is None:
        return ""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
