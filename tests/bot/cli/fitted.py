"""A bundle fitted by ``tag4pic train fit`` on drawn photos, and how commands refuse."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from tests.shapes import shapes, small_plan

Tag4pic = Callable[..., Any]


class Fitted:
    """A dataset, the features of its photos, a bundle fitted on it and what the fit printed.

    Args:
        folder: where ``make`` has made them, or a copy.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.dataset, self.plan = folder / "posts", folder / "small.json"
        self.cache, self.bundle = folder / "features", folder / "mine"

    @classmethod
    def make(cls, folder: Path) -> None:
        """Draws the dataset and fits the bundle."""
        one = cls(folder)
        shapes(one.dataset)
        small_plan(folder)
        result = one.train(*one.fit(one.bundle))
        assert result.exit_code == 0, result.output
        one._printed.write_text(result.output, encoding="utf-8")

    @property
    def output(self) -> str:
        return self._printed.read_text(encoding="utf-8")

    @property
    def _printed(self) -> Path:
        return self.folder / "printed.txt"

    def train(self, *arguments: str) -> Any:
        """Runs ``tag4pic train …`` for fixtures that outlive a test."""
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            patch.setenv("WEIGHTS_DIR", str(self.folder / "weights"))
            return CliRunner().invoke(app, ["train", *arguments], prog_name="tag4pic")

    def fit(self, out: Path, *, dataset: Path | None = None, plan: Path | None = None) -> list[str]:
        """Arguments of a fit over the backbone that needs no download."""
        return [
            *("fit", "--dataset", str(dataset or self.dataset), "--out", str(out)),
            *("--backbone", "efficientnet_lite0", "--plan", str(plan or self.plan)),
            *("--cache", str(self.cache)),
        ]

    def measured(
        self, command: str, *, dataset: Path | None = None, bundle: Path | None = None
    ) -> list[str]:
        """Arguments of ``evaluate`` or ``report`` on the fitted bundle."""
        return [
            *(command, "--dataset", str(dataset or self.dataset)),
            *("--bundle", str(bundle or self.bundle), "--cache", str(self.cache)),
        ]


def refusal(result: Any) -> str:
    """The one line with which a command refused."""
    assert result.exit_code == 1, result.output
    assert "Traceback" not in result.output
    line: str = result.stderr.strip()
    assert line.startswith("Error: ") and "\n" not in line
    return line
