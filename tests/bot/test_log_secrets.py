"""The token appears in no log line, at any level."""

import io
import logging
from collections.abc import Iterator

import pytest

from bot import logs
from recommenders.engine import Engine
from tests.bot.conversation import answer, answer_hashtags
from tests.bot.running import TOKEN, Running, Start

SECRET = TOKEN.partition(":")[2]


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything that is logged, with every logger at its most talkative."""
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    stream = io.StringIO()
    logs.set_up("DEBUG", [TOKEN], stream)
    for name in logs.QUIET:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield stream
    for name in logs.QUIET:
        logging.getLogger(name).setLevel(logging.NOTSET)
    root.setLevel(before[0])
    root.handlers[:] = before[1]


async def test_a_photo_is_answered_at_debug_level_without_the_token_in_the_log(
    written: io.StringIO, start: Start
) -> None:
    bot = await start()
    assert await answer_hashtags(await bot.person())
    log = written.getvalue()
    assert "/bot<secret>/sendMessage" in log
    assert "HTTP Request: POST" in log
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


def test_requests_are_not_logged_at_info(written: io.StringIO) -> None:
    logs.set_up("INFO", [TOKEN], written)
    logging.getLogger("httpx").info("HTTP Request: POST …")
    assert "HTTP Request" not in written.getvalue()
