"""What building the starter says where it cannot; the bundle itself is checked as it ships."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from recommenders.answers import read_rules
from recommenders.bundle import load
from recommenders.engine import STARTER
from recommenders.people import read_people
from training.starter.__main__ import main
from training.starter.build import starter_rules
from training.starter.word_tables import presupposing_hashtags

Run = Callable[..., Any]


def test_data_that_is_not_there_is_one_line(run_tool: Run, tmp_path: Path) -> None:
    result = run_tool(main, "--data", "nowhere", "--out", str(tmp_path / "out"))
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: Data to build the starter from is missing: ")
    assert len(result.stderr.splitlines()) == 1


def test_the_starter_ships_with_the_rules_of_the_tables() -> None:
    starter = load(STARTER)
    who = read_people(starter)
    assert who is not None
    assert read_rules(starter) == starter_rules()
    known = presupposing_hashtags().items()
    assert who.presuppose == {tag: key for tag, key in known if tag in starter.hashtags}
