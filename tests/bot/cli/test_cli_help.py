"""The command line documents itself, and quickly."""

import re
import subprocess
import sys
from collections.abc import Callable
from itertools import takewhile
from typing import Any

import pytest

Tag4pic = Callable[..., Any]

COMMANDS = (
    ("run",),
    ("recommend",),
    ("serve",),
    ("tags", "similar"),
    ("tags", "categories"),
    ("tags", "ratings"),
    ("tags", "sizes"),
    *(
        ("train", name)
        for name in ("import", "collect", "plan", "fit", "evaluate", "report", "tune")
    ),
    ("weights",),
    ("weights", "get"),
    ("bench",),
    ("bench", "load"),
)


@pytest.mark.parametrize(
    "path", [(), *COMMANDS, ("train", "compare"), ("db", "copy")], ids=lambda path: " ".join(path)
)
def test_help_names_no_types_of_the_programming_language(
    tag4pic: Tag4pic, path: tuple[str, ...]
) -> None:
    shown = tag4pic(*path, "--help").stdout
    assert "--help" in shown and not re.search("<(bool|int|str|list|path)", shown)


def test_alone_it_shows_its_help(tag4pic: Tag4pic) -> None:
    result = tag4pic()
    assert result.exit_code == 0
    assert result.stdout.strip() == tag4pic("--help").stdout.strip()
    assert "tag4pic recommend beach.jpg" in result.stdout


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_help_shows_how_to_call_the_command(tag4pic: Tag4pic, path: tuple[str, ...]) -> None:
    result = tag4pic(*path, "--help")
    assert result.exit_code == 0
    calls = [line for line in result.stdout.splitlines() if line.startswith("     ")]
    assert any(f"tag4pic {' '.join(path)}" in line for line in calls)


@pytest.mark.parametrize(
    "path", [*COMMANDS, ("train", "compare"), ("db",), ("db", "copy")], ids=" ".join
)
def test_examples_stand_whole_and_below_each_other_on_a_narrow_terminal(
    tag4pic: Tag4pic, path: tuple[str, ...]
) -> None:
    lines = tag4pic(*path, "--help", env={"COLUMNS": "80"}).stdout.splitlines()
    first = next(row for row, line in enumerate(lines) if line.startswith("     tag4pic"))
    examples = list(takewhile(str.strip, lines[first:]))
    continued = [False, *(line.rstrip().endswith("\\") for line in examples)]
    beginning = {False: r" {5}([A-Z_]+=\S+ )?tag4pic ", True: r" {9}--"}
    assert all(
        re.match(beginning[goes_on], line)
        for line, goes_on in zip(examples, continued, strict=False)
    )


@pytest.mark.parametrize(
    ("path", "usage"),
    [
        (("db", "copy"), "{FROM_URL} [TO_URL]"),
        (("tags", "ratings"), "[TAG]..."),
        (("tags", "similar"), "{TAG}..."),
        (("train", "publish"), "{ADDRESS}"),
    ],
)
def test_arguments_stand_in_capitals_without_doubled_brackets(
    tag4pic: Tag4pic, path: tuple[str, ...], usage: str
) -> None:
    assert f"{usage} " in tag4pic(*path, "--help").stdout


def test_training_commands_stand_in_the_order_in_which_they_are_needed(tag4pic: Tag4pic) -> None:
    help_text = tag4pic("train", "--help").stdout
    order = ("import", "embed", "plan", "fit", "tune", "evaluate", "report", "finetune", "rollback")
    places = [help_text.index(f"\u2502 {name} ") for name in order]
    assert places == sorted(places)


def test_the_version_is_told(tag4pic: Tag4pic) -> None:
    result = tag4pic("--version")
    assert result.exit_code == 0
    assert result.stdout.startswith("tag4pic")


def test_a_wrong_option_is_a_usage_error(tag4pic: Tag4pic) -> None:
    result = tag4pic("recommend", "a.jpg", "--backend", "best")
    assert result.exit_code == 2
    assert "als" in result.stderr


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--top", "0"), "Invalid value for '--top': must be at least 1"),
        (("--top", "few"), "Invalid value for '--top': must be a whole number"),
        (("--language", "fr"), "Invalid value for '--language': 'fr' is not one of 'en'"),
    ],
)
def test_a_wrong_value_is_told_in_plain_words(
    tag4pic: Tag4pic, options: tuple[str, ...], sentence: str
) -> None:
    result = tag4pic("recommend", "a.jpg", *options)
    assert result.exit_code == 2 and sentence in result.stderr


def test_the_help_imports_nothing_heavy(command: list[str], tag4pic: Tag4pic) -> None:
    code = (
        "import sys, bot.cli.main\n"
        "heavy = {'torch', 'numpy', 'telegram', 'sqlalchemy', 'PIL', 'pydantic_settings'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
