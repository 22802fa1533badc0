"""Starting and stopping: locally without a token, on Telegram with one."""

import asyncio
import gc
import re
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select, update

from bot import receiving
from bot.chat import typing_action
from bot.inbox import FINISHING
from bot.local.refusals import RefusalError
from bot.local.server import LocalServer
from bot.receiving import StartError
from bot.run import serve
from bot.settings import Settings
from recommenders import bundle as bundles
from recommenders.backbones import device
from recommenders.bundle import BundleError
from recommenders.engine import Engine
from recommenders.versions import Versions
from storage import Database
from storage.tables import Sighting, now
from tests.bot.conversation import answer_hashtags, edited, hashtags
from tests.bot.running import TOKEN
from tests.bot.telegram_sends import Refusing
from tests.bundles import tiny_bundle
from tests.colours import ColourNetwork, Pause, colour_engine, jpeg
from tests.person import Person
from tests.waiting import until

LOAD = Engine.load
"""The real one."""


@pytest.fixture(autouse=True)
def a_fast_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Engine, "load", lambda *_: colour_engine())
    monkeypatch.setattr(receiving, "START_PATIENCE", 1.0)
    monkeypatch.setattr(receiving, "FIRST_PAUSE", 0.01)


@asynccontextmanager
async def serving(settings: Settings, port: int = 0) -> AsyncIterator[list[str]]:
    lines: list[str] = []
    ready, stop = asyncio.Event(), asyncio.Event()

    def say(line: str) -> None:
        lines.append(line)
        if "Ctrl-C" in line:
            ready.set()

    task = asyncio.create_task(serve(settings, port, say, stop))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED, timeout=120)
    waiting.cancel()
    try:
        if task.done():
            await task
        yield lines
    finally:
        stop.set()
        await asyncio.wait_for(task, 120) if not task.done() else None


def page_url(lines: list[str]) -> str:
    (url,) = re.findall(r"http://127\.0\.0\.1:\d+/\?key=\S+", lines[-1])
    return str(url)


@asynccontextmanager
async def on_telegram(settings: Settings) -> AsyncIterator[LocalServer]:
    """The bot, as long as it runs by itself."""
    server = LocalServer(TOKEN)
    url = await server.start(port=0)
    live = settings.model_copy(update={"bot_token": SecretStr(TOKEN), "telegram_api_url": url})
    try:
        async with serving(live):
            yield server
    finally:
        await server.stop()


async def test_without_a_token_it_serves_the_local_chat_and_frees_the_port(
    settings: Settings,
) -> None:
    async with serving(settings) as lines:
        async with Person(page_url(lines)) as ann:
            assert (await answer_hashtags(ann, "green"))[0] == "#green1"
        port = urlsplit(page_url(lines)).port
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", port))


