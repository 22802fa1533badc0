"""The command line in a folder of its own, with a small bundle and photos to show it."""

import logging
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click import Command
from click.testing import CliRunner
from PIL import Image
from typer.main import get_command

from bot.cli.main import app
from tests.bot.cli.fitted import Fitted, Tag4pic
from tests.bundles import tiny_bundle

ROOT = Path(__file__).parents[3]
OURS = (
    *("BOT_TOKEN", "DATABASE_URL", "DEVICE", "LOG_LEVEL"),
    *("MODEL_DIR", "TELEGRAM_API_URL", "WEIGHTS_DIR"),
)


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle with ALS alone."""
    return tiny_bundle(tmp_path_factory.mktemp("bundle") / "tiny")


@pytest.fixture(scope="session")
def bundle_with_both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle with both backends over one backbone."""
    return tiny_bundle(tmp_path_factory.mktemp("both") / "tiny", w2v="efficientnet_lite0")


@pytest.fixture
def folder(tmp_path: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in: no ``.env``, and settings that touch nothing outside it."""
    for name in OURS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MODEL_DIR", str(bundle))
    monkeypatch.setenv("WEIGHTS_DIR", str(tmp_path / "weights"))
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/bot.db")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


@pytest.fixture(scope="session")
def all_commands() -> Command:
    """The command line, which ``typer.testing`` would put together for each command."""
    return get_command(app)


@pytest.fixture
def tag4pic(folder: Path, all_commands: Command) -> Iterator[Callable[..., Any]]:
    """Runs a command: tag4pic("recommend", "a.jpg"), with exit_code, stdout and stderr."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    runner = CliRunner()

    def run(*arguments: str, env: Mapping[str, str] | None = None) -> Any:
        return runner.invoke(all_commands, arguments, prog_name="tag4pic", env=env)

    yield run
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def command(folder: Path) -> list[str]:
    """The same as a program of its own, to start with ``subprocess`` in ``folder``."""
    return [sys.executable, "-P", "-m", "bot.cli"]


@pytest.fixture
def photo(folder: Path) -> Callable[..., str]:
    """Makes a small photo, another one for each name: photo("a.jpg") -> "a.jpg"."""

    def make(name: str, size: tuple[int, int] = (64, 48)) -> str:
        draw = np.random.default_rng(sum(name.encode()))
        coarse = draw.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(path)
        return name

    return make


@pytest.fixture(scope="session")
def fitted(
    tmp_path_factory: pytest.TempPathFactory, made_once: Callable[..., Path], one_core: None
) -> Fitted:
    """A bundle fitted on a dataset drawn here, with the features that the fit has kept."""
    folder = tmp_path_factory.mktemp("train")
    shutil.copytree(made_once("train", Fitted.make), folder, dirs_exist_ok=True)
    return Fitted(folder)


@pytest.fixture
def train(tag4pic: Tag4pic) -> Tag4pic:
    """Runs a command of the group: train("evaluate", …)."""
    return lambda *arguments: tag4pic("train", *arguments)
