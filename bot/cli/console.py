"""What every command shares: settings read once, errors as a sentence, quiet ends."""

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from inspect import cleandoc
from textwrap import dedent, indent
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text
from typer.core import TyperGroup

if TYPE_CHECKING:
    from bot.settings import Settings
    from recommenders.engine import Engine
    from training.progress import Progress as TrainingProgress

log = logging.getLogger(__name__)

SENTENCES = frozenset(
    {
        "bot.run.StartError",
        "bot.settings.SettingsError",
        "recommenders.bundle.BundleError",
        "recommenders.backbones.weights.WeightsError",
        "storage.errors.StorageError",
        "training.datasets.format.DatasetError",
    }
)
"""Errors whose message is a sentence for people. By name, so that nothing is imported for them."""


class Commands(TyperGroup):
    """A group of commands that ends with one line, not a traceback, where people can act on it.

    Its help is written as docstrings are: the lines of a paragraph flow, but one that begins with
    ``tag4pic`` is an example, line by line.
    """

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.help = _laid_out(self.help)
        for command in self.commands.values():
            if not isinstance(command, Commands):
                command.help = _laid_out(command.help)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        except Exception as error:
            if not _is_a_sentence(error):
                raise
            log.debug("%s", type(error).__name__, exc_info=error)
            fail(str(error))


def fail(message: str) -> NoReturn:
    """Say ``Error: message`` on stderr and end with status 1."""
    say_error(message)
    raise typer.Exit(1)


def say_error(message: str) -> None:
    """One line on stderr, never wrapped."""
    Console(stderr=True).print(Text.assemble(("Error: ", "bold red"), message), soft_wrap=True)


def run_quietly(app: typer.Typer) -> None:
    """Run the command line; a reader that went away (``| head``) is no error.

    An error that nobody foresaw is still one line; its traceback is in the debug log.
    """
    # Names of files that are no Unicode come out escaped, also inside JSON, instead of failing.
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
    try:
        try:
            app(prog_name="tag4pic")
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        log.debug("What happened", exc_info=error)
        # Through the log, which takes secrets out of the message.
        log.error("Error: %s: %s (LOG_LEVEL=DEBUG shows where)", type(error).__name__, error)
        sys.exit(1)


def settings_for_a_command() -> "Settings":
    """The settings; from here on the log shows warnings, or all with LOG_LEVEL=DEBUG.

    Raises:
        SettingsError: as ``bot.settings.read_settings``.
    """
    from bot import logs
    from bot.settings import read_settings

    settings = read_settings()
    # INFO is what a bot tells while it runs; a command's output is its answer.
    level = "WARNING" if settings.log_level == "INFO" else settings.log_level
    logs.set_up(level, settings.secrets)
    return settings


def load_engine(settings: "Settings") -> "Engine":
    """The bundle that the settings name, ready to answer; says on a terminal that it loads.

    Raises:
        BundleError, WeightsError: as ``Engine.load``.
    """
    with Console(stderr=True).status("Loading the model…"):
        from recommenders.engine import Engine
        from recommenders.machine import one_core_each
        from recommenders.versions import in_use

        one_core_each()
        return Engine.load(in_use(settings.model_dir), settings.weights_dir)


def progress_bar() -> Progress:
    """A bar on stderr that leaves nothing behind, and nothing at all where that is no terminal."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        # Otherwise rich would send what is printed meanwhile to stderr too.
        redirect_stdout=False,
        disable=not console.is_terminal,
    )


@contextmanager
def reporting() -> Iterator["TrainingProgress"]:
    """A progress bar that follows what is being done."""
    with progress_bar() as bar:
        task = bar.add_task("Reading", total=None)

        def report(doing: str, done: int, total: int) -> None:
            bar.update(task, description=escape(doing), completed=done, total=total or None)

        try:
            yield report
        except KeyboardInterrupt:
            bar.stop()
            typer.echo("Stopped. What was done is kept: run the same command to go on.", err=True)
            raise


def one_of(option: str, value: str, allowed: Sequence[str]) -> None:
    """Ends with status 1 where an option's value is none of those allowed."""
    if value not in allowed:
        fail(f"{option} is one of {', '.join(allowed)}, not {value!r}.")


def known_backbones(name: str) -> None:
    """As ``one_of``, of a ``--backbone``: one of them, or several joined by ``+``."""
    from recommenders.backbones.backbone import BACKBONES, names_of

    for one in names_of(name):
        one_of("--backbone", one, BACKBONES)
    if len(set(names_of(name))) < len(names_of(name)):
        fail(f"--backbone joins different backbones, not {name!r}.")


def choose_backend(engine: "Engine", wanted: str | None) -> str:
    """The backend asked for, or the bundle's default; ends with status 1 where it is not there."""
    if wanted is None:
        return engine.default_backend
    if wanted not in engine.backends:
        there = " and ".join(engine.backends)
        fail(f"The backend {wanted} is not installed: the bundle {engine.model} has {there}.")
    return wanted


def _laid_out(docstring: str | None) -> str:
    return "\n\n".join(map(_paragraph, cleandoc(docstring or "").split("\n\n")))


def _paragraph(text: str) -> str:
    example = dedent(text)
    if example.startswith("tag4pic "):
        # Each line by itself: typer takes away spaces that all lines but the first begin with.
        lines = indent(example, "    ").splitlines()
        return "\n".join(f"[not dim cyan]{escape(line)}[/]" for line in lines)
    return " ".join(text.split())


def _is_a_sentence(error: Exception) -> bool:
    return any(f"{kind.__module__}.{kind.__qualname__}" in SENTENCES for kind in type(error).mro())
