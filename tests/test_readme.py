"""What README and CONTRIBUTING tell people to type, and the files they name, exist."""

import json
import re
import shlex
from pathlib import Path

import pytest
from telegram.ext import CommandHandler
from typer.testing import CliRunner

from bot.chat.application import build
from bot.chat.platforms import COUNTS, PLATFORMS
from bot.chat.texts import ENGLISH
from bot.cli.main import app
from bot.settings import Settings
from recommenders.backends import BACKENDS
from recommenders.engine import Engine
from storage.database import Database
from tests.bundles import tiny_bundle

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXPERIMENTS = (ROOT / "docs" / "experiments.md").read_text(encoding="utf-8")

CALLS = sorted(
    {
        call.strip()
        for block in re.findall(
            r"^    \$? ?(tag4pic .+)$|`(tag4pic [^`]+)`",
            (README + EXPERIMENTS).replace("\\\n", ""),
            re.M,
        )
        for call in block
        if call
    }
)


def in_table(heading: str) -> list[str]:
    """What stands in backticks in the first column of a section's table."""
    section = README.split(f"## {heading}\n")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("|")]
    return [piece for cell in cells for piece in re.findall("`([^`]+)`", cell)]


@pytest.mark.parametrize("call", CALLS)
def test_a_command_line_of_readme_has_its_command_and_options(call: str) -> None:
    _, *words = shlex.split(call)
    names = [word for word in words if word.startswith("-")]
    path = [word for word in words[:2] if re.fullmatch("[a-z]+", word)]
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, [*path, "--help"])
    while result.exit_code and len(path) > 1:  # the last word was an argument
        path.pop()
        result = CliRunner(env={"COLUMNS": "200"}).invoke(app, [*path, "--help"])
    assert result.exit_code == 0, result.output
    help_text = re.sub(r"\x1b\[[\d;]*m", "", result.stdout)
    for name in names:
        assert re.search(rf"{name}\b", help_text), f"{' '.join(path)} has no {name}"


async def test_the_table_of_commands_is_what_the_bot_answers(tmp_path: Path) -> None:
    database = await Database.open(f"sqlite+aiosqlite:///{tmp_path}/bot.db")
    try:
        engine = Engine.load(tiny_bundle(tmp_path / "bundle"))
        application = build(Settings(_env_file=None), engine, database, token="1:a")  # type: ignore[call-arg]
        handlers = [h for h in application.handlers[0] if isinstance(h, CommandHandler)]
        answered = {f"/{name}" for handler in handlers for name in handler.commands}
        listed = {call.split()[0] for call in in_table("Commands")}
        assert listed <= answered
        menus = {*ENGLISH.commands, *ENGLISH.group_commands, *ENGLISH.admin_commands}
        assert {f"/{name}" for name in menus} <= listed
    finally:
        await database.close()


def test_the_examples_in_the_table_of_commands_are_choices_that_there_are() -> None:
    examples = [call.split(maxsplit=1) for call in in_table("Commands") if " " in call]
    assert {example for command, example in examples if command == "/model"} <= set(BACKENDS)
    typed = [example for command, example in examples if command == "/settings"]
    assert len(typed) == 3
    assert all(one.startswith("#") or one in PLATFORMS or int(one) in COUNTS for one in typed)


def test_each_platform_stands_with_its_number() -> None:
    text = " ".join(README.split())
    numbers = ", ".join(f"{one.label} {one.count}" for one in PLATFORMS.values())
    assert f"{numbers}." in text


def test_the_table_of_settings_has_each_setting_once() -> None:
    explained = re.findall(
        r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.M
    )
    assert sorted(in_table("Settings")) == sorted(explained)
    assert sorted(explained) == sorted(name.upper() for name in Settings.model_fields)


def test_each_setting_in_the_text_is_one_that_there_is() -> None:
    named = re.findall(r"`([A-Z]+_[A-Z_]+)(?:=[^`]*)?`", README)
    assert {"BOT_TOKEN", "MODEL_DIR"} <= set(named)
    pips_own = {"PIP_EXTRA_INDEX_URL"}
    assert set(named) - pips_own <= {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize(("document", "at_least"), [("README.md", 15), ("CONTRIBUTING.md", 15)])
def test_each_file_that_a_document_names_is_there(document: str, at_least: int) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    folders = "bot|docs|recommenders|storage|tests|training"
    named = set(re.findall(rf"\b(?:{folders})/[\w/.-]*\w", text))
    assert len(named) > at_least
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_the_figures_of_the_starter_are_those_of_its_manifest() -> None:
    manifest = (ROOT / "recommenders/starter/manifest.json").read_text(encoding="utf-8")
    measured = json.loads(manifest)["metrics"]["held_out_everyday_photos"]
    assert f"on {measured['als']['photos']:,} everyday photos" in README
    for backend, figures in measured.items():
        hit, precision, lift = (figures[name] for name in ("hit", "precision", "lift"))
        assert f"| `{backend}` | {hit:.2f} | {precision:.2f} | {lift:.1f} |" in README


def test_the_starter_knows_as_many_hashtags_as_readme_tells() -> None:
    hashtags = (ROOT / "recommenders/starter/hashtags.txt").read_text(encoding="utf-8").split()
    assert f"knows {len(hashtags):,} everyday hashtags" in README


def test_each_make_target_that_a_document_names_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for target in set(re.findall(r"make (run|test|lint|setup|lock)\b", README + contributing)):
        assert re.search(rf"^{target}:", makefile, re.M)
