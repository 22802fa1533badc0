"""Shared by all commands: reading settings, errors as one sentence, quiet exits."""

import json
import logging
import os
import re
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from inspect import cleandoc
from pathlib import Path
from textwrap import dedent, indent
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.text import Text
from typer.core import TyperArgument, TyperGroup

if TYPE_CHECKING:
    from bot.settings import Settings
    from recommenders.engine import Engine

log = logging.getLogger(__name__)

USER_ERRORS = frozenset(
    {
        "bot.benchmark.costs.CommandError",
        "bot.benchmark.load.LoadError",
        "bot.benchmark.sample_photos.NoPhotosError",
        "bot.hashtag_lookup.UnknownHashtagError",
        "bot.http.listening.ServeError",
        "bot.photo_answers.ChoiceError",
        "bot.receiving.StartError",
        "bot.settings.SettingsError",
        "recommenders.bundle.BundleError",
        "recommenders.backbones.device.DeviceError",
        "recommenders.backbones.recipe.UnknownBackboneError",
        "recommenders.backbones.weights.WeightsError",
        "storage.errors.StorageError",
        "training.datasets.format.DatasetError",
    }
)
"""Errors whose message is a sentence for people; by name, to import nothing for them."""


FIT_ONLY = frozenset({"torch", "torchvision", "scipy", "sklearn", "implicit", "gensim"})
"""Modules that only fitting and fine-tuning need, which the image goes without."""

# One letter is a drive of Windows.
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:/", re.IGNORECASE)


class Commands(TyperGroup):
    """A command group that prints one line instead of a traceback for errors people can act on.

    Its help comes from docstrings: paragraphs are re-wrapped, except those that begin with
    ``tag4pic``, which are examples and keep their lines.
    """

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.help = _help_text(self.help)
        for command in self.commands.values():
            if not isinstance(command, Commands):
                command.help = _help_text(command.help)

    def get_params(self, ctx: Any) -> Any:
        return _without_types(super().get_params(ctx))

    def resolve_command(self, ctx: Any, args: Any) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None:
            for param in _without_types(command.get_params(ctx)):
                param.callback = param.callback or _on_this_machine
        return name, command, rest

    def invoke(self, ctx: Any) -> Any:
        try:
            if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # as bot.cli.__main__ left it
                signal.signal(signal.SIGINT, signal.default_int_handler)
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        except typer.BadParameter as error:
            error.message = _in_plain_words(error.message)
            raise
        except Exception as error:
            message = _sentence(error)
            if message is None:
                raise
            log.debug("%s", type(error).__name__, exc_info=error)
            fail(message)


def fail(message: str) -> NoReturn:
    """Prints ``Error: message`` on stderr, one line, and ends with status 1."""
    Console(stderr=True).print(Text.assemble(("Error: ", "bold red"), message), soft_wrap=True)
    raise typer.Exit(1)


def print_line(text: str) -> None:
    """Prints one line of rich markup, never wrapped, so that paths in it can be copied."""
    Console().print(text, highlight=False, soft_wrap=True)


def print_json(row: object) -> None:
    """Prints an object as one line of JSON, flushed, so that scripts can read it at once."""
    typer.echo(json.dumps(row, ensure_ascii=False))


def print_warnings(lines: Iterable[str]) -> None:
    """Prints warnings on stderr, a line each."""
    for line in lines:
        Console(stderr=True).print(Text(line, "yellow"), soft_wrap=True)


def run_quietly(app: typer.Typer) -> None:
    """Runs the command line; a closed pipe (``| head``) is no error.

    An unexpected error is also one line; its traceback is in the debug log.
    """
    # File names that are not valid Unicode are printed escaped, also inside JSON.
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
        # Through the log, which removes secrets from the message.
        log.error("Error: %s: %s (LOG_LEVEL=DEBUG shows where)", type(error).__name__, error)
        sys.exit(1)


def settings_for_a_command() -> "Settings":
    """Reads the settings and applies them; the log shows warnings, or all with LOG_LEVEL=DEBUG.

    Raises:
        SettingsError: as ``bot.settings.read_settings``.
    """
    from bot import logs
    from bot.settings import read_settings
    from recommenders.backbones import device

    settings = read_settings()
    # INFO is for the running bot; a command's output should be its answer alone.
    level = "WARNING" if settings.log_level == "INFO" else settings.log_level
    logs.set_up(level, settings.secrets)
    device.use(settings.device)
    return settings


def bundle_in_use(settings: "Settings") -> Path:
    """As ``find_bundle``, with a warning where it is not the one that BUNDLE names."""
    folder, problem = find_bundle(settings)
    if problem:
        log.warning("The bundle fetched last time answers. %s", problem)
    return folder


