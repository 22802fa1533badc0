"""``tag4pic doctor``: what is wrong, and what to do about it, online and off."""

import json
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import closing
from email.utils import formatdate
from pathlib import Path
from time import time
from types import MappingProxyType
from typing import Any

import pytest
import torch
from aiohttp import web
from aiohttp.test_utils import TestServer

from recommenders.backbones import device
from recommenders.backbones.torchvision_ops import import_torchvision_models

TOKEN = "424242:a-token_that-no.log~may%show"
OFFLINE = {"TELEGRAM_API_URL": "http://127.0.0.1:9", "BOT_TOKEN": TOKEN}

Tag4pic = Callable[..., Any]


def checks_of(result: Any) -> dict[str, dict[str, str]]:
    return {check["name"]: check for check in json.loads(result.stdout)["checks"]}


def test_without_a_network_it_checks_what_is_here_and_says_what_it_could_not(
    tag4pic: Tag4pic, tmp_path: Path
) -> None:
    result = tag4pic("doctor", env=OFFLINE)
    assert result.exit_code == 0, result.output
    assert "? token     not checked: 127.0.0.1:9 cannot be reached" in result.stdout
    assert "✓ database  none yet" in result.stdout
    assert "✓ bundle    tiny" in result.stdout
    assert "Everything that could be checked is fine." in result.stdout
    assert not (tmp_path / "bot.db").exists()


def test_a_name_that_is_almost_a_setting_is_a_warning(tag4pic: Tag4pic, folder: Path) -> None:
    (folder / ".env").write_text("BOT_TOKN=12:s3cret\nBUNDLER=1\nMY_BOT_TOKEN=34:s3cret\n")
    result = tag4pic("doctor", "--json", env={"TELEGRAM_API_URL": "http://127.0.0.1:9"})
    check = checks_of(result)["settings"]
    assert check["state"] == "warning"
    assert check["found"] == "BOT_TOKN is not a setting: did you mean BOT_TOKEN?"


def a_text(file: Path) -> None:
    file.write_text("no database" * 99)


def newer(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()


def damaged(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:8192] + b"\xff" * 8192 + content[16384:])


@pytest.mark.parametrize(
    ("spoil", "found", "advice"),
    [
        (a_text, "not a tag4pic database", ""),
        (newer, "made by a newer version", "Update tag4pic."),
        (damaged, "The database file is damaged", "Restore it from a backup."),
    ],
)
def test_a_database_that_cannot_be_used_is_wrong(
    tag4pic: Tag4pic,
    tmp_path: Path,
    empty_database: Path,
    spoil: Callable[[Path], None],
    found: str,
    advice: str,
) -> None:
    file = tmp_path / "bot.db"
    file.write_bytes(empty_database.read_bytes())
    spoil(file)
    result = tag4pic("doctor", "--json", env={"TELEGRAM_API_URL": "http://127.0.0.1:9"})
    assert result.exit_code == 1 and not json.loads(result.stdout)["ok"]
    check = checks_of(result)["database"]
    assert check["state"] == "wrong" and found in check["found"]
    assert check["advice"] == advice


@pytest.mark.parametrize(
    ("url", "found", "advice"),
    [
        ("sqlite://", "DATABASE_URL names no file", "A database in memory would be lost."),
        ("mysql://me@host/tags", "DATABASE_URL names a kind of database", "It takes sqlite"),
        (
            "sqlite+pysqlite:///a.db",
            "DATABASE_URL names a kind of database",
            "It takes sqlite",
        ),
        *(
            (f"sqlite:///data/a.db?{option}", "DATABASE_URL has an invalid option", "")
            for option in (
                "timeout=abc",
                "timeout=5&timeout=6",
                "cached_statements=abc",
                f"detect_types={2**64}",
                "foo=1",
            )
        ),
    ],
)
def test_of_a_database_doctor_and_bot_say_the_same(
    tag4pic: Tag4pic, url: str, found: str, advice: str
) -> None:
    env = {"TELEGRAM_API_URL": "http://127.0.0.1:9", "DATABASE_URL": url}
    check = checks_of(tag4pic("doctor", "--json", env=env))["database"]
    assert check["state"] == "wrong"
    assert check["found"].startswith(found) and check["advice"].startswith(advice)
    start = tag4pic("run", "--port", "0", env=env)
    assert start.exit_code == 1 and check["found"] in start.stderr


def leads(link: Path, to: str) -> str:
    link.symlink_to(to)
    return link.name


@pytest.mark.skipif(sys.platform == "win32", reason="links as POSIX has them")
@pytest.mark.parametrize(
    "make",
    [
        lambda folder: "/",
        lambda folder: "/dev/null",
        lambda folder: "a" * 300,
        lambda folder: leads(folder / "loop.db", "loop.db"),
        lambda folder: leads(folder / "link.db", "nowhere/bot.db"),
        lambda folder: f"{leads(folder / 'link', 'nowhere')}/bot.db",
    ],
    ids=["the root", "a device", "too long", "a loop", "into no folder", "below no folder"],
)
def test_where_no_database_can_be_doctor_says_so_before_the_bot(
    tag4pic: Tag4pic, folder: Path, make: Callable[[Path], str]
) -> None:
    env = {"TELEGRAM_API_URL": "http://127.0.0.1:9", "DATABASE_URL": f"sqlite:///{make(folder)}"}
    result = tag4pic("doctor", "--json", env=env)
    check = checks_of(result)["database"]
    assert check["found"] == "The database cannot be opened"
    assert check["advice"] == "Check the path in DATABASE_URL."
    assert tag4pic("run", "--port", "0", env=env).exit_code == 1


