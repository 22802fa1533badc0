"""No token, password or key appears in a log line, at any level, or in what ends a start."""

import io
import json
import logging
import sys
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest
import yarl
from pydantic import SecretStr
from sqlalchemy import make_url

from bot import logs, receiving
from bot.run import StartError, serve
from bot.settings import Settings
from recommenders.engine import Engine
from tests.bot.conversation import answer, answer_hashtags
from tests.bot.log_lines import logged_at
from tests.bot.running import TOKEN, Running, Start

SECRET = TOKEN.partition(":")[2]


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything that is logged, with every logger at its most talkative."""
    with logged_at("DEBUG", [TOKEN]) as stream:
        yield stream


async def test_a_photo_is_answered_at_debug_level_without_the_token_in_the_log(
    written: io.StringIO, start: Start
) -> None:
    bot = await start()
    assert await answer_hashtags(await bot.person())
    log = written.getvalue()
    assert "POST sendMessage: 200" in log
    assert TOKEN not in log
    assert SECRET not in log


async def test_a_traceback_with_the_token_is_logged_without_it(
    written: io.StringIO, bot: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        try:
            raise ValueError(f"https://api.telegram.org/bot{TOKEN}/getMe")
        except ValueError as error:
            raise RuntimeError({"url": f"bot{TOKEN}"}) from error

    monkeypatch.setattr(Engine, "features", fails)
    assert "went wrong" in (await answer(await bot.person()))["text"]
    log = written.getvalue()
    assert "Traceback" in log
    assert "https://api.telegram.org/bot<secret>/getMe" in log
    assert SECRET not in log


def test_a_token_is_found_in_arguments_objects_and_urls(written: io.StringIO) -> None:
    log = logging.getLogger("anything")
    log.warning("%s and %r", TOKEN, {"token": TOKEN})
    log.warning("https://h/bot%s", TOKEN.replace(":", "%3A").replace("%s", "%25s"))
    log.warning("only %s", SECRET)
    assert SECRET not in written.getvalue()


@pytest.mark.parametrize("library", ["httpx", "aiobotocore.credentials", "botocore"])
def test_what_libraries_do_step_by_step_is_not_logged(written: io.StringIO, library: str) -> None:
    logging.getLogger(library).info("Found credentials in environment variables.")
    logging.getLogger(library).warning("No region.")
    assert "Found" not in written.getvalue()
    assert "No region." in written.getvalue()


@pytest.mark.parametrize(
    "password", ["p/a:s%s'w\"o\\rd", "пароль&key=1", "correct horse", "a+b%2fc"]
)
def test_passwords_of_urls_are_found_as_they_are_and_as_urls_spell_them(password: str) -> None:
    escaped = quote(password, safe="")
    database = f"postgresql://bot:{escaped}@db.example/tag4pic?sslpassword=alsosecret"
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        telegram_api_url=f"https://me:{escaped}@telegram.example:8081",
        database_url=database,
        api_key="an-api-key-of-ours",  # type: ignore[arg-type]
    )
    stream = io.StringIO()
    formatter = logs.Redacting(settings.secrets)
    basic = b64encode(f"me:{password}".encode()).decode()
    try:
        try:
            raise ValueError({"password": password, "url": settings.telegram_api_url})
        except ValueError as error:
            raise ConnectionError(f"{make_url(database)!r} {database}") from error
    except ConnectionError:
        record = logging.makeLogRecord({"msg": "%s %r %s %s", "exc_info": sys.exc_info()})
        record.args = (password, password, json.dumps({"x": password}), f"Basic {basic}")
        stream.write(formatter.format(record))
        urls = (httpx.URL(settings.telegram_api_url), yarl.URL(database), httpx.URL(database))
        record.msg, record.args = "%s %s %s %s %s", (escaped.lower(), "an-api-key-of-ours", *urls)
        stream.write(formatter.format(record))
    written = stream.getvalue()
    assert "Traceback" in written
    spelt = (password, escaped, escaped.lower(), repr(password)[1:-1], json.dumps(password)[1:-1])
    for form in (*spelt, basic, "alsosecret", "an-api-key-of-ours"):
        assert form not in written


async def test_a_start_that_fails_names_the_server_without_its_password(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "START_PATIENCE", 0.0)
    there = settings.model_copy(
        update={
            "bot_token": SecretStr(TOKEN),
            "telegram_api_url": "http://me:topsecret@127.0.0.1:9",
        }
    )
    with pytest.raises(StartError) as refused:
        await serve(there, say=lambda _: None)
    assert "127.0.0.1:9 cannot be reached" in str(refused.value)
    assert "topsecret" not in str(refused.value)
