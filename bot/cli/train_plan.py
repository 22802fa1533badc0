"""``tag4pic train plan``: every knob of a fit; and the plan that a command's options make."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.cli.console import fail, print_line
from bot.cli.options import PlanFile
from training.plurals import counted
from training.terminal import Set

if TYPE_CHECKING:
    from recommenders.bundle import Bundle
    from training.fitting.plan import Plan


def plan(
    plan_file: PlanFile = None,
    set_: Set = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON, one object per knob.")] = False,
) -> None:
    """List every knob of a fit: its name, value, what it takes and what it does.

    --plan and --set show the values they change.

    tag4pic train plan
    tag4pic train plan --set vectors.window=2 --set head.loss=kld_bce
    """
    from training.fitting.knobs import shown
    from training.fitting.plan import Plan, knobs, titles, value_of

    usual, chosen = Plan(), chosen_plan(plan_file, set_)
    if json_:
        listed = [
            {
                "knob": knob.name,
                "default": knob.default,
                "value": value_of(chosen, knob.name),
                "takes": str(knob.takes),
                "does": knob.does,
                "changes": sorted(knob.changes),
            }
            for knob in knobs().values()
        ]
        print(json.dumps(listed, indent=1))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("knob", no_wrap=True)
    table.add_column("stands at", max_width=18)
    table.add_column("takes", max_width=20)
    table.add_column("does")
    before: str | None = None
    for knob in knobs().values():
        if knob.section != before:
            if before is not None:
                table.add_row()
            table.add_row(f"[bold]{titles()[knob.section]}[/]")
            before = knob.section
        value, default = value_of(chosen, knob.name), value_of(usual, knob.name)
        text = shown(value).replace(",", ", ")
        if value != default:
            text = f"[bold yellow]{text}[/], not {shown(default)}"
        table.add_row(
            f"[cyan]{knob.name}[/]", text, f"[dim]{escape(knob.takes.brief)}[/]", escape(knob.does)
        )
    Console().print(table)
    print_line("Set one: [cyan]tag4pic train fit --set vectors.window=2[/]")


def chosen_plan(
    file: Path | None,
    settings: Sequence[str] | None,
    *,
    backend: str = "all",
    shorthands: Mapping[str, object] = MappingProxyType({}),
) -> "Plan":
    """The plan made by ``--plan``, ``--set`` and its shorthands; ``--set`` overrides the file.

    Args:
        backend: what is fitted; exits with status 1 where a knob that is set has no effect on it.
        shorthands: by knob, the value of an option that stands for ``--set``; None where not used.

    Raises:
        PlanError: as ``training.fitting.plan.with_values``.
    """
    from training.fitting.knobs import shown
    from training.fitting.plan import Plan, with_values
    from training.fitting.plan_files import read_plan

    settings = settings or []
    more = [f"{name}={shown(value)}" for name, value in shorthands.items() if value is not None]
    chosen = with_values(Plan() if file is None else read_plan(file), [*settings, *more])
    refuse_idle(settings, backend)
    return chosen


def refuse_idle(settings: Sequence[str], backend: str) -> None:
    """Exit with status 1 where a knob that is set has no effect on what is fitted."""
    from training.fitting.plan import knobs
    from training.fitting.plan_rules import counts_for

    for name in (setting.partition("=")[0].strip() for setting in settings):
        if not counts_for(knobs()[name], backend):
            fail(f"{name} has no effect with --backend {backend}: leave it out.")


def print_choices(plan: "Plan", bundle: "Bundle") -> None:
    """Print which knobs were turned, and what the fit chose within the plan's bounds."""
    from training.fitting.knobs import shown
    from training.fitting.plan import changed

    fitted = bundle.provenance
    turned = [f"{name}={shown(value)}" for name, value in changed(plan).items()]
    if turned:
        print_line(f"Chosen: {', '.join(turned)}.")
    if "pca" in fitted:
        components, share = fitted["pca"]["components"], fitted["pca"]["variance"]
        print_line(f"PCA: {counted(components, 'component')}, {100 * share:.1f} % of the variance.")
    if fitted["vector_epochs"]:
        print_line(f"Vectors: {counted(fitted['vector_epochs'], 'epoch')}.")