def find_bundle(settings: "Settings") -> tuple[Path, str]:
    """The bundle that the bot answers with: MODEL_DIR or the starter, or its promoted version.

    Returns:
        Its folder, and why it is not the one that BUNDLE names; empty where it is, or without
        BUNDLE.

    Raises:
        BundleError: where BUNDLE names no bundle.
    """
    from recommenders.bundle import STARTER
    from recommenders.versions import in_use

    if settings.bundle:
        from bot.bundle_shelf import answering

        return answering(settings.bundle)
    return in_use(settings.model_dir) or STARTER, ""


def load_engine(settings: "Settings") -> "Engine":
    """Loads the bundle in use, with a status line in a terminal.

    Raises:
        BundleError, WeightsError: as ``Engine.load``.
    """
    with Console(stderr=True).status("Loading the model…"):
        from recommenders.engine import Engine
        from recommenders.machine import one_core_each

        one_core_each()
        return Engine.load(bundle_in_use(settings), settings.weights_dir)


def one_of(option: str, value: str, allowed: Sequence[str]) -> None:
    """Exit with status 1 where an option's value is not allowed."""
    if value not in allowed:
        fail(f"{option} must be one of {', '.join(allowed)}, not {value!r}.")


def check_writable(file: Path) -> None:
    """Exit with status 1 where a file cannot be written, before the long work whose result it is.

    Its folder is made.
    """
    there = os.path.lexists(file)
    with refusing_unwritable(file):
        if not file.parent.exists():
            file.parent.mkdir(parents=True)
        file.open("a").close()
        if not there:
            file.unlink()


@contextmanager
def refusing_unwritable(file: Path) -> Iterator[None]:
    """Exit with status 1 where the block cannot write the file."""
    try:
        yield
    except OSError as error:
        fail(f"{file} cannot be written ({error.strerror or error}).")


def known_backbones(name: str | None) -> None:
    """Exit with status 1 where a ``--backbone`` is neither one nor several joined by ``+``."""
    from recommenders.backbones.recipe import UnknownBackboneError
    from recommenders.backbones.registry import names_of

    try:
        if name is not None:
            names_of(name)
    except UnknownBackboneError as error:
        fail(f"--backbone: {error}")


def _on_this_machine(ctx: Any, param: Any, value: Any) -> Any:
    """The value; exit with status 1 for an address, of which a path makes a folder called s3:."""
    if isinstance(value, Path) and _ADDRESS.match(value.as_posix()):
        name = param.metavar if isinstance(param, TyperArgument) else param.opts[0]
        fail(
            f"{name} is a path on this machine, not an address. `tag4pic train publish` puts a "
            "bundle at an address."
        )
    return value


def _without_types(params: Any) -> Any:
    """Parameters whose help shows no ``<bool>`` for a flag and no ``<list[str]>`` for arguments."""
    for param in params:
        if getattr(param, "is_flag", False):
            param.metavar = ""
        elif isinstance(param, TyperArgument):
            param.display_type_rich = lambda ctx: None  # type: ignore[method-assign]
    return params


def _help_text(docstring: str | None) -> str:
    return "\n\n".join(map(_paragraph, cleandoc(docstring or "").split("\n\n")))


def _paragraph(text: str) -> str:
    example = dedent(text)
    if example.startswith("tag4pic "):
        # Line by line: typer removes the common indentation of all lines but the first.
        lines = indent(example, "    ").splitlines()
        return "\n".join(f"[not dim cyan]{escape(line)}[/]" for line in lines)
    return " ".join(text.split())


_PLAIN_WORDS = {
    "Value error, ": "",
    "Input should be greater than or equal to": "must be at least",
    "Input should be less than or equal to": "must be at most",
    "Input should be a valid integer, unable to parse string as an integer": (
        "must be a whole number"
    ),
    "Input should be a valid number, unable to parse string as a number": "must be a number",
}
"""Of what pydantic finds wrong with an option's value."""


def _in_plain_words(message: str) -> str:
    for theirs, ours in _PLAIN_WORDS.items():
        message = message.replace(theirs, ours)
    return message


def _sentence(error: Exception) -> str | None:
    """What an error tells people; None for one that was not foreseen."""
    if isinstance(error, ModuleNotFoundError) and (error.name or "").split(".")[0] in FIT_ONLY:
        return (
            f"This environment only answers photos: {error.name} is not installed. Do this in one "
            "that `make setup` made."
        )
    if isinstance(error, OSError) and isinstance(error.filename, str | bytes):
        path, reason = os.fsdecode(error.filename), error.strerror or type(error).__name__
        return f"{path} cannot be used ({reason}): mend that, or name another path."
    names = (f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).mro())
    return None if USER_ERRORS.isdisjoint(names) else str(error)