async def test_a_second_local_chat_on_the_same_database_leaves_the_firsts_answers_alone(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(settings) as lines, Person(page_url(lines)) as ann:
        trouble = Refusing(monkeypatch, "sendMessage", RefusalError(500, "Trouble"))
        await ann.send_photo(jpeg("green"))
        await until(lambda: trouble.refused)
        async with serving(settings):
            trouble.over = True
            assert hashtags(await ann.wait_reply())[0] == "#green1"


async def test_a_look_at_the_local_chat_leaves_the_live_bots_answers_alone(
    settings: Settings,
) -> None:
    async with on_telegram(settings) as server, Person(server.page_url) as ann:
        await ann.send_photo(jpeg("green"))
        message = await ann.wait_reply()
        async with serving(settings) as lines, Person(page_url(lines)) as eve:
            await answer_hashtags(eve, "red")
            assert hashtags(await edited(ann, message, "More"))[0] == "#green1"
        async with serving(settings):
            assert hashtags(await edited(ann, message, "More"))[0] == "#green1"


async def test_starts_with_a_clock_that_is_years_ahead_delete_no_history(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.retention.FIRST_AFTER", 0.0)
    async with serving(settings) as lines, Person(page_url(lines)) as ann:
        await answer_hashtags(ann, "green")
    database = await Database.open(settings.database_url)
    async with database.session() as session:
        await session.execute(update(Sighting).values(at=now() - timedelta(days=2_000)))
    for _ in range(2):  # at the second there are photos of the same clock
        caplog.clear()
        async with serving(settings) as lines, Person(page_url(lines)) as ann:
            await answer_hashtags(ann, "green")
            await until(lambda: "In case this machine's clock is wrong" in caplog.text)
    async with database.reading() as session:
        oldest = await session.scalar(select(func.min(Sighting.at)))
    assert oldest is not None and now() - oldest > timedelta(days=1_999)
    await database.close()


async def test_with_a_token_it_polls_the_bot_api_at_the_given_address(settings: Settings) -> None:
    server = LocalServer(TOKEN, username="live_bot")
    url = await server.start(port=0)
    live = settings.model_copy(update={"bot_token": SecretStr(TOKEN), "telegram_api_url": url})
    try:
        async with serving(live) as lines:
            assert "@live_bot answers" in lines[-1]
            async with Person(server.page_url) as ann:
                assert (await answer_hashtags(ann, "green"))[0] == "#green1"
    finally:
        await server.stop()


async def test_a_photo_that_came_before_the_stop_is_still_answered(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typing_action, "AFTER", 0.0)
    server = LocalServer(TOKEN)
    url = await server.start(port=0)
    live = settings.model_copy(update={"bot_token": SecretStr(TOKEN), "telegram_api_url": url})
    try:
        async with Person(server.page_url) as ann:
            async with serving(live):
                await ann.send_photo(jpeg("green"))
                await ann.wait_event("action")
            assert hashtags(await ann.wait_reply())
    finally:
        await server.stop()


async def test_photos_and_a_fine_tuning_get_the_same_seconds_to_finish_not_one_after_the_other(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the process would be ended before it has left its work to the other replicas."""

    @asynccontextmanager
    async def a_fine_tuning(*_: Any) -> AsyncIterator[None]:
        yield
        await asyncio.sleep(FINISHING)

    network, pause = ColourNetwork(), Pause()
    network.before_photo = pause
    monkeypatch.setattr(Engine, "load", lambda *_: colour_engine(network=network))
    monkeypatch.setattr("bot.run.kept_current", a_fine_tuning)
    async with serving(settings) as lines, Person(page_url(lines)) as ann:
        await ann.send_photo(jpeg("green"))
        await pause.reached()
        stopped_at = time.monotonic()
    assert FINISHING <= time.monotonic() - stopped_at < 2 * FINISHING
    pause.end()


async def refused(settings: Settings, port: int = 0) -> str:
    with pytest.raises(StartError) as caught:
        async with serving(settings, port):
            pass
    assert "\n" not in str(caught.value)
    assert caught.value.__suppress_context__
    return str(caught.value)


async def test_a_device_that_is_not_here_is_one_sentence(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    try:
        sentence = await refused(settings.model_copy(update={"device": "cuda"}))
    finally:
        device.use("auto")
    assert sentence.startswith("DEVICE is cuda, but torch finds no NVIDIA GPU here.")


async def test_a_wrong_token_is_one_sentence_without_the_token(settings: Settings) -> None:
    server = LocalServer(TOKEN)
    url = await server.start(port=0)
    try:
        wrong = {"bot_token": SecretStr("1:wrong"), "telegram_api_url": url}
        sentence = await refused(settings.model_copy(update=wrong))
    finally:
        await server.stop()
    assert "does not accept BOT_TOKEN" in sentence
    assert "1:wrong" not in sentence


async def test_no_network_is_one_sentence(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    offline = {"bot_token": SecretStr(TOKEN), "telegram_api_url": url}
    sentence = await refused(settings.model_copy(update=offline))
    assert sentence.startswith(f"{url} cannot be reached.")
    assert "TELEGRAM_API_URL" in sentence
    gc.collect()
    assert "Unclosed" not in caplog.text


async def test_trouble_at_the_start_is_tried_again_and_a_menu_ends_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = RefusalError(500, "Internal Server Error")
    get_me = Refusing(monkeypatch, "getMe", broken, times=2)
    menu = Refusing(monkeypatch, "setMyCommands", broken)
    async with on_telegram(settings) as server, Person(server.page_url) as ann:
        assert await answer_hashtags(ann)
    assert get_me.refused == 2
    assert menu.refused
    assert "does not answer yet" in caplog.text
    assert "menu of commands" in caplog.text


async def test_telegram_is_left_alone_for_as_long_as_it_asks(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = RefusalError(429, "Too Many Requests: retry after 1", retry_after=1)
    for method in ("getMe", "deleteWebhook", "getUpdates"):
        Refusing(monkeypatch, method, later, times=2)
    began = time.monotonic()
    async with on_telegram(settings) as server, Person(server.page_url) as ann:
        assert time.monotonic() - began >= 4
        assert await answer_hashtags(ann)
        assert time.monotonic() - began >= 6


async def test_a_whim_of_telegrams_makes_nobody_deaf(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with on_telegram(settings) as server, Person(server.page_url) as ann:
        for code in (401, 404, 409, 500, 502):
            whim = Refusing(monkeypatch, "getUpdates", RefusalError(code, "Whim"), times=2)
            assert await answer_hashtags(ann)
        assert await answer_hashtags(ann)
        assert whim.over
    assert "No updates from Telegram for now" in caplog.text


@pytest.mark.parametrize(
    ("conflict", "sentence"),
    [
        ("can't use getUpdates method while webhook is active", "A webhook is set for this bot"),
        ("terminated by other getUpdates request", "Another copy of this bot is polling"),
    ],
)
async def test_what_takes_updates_away_is_named(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    conflict: str,
    sentence: str,
) -> None:
    async with on_telegram(settings) as server, Person(server.page_url) as ann:
        Refusing(monkeypatch, "getUpdates", RefusalError(409, f"Conflict: {conflict}"), times=2)
        assert await answer_hashtags(ann)
    assert sentence in caplog.text


async def test_a_token_that_is_really_refused_ends_the_bot_with_a_sentence(
    settings: Settings,
) -> None:
    server = LocalServer(TOKEN)
    url = await server.start(port=0)
    live = settings.model_copy(update={"bot_token": SecretStr(TOKEN), "telegram_api_url": url})

    def revoke(line: str) -> None:
        if "Ctrl-C" in line:
            server.token = "1:another"
            server.state.updates.add("message", {})

    try:
        with pytest.raises(StartError, match="does not accept BOT_TOKEN"):
            await asyncio.wait_for(serve(live, 0, revoke), 120)
    finally:
        await server.stop()


async def test_a_taken_port_is_one_sentence_that_names_another(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        sentence = await refused(settings, taken.getsockname()[1])
    assert "cannot be used" in sentence
    assert "--port 8080" in sentence


async def test_a_broken_database_is_one_sentence(settings: Settings) -> None:
    nowhere = settings.model_copy(update={"database_url": "nothing://here"})
    assert "DATABASE_URL" in await refused(nowhere)


async def test_a_broken_bundle_is_one_sentence(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(*_: Any) -> None:
        raise BundleError("The bundle is broken. Fit it again.")

    monkeypatch.setattr(Engine, "load", load)
    assert await refused(settings) == "The bundle is broken. Fit it again."


async def test_where_a_finetuned_version_cannot_be_used_the_bundle_answers(
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(Engine, "load", LOAD)
    mine = tiny_bundle(tmp_path / "mine", model="mine-1")
    tuned = bundles.load(tiny_bundle(tmp_path / "mine-2", model="mine-2"))
    tuned.settings["als"]["neighbours"] = 0
    bundles.save(tuned, tmp_path / "mine-2")
    Versions.of(mine).promote(tmp_path / "mine-2")
    async with serving(settings.model_copy(update={"model_dir": mine})) as lines:
        page = re.findall("http[^ ]+", lines[-1])[0]
        async with Person(page) as ann:
            assert len(await answer_hashtags(ann, "red", 1)) == 10
    assert "The fine-tuned version mine-2 is not used. The bundle is damaged" in caplog.text
