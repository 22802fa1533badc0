"""The chat and ``tag4pic recommend`` give a photo the same hashtags in the same order."""

import json
from pathlib import Path

import pytest
from colours import hashtags, jpeg
from typer.testing import CliRunner

from bot.chat.application import build
from bot.cli.main import app
from bot.local.server import LocalServer
from bot.run import polling
from bot.settings import Settings
from recommenders.engine import Engine
from storage import Database
from tests.bundles import tiny_bundle
from tests.person import Person

TOKEN = "4242:a-token"


@pytest.mark.parametrize("preferred_mix", [None, "niche"])
async def test_a_new_chat_gets_what_the_command_line_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, preferred_mix: str | None
) -> None:
    bundle = tiny_bundle(
        tmp_path / "bundle",
        w2v="efficientnet_lite0",
        knowledge=True,
        preferred_mix=preferred_mix,
    )
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg("green", size=(640, 480)))
    printed = _printed(monkeypatch, bundle, photo)
    assert len(printed) == 10
    assert await _answered(tmp_path, bundle, photo.read_bytes()) == printed


def _printed(monkeypatch: pytest.MonkeyPatch, bundle: Path, photo: Path) -> list[str]:
    monkeypatch.setenv("MODEL_DIR", str(bundle))
    result = CliRunner().invoke(app, ["recommend", str(photo), "--json"])
    return [f"#{hashtag['tag']}" for hashtag in json.loads(result.stdout)["hashtags"]]


async def _answered(tmp_path: Path, bundle: Path, photo: bytes) -> list[str]:
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    server = LocalServer(TOKEN)
    url = await server.start(port=0)
    database = await Database.open(f"sqlite+aiosqlite:///{tmp_path}/bot.db")
    try:
        application = build(settings, Engine.load(bundle), database, token=TOKEN, api_url=url)
        async with polling(application), Person(server.page_url) as ann:
            # As a file, so that Telegram does not make it smaller.
            await ann.send_document(photo, "photo.jpg", mime_type="image/jpeg")
            return hashtags(await ann.wait_reply())
    finally:
        await database.close()
        await server.stop()
