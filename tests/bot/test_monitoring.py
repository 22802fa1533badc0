"""What machines are told of a running bot: its log lines, /metrics and /health."""

import io
import json
import logging
import socket
from collections.abc import Iterator
from time import monotonic
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.monitoring import SILENCE, monitored
from bot.run import StartError, serve
from bot.settings import Settings
from recommenders.engine import Engine
from tests.bot.conversation import answer, answer_hashtags
from tests.bot.log_lines import logged_at
from tests.bot.running import Running
from tests.colours import colour_engine, jpeg
from tests.waiting import until

SECRET = 'a-"key"\\of-everything'


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """The log, as objects."""
    with logged_at("INFO", [SECRET], as_json=True) as stream:
        yield stream


def requests_in(log: io.StringIO) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    return [line for line in lines if "outcome" in line]


async def test_each_photo_is_one_line_with_its_times_and_nothing_of_what_was_sent(
    bot: Running, written: io.StringIO
) -> None:
    ann = await bot.person()
    await ann.send_photo(jpeg("green"), caption="my secret garden")
    await ann.wait_reply()
    await answer_hashtags(ann, "green")
    await ann.send_document(b"no picture", "a.jpg")
    await ann.wait_reply()
    # An answer arrives before its line.
    await until(lambda: len(requests_in(written)) >= 3)
    new, again, unreadable = requests_in(written)
    assert (new["photos"], new["known"], new["outcome"]) == (1, False, "answered")
    assert new["backend"] == "als"
    for step in ("download_ms", "decode_ms", "features_ms", "hashtags_ms", "send_ms", "total_ms"):
        assert new[step] >= 0
    assert again["known"] and again["outcome"] == "answered"
    assert (unreadable["outcome"], unreadable["backend"]) == ("unreadable", None)
    assert len({line["chat"] for line in (new, again, unreadable)}) == 1
    log = written.getvalue()
    assert "garden" not in log and "green" not in log and "a.jpg" not in log
    assert str(ann.user["id"]) not in log


async def test_a_failure_is_counted_by_its_kind_and_its_line_names_it(
    bot: Running, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(Engine, "features", fails)
    assert "went wrong" in (await answer(await bot.person()))["text"]
    [line] = requests_in(written)
    assert (line["outcome"], line["error"]) == ("failed", "RuntimeError")
    metrics = bot.services.metrics.text().decode()
    assert 'tag4pic_failures_total{kind="RuntimeError"} 1.0' in metrics
    assert "traceback" in written.getvalue()
    assert "of-everything" not in written.getvalue()


async def test_metrics_tell_how_much_how_long_how_well_and_by_which_model(
    bot: Running, unused_tcp_port: int
) -> None:
    ann = await bot.person()
    await answer_hashtags(ann, "green")
    await answer_hashtags(ann, "green")
    url = f"http://127.0.0.1:{unused_tcp_port}"
    async with (
        monitored(bot.services, bot.inbox, unused_tcp_port, polls=True),
        ClientSession() as http,
    ):
        lines: list[str] = []
        ended = {"tag4pic_answer_seconds_count 2.0", "tag4pic_updates_waiting 0.0"}
        while not ended <= set(lines):
            async with http.get(f"{url}/metrics") as response:
                assert response.content_type == "text/plain"
                lines = (await response.text()).splitlines()
        assert 'tag4pic_requests_total{backend="als",outcome="answered"} 2.0' in lines
        assert "tag4pic_cache_hits_total 1.0" in lines
        assert 'tag4pic_step_seconds_count{step="decode"} 1.0' in lines
        assert "tag4pic_photos_waiting 0.0" in lines
        assert f'tag4pic_model_info{{version="{bot.services.engine.model}"}} 1.0' in lines
        assert any(line.startswith("process_resident_memory_bytes ") for line in lines)


async def test_health_is_503_once_the_bot_is_deaf_or_stopped(
    bot: Running, unused_tcp_port: int
) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}/health"
    async with (
        monitored(bot.services, bot.inbox, unused_tcp_port, polls=True),
        ClientSession() as http,
    ):
        async with http.get(url) as response:
            assert (response.status, (await response.json())["status"]) == (200, "ok")
        bot.services.metrics.asked_at = monotonic() - 2 * SILENCE
        async with http.get(url) as response:
            assert response.status == 503
            assert (await response.json())["wrong"] == ["Telegram does not tell of updates"]
        await bot.inbox.stop()
        async with http.get(url) as response:
            assert "no updates are handled" in (await response.json())["wrong"]


async def test_without_a_port_nothing_listens_and_a_taken_one_is_a_sentence(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engine, "load", lambda *_: colour_engine())
    assert settings.metrics_port is None
    said = list[str]()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            StartError, match=rf"METRICS_PORT {port} cannot be used \(Addr[^:]*use\): "
        ):
            await serve(settings.model_copy(update={"metrics_port": port}), 0, said.append)
    assert not any("Ctrl-C" in line for line in said)  # it is announced when all of it is up


def test_the_readable_line_says_the_same() -> None:
    with logged_at("INFO") as stream:
        logging.getLogger("bot").info("hello", extra={"fields": {"chat": "x"}})
    assert stream.getvalue().endswith("INFO bot: hello\n")