def test_a_database_that_a_link_leads_to_is_made_at_the_first_start(
    tag4pic: Tag4pic, folder: Path
) -> None:
    env = OFFLINE | {"DATABASE_URL": f"sqlite:///{leads(folder / 'link.db', 'bot.db')}"}
    assert "✓ database  none yet" in tag4pic("doctor", env=env).stdout


def test_a_bundle_or_weights_folder_that_cannot_be_looked_up_ends_no_other_check(
    tag4pic: Tag4pic,
) -> None:
    env = {"TELEGRAM_API_URL": "http://127.0.0.1:9", "WEIGHTS_DIR": "a" * 300}
    assert checks_of(tag4pic("doctor", "--json", env=env))["weights"]["state"] == "ok"
    checks = checks_of(tag4pic("doctor", "--json", env=env | {"MODEL_DIR": "a" * 300}))
    assert checks["bundle"]["found"] == "cannot be loaded" and "disk" in checks
    assert "manifest.json cannot be read (File name too long)" in checks["bundle"]["advice"]


def test_a_missing_bundle_and_a_device_that_is_not_here_are_wrong(
    tag4pic: Tag4pic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    env = {"TELEGRAM_API_URL": "http://127.0.0.1:9", "MODEL_DIR": "nowhere"}
    assert checks_of(tag4pic("doctor", "--json", env=env))["bundle"]["state"] == "wrong"
    try:
        checks = checks_of(tag4pic("doctor", "--json", env=env | {"DEVICE": "cuda"}))
    finally:
        device.use("auto")
    assert checks["device"]["state"] == "wrong" and "NVIDIA" in checks["device"]["advice"]


def test_a_warning_is_not_called_fine(tag4pic: Tag4pic) -> None:
    try:
        result = tag4pic("doctor", env={"TELEGRAM_API_URL": "http://127.0.0.1:9", "DEVICE": "cpu"})
    finally:
        device.use("auto")
    assert "torch on this CPU, which is slow" in result.stdout
    assert "Nothing is wrong, but see the warnings." in result.stdout


def unreadable(file: Path) -> None:
    file.write_bytes(b"no weights")


def another(file: Path) -> None:
    network = import_torchvision_models().resnet50(weights=None)
    torch.save(network.state_dict(), file)


@pytest.mark.parametrize(
    ("put", "found", "advice"),
    [
        (unreadable, "resnet50 cannot be used", "cannot be read as weights"),
        (another, "resnet50 is not the official file", "Remove"),
    ],
)
def test_weights_that_a_bundle_can_do_without_are_checked_too(
    tag4pic: Tag4pic, tmp_path: Path, put: Callable[[Path], None], found: str, advice: str
) -> None:
    env = {"TELEGRAM_API_URL": "http://127.0.0.1:9", "MODEL_DIR": "", "DEVICE": "cpu"}
    file = tmp_path / "weights" / "resnet50.pth"
    file.parent.mkdir()
    try:
        check = checks_of(tag4pic("doctor", "--json", env=env))["weights"]
        assert check["state"] == "ok"
        assert check["found"] == "efficientnet_lite2; optional: resnet50"
        put(file)
        result = tag4pic("doctor", "--json", env=env)
    finally:
        device.use("auto")
    check = checks_of(result)["weights"]
    assert result.exit_code == 0 and check["state"] == "warning"
    assert check["found"] == found and advice in check["advice"]
    assert str(file) in check["advice"] and "tag4pic weights get resnet50" in check["advice"]


Telegram = Callable[..., Mapping[str, str]]


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    """Stands in for Telegram: telegram(webhook={…}, ahead=0, token=TOKEN) gives the settings.

    Its dates end in ``zone``; ``refused`` is the method that it refuses, with this ``refusal``.
    """
    says: dict[str, Any] = {}

    async def answered(request: web.Request) -> web.Response:
        date = formatdate(time() - says["ahead"], usegmt=True)
        headers = {"Date": date.replace("GMT", says["zone"])}
        if request.match_info["token"] != f"bot{TOKEN}":
            return web.json_response({"ok": False}, status=401, headers=headers)
        if request.match_info["method"] == says["refused"]:
            return web.Response(**says["refusal"])
        me = {"id": 424242, "username": "tags_bot"}
        result = me if request.match_info["method"] == "getMe" else says["webhook"]
        return web.json_response({"ok": True, "result": result}, headers=headers)

    application = web.Application()
    application.router.add_post("/{token}/{method}", answered)
    server = TestServer(application)
    await server.start_server()

    def settings(
        webhook: Mapping[str, Any] | None = None,
        ahead: int = 0,
        zone: str = "GMT",
        token: str = TOKEN,
        refused: str = "",
        refusal: Mapping[str, Any] = MappingProxyType({}),
    ) -> Mapping[str, str]:
        says.update(webhook=webhook or {"url": ""}, ahead=ahead, zone=zone)
        says.update(refused=refused, refusal=refusal)
        return {"TELEGRAM_API_URL": f"http://127.0.0.1:{server.port}", "BOT_TOKEN": token}

    yield settings
    await server.close()


async def examined(env: Mapping[str, str], settings_env: pytest.MonkeyPatch) -> dict[str, Any]:
    from bot.doctor import examine
    from bot.settings import read_settings

    for name, value in env.items():
        settings_env.setenv(name, value)
    settings = read_settings(None)
    assert settings.model_dir is not None
    bundle = settings.model_dir
    return {check.name: check async for check in examine(settings, lambda: (bundle, ""))}


async def test_telegram_tells_of_token_webhook_and_clock(
    telegram: Telegram, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = await examined(telegram(zone="-0000"), monkeypatch)
    assert checks["token"].found == "belongs to @tags_bot"
    assert [checks[name].state for name in ("token", "webhook", "clock")] == ["ok"] * 3

    checks = await examined(telegram(ahead=7200, token="1:wrong"), monkeypatch)
    assert checks["token"].state == "wrong" and "@BotFather" in checks["token"].advice
    assert checks["clock"].state == "wrong" and "ahead of" in checks["clock"].found
    assert "webhook" not in checks


@pytest.mark.parametrize(("waiting", "told"), [(1, "1 update waiting"), (7, "7 updates waiting")])
async def test_a_webhook_that_telegram_calls_in_vain_is_wrong_and_another_one_a_warning(
    telegram: Telegram, folder: Path, monkeypatch: pytest.MonkeyPatch, waiting: int, told: str
) -> None:
    url = "https://bot.example/secret-path"
    failing = {
        "url": url,
        "pending_update_count": waiting,
        "last_error_date": int(time()),
        "last_error_message": "Connection refused",
    }
    check = (await examined(telegram(failing) | {"WEBHOOK_URL": url}, monkeypatch))["webhook"]
    assert check.state == "wrong" and "Connection refused" in check.found
    assert told in check.found and "secret-path" not in check.found
    monkeypatch.delenv("WEBHOOK_URL")
    check = (await examined(telegram({"url": url}), monkeypatch))["webhook"]
    assert check.state == "warning" and "WEBHOOK_URL is empty" in check.found
    assert check.advice.startswith("Starting the bot removes it")
    monkeypatch.setenv("WEBHOOK_URL", url)
    check = (await examined(telegram({"url": f"{url}/old"}), monkeypatch))["webhook"]
    assert check.advice == "Starting the bot sets it."


@pytest.mark.parametrize("refused", ["getMe", "getWebhookInfo"])
@pytest.mark.parametrize(
    "refusal",
    [
        {"status": 502, "text": "<h1>Bad gateway</h1>", "content_type": "text/html"},
        {"status": 429, "text": '{"ok": false}', "content_type": "application/json"},
    ],
    ids=lambda refusal: str(refusal["status"]),
)
async def test_a_refusal_is_told_with_its_status(
    telegram: Telegram,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    refused: str,
    refusal: Mapping[str, Any],
) -> None:
    checks = await examined(telegram(refused=refused, refusal=refusal), monkeypatch)
    check = checks["token" if refused == "getMe" else "webhook"]
    assert check.state == "unknown"
    assert f"answers with status {refusal['status']}" in check.found
    assert checks["clock"].state == "ok"


@pytest.mark.parametrize(
    ("proxy", "why"),
    [
        ("socks5://me:s3cret@127.0.0.1:9", "127.0.0.1:9"),
        ("socks4://127.0.0.1:9", "127.0.0.1:9"),
        ("socks5://me:s3cret@nowhere", "write socks5://host:port"),
        ("http://127.0.0.1:no", "write http://host:port"),
        ("me:s3cret@nowhere:70000", "write http://host:port"),
    ],
)
async def test_a_proxy_that_leads_nowhere_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, proxy: str, why: str
) -> None:
    env = {"TELEGRAM_API_URL": "http://telegram.invalid", "BOT_TOKEN": TOKEN, "HTTP_PROXY": proxy}
    checks = await examined(env, monkeypatch)
    assert checks["token"].state == "unknown" and why in checks["token"].found
    assert "s3cret" not in str(checks)


async def test_a_socks_proxy_without_its_package_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "bot.chat.socks", None)
    proxy = {"HTTP_PROXY": "socks5://127.0.0.1:9"}
    env = {"TELEGRAM_API_URL": "http://telegram.invalid", "BOT_TOKEN": TOKEN} | proxy
    checks = await examined(env, monkeypatch)
    assert "pip install 'tag4pic[socks]'" in checks["token"].found
