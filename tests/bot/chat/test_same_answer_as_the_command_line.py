"""The chat and ``tag4pic recommend`` give a photo the same hashtags in the same order."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from recommenders.engine import Engine
from tests.bot.conversation import hashtags
from tests.bot.running import Start
from tests.bundles import tiny_bundle
from tests.colours import jpeg


@pytest.mark.parametrize("preferred_mix", [None, "niche"])
@pytest.mark.parametrize(("writes", "language"), [("en", "en"), ("ru", "both")])
async def test_a_new_chat_gets_what_the_command_line_prints(
    start: Start,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    preferred_mix: str | None,
    writes: str,
    language: str,
) -> None:
    bundle = tiny_bundle(
        tmp_path / "bundle",
        w2v="efficientnet_lite0",
        knowledge=True,
        preferred_mix=preferred_mix,
    )
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg("green"))
    monkeypatch.setenv("MODEL_DIR", str(bundle))
    arguments = ["recommend", str(photo), "--language", language, "--json"]
    printed = CliRunner().invoke(app, arguments)

    bot = await start()
    bot.services.learner.engine = Engine.load(bundle)
    ann = await bot.person(language=writes)
    # As a file, so that Telegram does not make it smaller.
    await ann.send_document(photo.read_bytes(), "photo.jpg", mime_type="image/jpeg")
    answered = hashtags(await ann.wait_reply())

    assert answered == [f"#{one['tag']}" for one in json.loads(printed.stdout)["hashtags"]]
    assert len(answered) == 10
