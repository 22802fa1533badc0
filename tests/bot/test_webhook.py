"""The webhook takes updates from who knows the secret, each once, and nothing from strangers."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from aiohttp import ClientSession
from telegram.ext import ExtBot

from bot import webhook as hook
from bot.chat.application import build
from bot.local.server import LocalServer
from bot.settings import Settings
from storage import Database
from tests.bot.running import TOKEN
from tests.colours import colour_engine
from tests.person import Person

SECRET = "s-1"


@pytest.fixture
def webhooks(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Those that were set."""
    calls: list[dict[str, Any]] = []

    async def set_webhook(_: ExtBot[None], url: str, **options: Any) -> bool:
        calls.append({"url": url, **options})
        return True

    monkeypatch.setattr(ExtBot, "set_webhook", set_webhook)
    return calls


@asynccontextmanager
async def called(
    settings: Settings, telegram: LocalServer, secret: str | None
) -> AsyncIterator[int]:
    """A bot with a webhook at a port."""
    database = await Database.open(settings.database_url)
    application = build(settings, colour_engine(), database, token=TOKEN, api_url=telegram.url)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        number: int = unused.getsockname()[1]
    async with hook.webhook(application, "https://bot.example/hook", secret, number):
        yield number
    await database.close()


@pytest.fixture
async def port(
    settings: Settings, telegram: LocalServer, webhooks: list[dict[str, Any]]
) -> AsyncIterator[int]:
    async with called(settings, telegram, SECRET) as number:
        yield number


async def post(port: int, body: str, secret: str = SECRET) -> int:
    """Calls the webhook; returns the status."""
    async with ClientSession() as http:
        headers = {hook.SECRET_HEADER: secret}
        url = f"http://127.0.0.1:{port}/hook"
        async with http.post(url, data=body, headers=headers) as response:
            return response.status


async def test_only_calls_with_the_secret_are_taken_and_each_is_handled_once(
    port: int, telegram: LocalServer, webhooks: list[dict[str, Any]]
) -> None:
    assert webhooks[0]["url"] == "https://bot.example/hook"
    assert webhooks[0]["secret_token"] == SECRET
    async with Person(telegram.page_url) as ann:
        update = json.dumps({"update_id": 1, "message": await ann.send_text("/start")})
        for secret in ("wrong", "sécret", "秘密", "\udcff"):
            assert await raw_status(port, secret) == 403
        assert await post(port, update, "wrong") == 403
        for body in ("[not json", "[]", "{}", '{"update_id": "1"}', "[" * 100_000):
            assert await post(port, body) == 400
        assert await post(port, "9" * (hook.MAX_UPDATE + 1)) == 413
        for _ in range(3):
            assert await post(port, update) == 200
        assert "Send me a photo" in (await ann.wait_reply())["text"]
        assert await post(port, update) == 200
        other = json.dumps({"update_id": 2, "message": await ann.send_text("/help")})
        assert await post(port, other) == 200
        assert "Send a photo" in (await ann.wait_reply())["text"]
        assert len(ann.replies()) == 2


async def test_copies_of_a_bot_without_a_secret_make_up_the_same(
    settings: Settings, telegram: LocalServer, webhooks: list[dict[str, Any]]
) -> None:
    for _ in range(2):
        async with called(settings, telegram, None):
            pass
    first, second = (one["secret_token"] for one in webhooks)
    assert first == second
    assert len(first) >= 32
    assert TOKEN.partition(":")[2] not in first


async def test_a_balancer_asks_without_the_secret_and_learns_nothing_else(port: int) -> None:
    async with ClientSession() as http:
        async with http.get(f"http://127.0.0.1:{port}/health") as health:
            assert (health.status, await health.read()) == (200, b"")
        async with http.get(f"http://127.0.0.1:{port}/hook") as other:
            assert other.status == 403


async def raw_status(port: int, secret: str) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST /hook HTTP/1.1\r\nHost: h\r\n{hook.SECRET_HEADER}: {secret}\r\n"
    head += "Content-Length: 2\r\n\r\n{}"
    writer.write(head.encode(errors="surrogateescape"))
    status = int((await reader.readline()).split()[1])
    writer.close()
    return status


async def test_it_listens_on_this_machine_alone_unless_told_otherwise(settings: Settings) -> None:
    assert settings.listen == "127.0.0.1"


async def test_connections_that_come_at_once_are_counted_one_by_one(
    monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    monkeypatch.setattr(hook, "CONNECTIONS", 2)
    # Without letting the server run in between.
    many = [socket.create_connection(("127.0.0.1", port)) for _ in range(6)]
    assert all([await is_cut_off(one, within=60) for one in many[:4]])
    assert not any([await is_cut_off(one, within=0.1) for one in many[4:]])
    for one in many:
        one.close()


async def is_cut_off(connection: socket.socket, within: float) -> bool:
    connection.settimeout(within)
    try:
        return await asyncio.to_thread(connection.recv, 1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


async def test_who_never_ends_a_request_is_cut_off_and_keeps_nobody_away(
    monkeypatch: pytest.MonkeyPatch, port: int, telegram: LocalServer
) -> None:
    monkeypatch.setattr(hook, "CONNECTIONS", 20)
    assert await post(port, "{}") == 400
    monkeypatch.setattr(hook, "HEAD_SECONDS", 3.0)
    strangers = [await asyncio.open_connection("127.0.0.1", port) for _ in range(30)]
    for _, writer in strangers:
        writer.write(b"POST /hook HTTP/1.1\r\nHost: ")
    assert await post(port, "{}") == 400
    async with asyncio.timeout(20):
        for reader, _ in strangers:
            with suppress(ConnectionError):
                await reader.read()
    assert await post(port, "{}") == 400
