"""What building the starter says where it cannot; the bundle itself is checked as it ships."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from training.starter.__main__ import main

Run = Callable[..., Any]


def test_data_that_is_not_there_is_one_line(run_tool: Run, tmp_path: Path) -> None:
    result = run_tool(main, "--data", "nowhere", "--out", str(tmp_path / "out"))
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: Data to build the starter from is missing: ")
    assert len(result.stderr.splitlines()) == 1
