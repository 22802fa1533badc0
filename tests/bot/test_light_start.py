"""What answers photos starts without what only fitting needs."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from recommenders.backbones import openvino_network
from recommenders.backbones.backbone import load_backbone
from recommenders.bundle import STARTER, load
from tests.colours import jpeg

HEAVY = [
    *("torch", "torchvision", "scipy", "sklearn", "gensim", "implicit", "joblib"),
    *("sqlalchemy", "alembic", "openvino_telemetry"),
]
"""Modules that take tenths of seconds and tens of megabytes, or report to their makers."""

RECOMMEND = """
from bot.cli.main import app
app(["recommend", "photo.jpg", "--json"], standalone_mode=False)
"""

BOT = """
import asyncio
from pathlib import Path
import bot.run
from bot.chat.application import build
from bot.settings import read_settings
from recommenders.answers import AnswerRequest
from recommenders.copies import hashes
from recommenders.engine import Engine
from recommenders.photos import decode
from storage import Database

async def main():
    database = await Database.open("sqlite+aiosqlite:///bot.db")
    engine = Engine.load()
    application = build(read_settings(None), engine, database, token="7:abc")
    photo = decode(Path("photo.jpg"), engine.working_side)
    hashes(photo)
    features = engine.features([photo], engine.backbones["both"])
    print(len(engine.answer(features, AnswerRequest("both"))) > 0)
    await database.close()

asyncio.run(main())
"""


@pytest.fixture
def heavy_after(tmp_path: Path) -> Callable[[str], tuple[str, list[str]]]:
    """Runs code where a photo lies: what it printed last, and which heavy modules it imported."""
    (tmp_path / "photo.jpg").write_bytes(jpeg("green"))
    for name in load(STARTER).backbones:
        load_backbone(name)  # what is compiled once is there

    def run(code: str) -> tuple[str, list[str]]:
        ending = f"import sys, json\nprint(json.dumps([m for m in {HEAVY} if sys.modules.get(m)]))"
        root, graphs = str(Path(__file__).parents[2]), str(openvino_network.FOLDER)
        start = (
            f"import sys; sys.path.insert(0, {root!r})\n"
            "from pathlib import Path\n"
            "from recommenders.backbones import openvino_network\n"
            f"openvino_network.FOLDER = Path({graphs!r})\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", f"{start}{code}\n{ending}"],
            capture_output=True,
            text=True,
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stderr
        *printed, heavy = done.stdout.splitlines()
        return printed[-1], json.loads(heavy)

    return run


def test_a_recommendation_imports_nothing_heavy(
    heavy_after: Callable[[str], tuple[str, list[str]]],
) -> None:
    answer, heavy = heavy_after(RECOMMEND)
    assert json.loads(answer)["backbone"] in load(STARTER).backbones
    assert heavy == []


def test_the_bot_that_answers_a_photo_imports_nothing_heavy(
    heavy_after: Callable[[str], tuple[str, list[str]]], tmp_path: Path, empty_database: Path
) -> None:
    shutil.copy(empty_database, tmp_path / "bot.db")  # what makes one is needed once
    assert heavy_after(BOT) == ("True", ["sqlalchemy"])
