"""What tests of training share: a backbone, and developers' tools run as from a shell."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from recommenders.backbones.backbone import Backbone, load_backbone
from training.terminal import tool

Run = Callable[..., Any]


@pytest.fixture(scope="session")
def backbone() -> Backbone:
    """A backbone whose weights come with the project."""
    return load_backbone("efficientnet_lite0")


@pytest.fixture
def run_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """run_tool(main, "album") runs a tool in an empty folder: exit_code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    runner = CliRunner()
    yield lambda main, *arguments: runner.invoke(tool(main), arguments)
