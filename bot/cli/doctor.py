"""``tag4pic doctor``: checks everything that the bot needs."""

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from bot.cli.console import find_bundle, print_json, settings_for_a_command

if TYPE_CHECKING:
    from bot.doctor import Check
    from bot.settings import Settings

_SIGNS = {
    "ok": ("✓", "green"),
    "warning": ("!", "yellow"),
    "wrong": ("✗", "bold red"),
    "unknown": ("?", "yellow"),
}
_WIDTH = 10
"""Of the column with the checks' names."""


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check all that the bot needs, and say what to do.

    That is settings, token, webhook, clock, database, device, bundle, weights and disk. It changes
    nothing, and the bot may be running. Without a network it checks what it can and says what it
    could not. The exit status is 1 if something is wrong, otherwise 0.

        tag4pic doctor
        tag4pic doctor --json
    """
    settings = settings_for_a_command()
    checks = asyncio.run(_checks(settings, quiet=as_json))
    wrong = any(check.state == "wrong" for check in checks)
    if as_json:
        print_json({"ok": not wrong, "checks": [asdict(check) for check in checks]})
    else:
        _print_summary(checks)
    raise typer.Exit(int(wrong))


async def _checks(settings: "Settings", *, quiet: bool) -> "list[Check]":
    from bot.doctor import examine

    checks = []
    async for check in examine(settings, lambda: find_bundle(settings)):
        checks.append(check)
        if not quiet:
            _print(check)
    return checks


def _print(check: "Check") -> None:
    console = Console(highlight=False)
    sign, style = _SIGNS[check.state]
    line = Text.assemble((f"{sign} ", style), (f"{check.name:<{_WIDTH}}", "bold"), check.found)
    console.print(line, soft_wrap=True)
    if check.advice:
        console.print(Padding(Text(check.advice, style), (0, 0, 0, _WIDTH + 2)))


def _print_summary(checks: "list[Check]") -> None:
    states = [check.state for check in checks]
    if "wrong" in states:
        text = Text("The bot cannot work like this.", "bold red")
    elif "warning" in states:
        text = Text("Nothing is wrong, but see the warnings.", "bold")
    elif "unknown" in states:
        text = Text("Everything that could be checked is fine.", "bold")
    else:
        text = Text("All is well.", "bold green")
    Console().print(Text("\n") + text)
