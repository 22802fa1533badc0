"""Who may ask, how many at once, and how long the server waits for them."""

import asyncio
import gc
import json
import re
import signal
import socket
import sys
import urllib.request
import weakref
from functools import partial
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import pytest
from http_client import Client, Serve
from typer.testing import CliRunner

from bot.cli.main import app
from bot.http.fields import MAX_TEXT
from bot.http.limits import Limits
from bot.http.listening import ServeError, listen_on
from bot.http.work import Work
from recommenders.decoding_process import DecodingProcesses
from recommenders.machine import photos_at_once
from tests.bot.log_lines import logged_at
from tests.bundles import tiny_bundle
from tests.colours import Pause, jpeg
from tests.recommenders.pictures import endless_jpeg
from tests.started import started

KEY = "a-key-of-24-letters-0815"


async def raw(client: Client, *lines: str) -> bytes:
    """All that a server answers to these lines, until it closes the connection."""
    place = urlsplit(client.server.url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    writer.write("\r\n".join(lines).replace("HOST", place.netloc).encode())
    answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1:1"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": "http://a]b"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_without_a_key_only_its_own_address_and_page_are_answered(
    ask: Client, headers: dict[str, str]
) -> None:
    status, answer, _ = await ask("/v1/hashtags", "POST", data=jpeg(), headers=headers)
    assert status == 403
    assert answer["reason"] in ("host", "site")
    assert ask.network.photos == 0


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Bearer клюЧ", "Basic " + KEY])
@pytest.mark.parametrize("path", ["/v1/hashtags", "/v1/similar?tag=red1", "/%761/categories"])
async def test_where_a_key_is_set_nothing_is_answered_without_it(
    serve: Serve, path: str, header: str | None
) -> None:
    ask = await serve(key=KEY)
    request: dict[str, Any] = {"headers": {"Authorization": header}} if header else {}
    method = "POST" if "hashtags" in path else "GET"
    status, answer, headers = await ask(path, method, **request)
    assert (status, answer["reason"]) == (401, "key")
    assert headers["WWW-Authenticate"] == "Bearer"
    assert KEY not in str(answer)


@pytest.mark.parametrize("headers", [{"Authorization": f"Bearer {KEY}"}, {"X-API-Key": KEY}])
async def test_the_key_opens_the_server_under_any_name(
    serve: Serve, headers: dict[str, str]
) -> None:
    ask = await serve(key=KEY)
    photo = jpeg("blue")
    headers = {**headers, "Host": "tags.example"}
    status, answer, _ = await ask("/v1/hashtags", "POST", data=photo, headers=headers)
    assert status == 200
    assert answer["hashtags"]


async def test_monitors_may_ask_for_the_head_alone(serve: Serve) -> None:
    ask = await serve()
    answer = await raw(ask, "HEAD /health HTTP/1.1", "Host: HOST", "Connection: close", "", "")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\n")


async def test_health_needs_no_key_and_names_the_model(serve: Serve) -> None:
    ask = await serve(key=KEY)
    status, answer, _ = await ask("/health")
    assert status == 200
    assert (answer["status"], answer["model"]) == ("ok", "colours-1")
    assert answer["uptime_s"] >= 0


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "192.168.1.5:0", "example.org:0"])
def test_beyond_this_machine_a_key_is_required(address: str) -> None:
    with pytest.raises(ServeError, match="Set API_KEY"):
        listen_on(address)


def test_with_a_key_any_address_may_be_listened_on() -> None:
    with listen_on("0.0.0.0:0", KEY) as listening:
        assert listening.getsockname()[0] == "0.0.0.0"


@pytest.mark.parametrize(
    "address",
    [
        *("8090", ":8090", "localhost", "127.0.0.1:99999", "::1:8090", "a b:1", "u@[::1]:1"),
        *("a..b:0", f"{'a' * 70}:0"),
    ],
)
def test_what_is_no_address_is_refused_with_an_example(address: str) -> None:
    with pytest.raises(ServeError, match=r"such as 127\.0\.0\.1:8090|cannot be used"):
        listen_on(address, KEY)


def test_a_port_that_is_taken_is_one_line_before_the_model_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MODEL_DIR", "nowhere")  # loading it would be another error
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        result = CliRunner().invoke(app, ["serve", "--listen", address])
    assert result.exit_code == 1
    [line] = result.stderr.splitlines()
    assert line.startswith(f"Error: {address} cannot be used (")
    assert "tag4pic serve --listen 127.0.0.1:8090" in line


async def test_a_body_that_is_too_large_is_refused_before_it_is_sent(serve: Serve) -> None:
    ask = await serve(lingering=0.1)
    answer = await raw(
        ask,
        *("POST /v1/hashtags HTTP/1.1", "Host: HOST", "Expect: 100-continue"),
        *("Content-Length: 524288000", "Connection: close", "", "first bytes"),
    )
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"At most 20 MB can be sent in one request." in answer


async def test_a_client_that_waits_to_be_told_is_told_when_its_photo_is_wanted(ask: Client) -> None:
    photo = jpeg("red").decode("latin-1")
    place = urlsplit(ask.server.url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    head = f"POST /v1/hashtags HTTP/1.1\r\nHost: {place.netloc}\r\nExpect: 100-continue\r\n"
    writer.write(f"{head}Content-Length: {len(photo)}\r\nConnection: close\r\n\r\n".encode())
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(photo.encode("latin-1"))
    assert (await reader.read()).startswith(b"HTTP/1.1 200 OK")
    writer.close()


@pytest.mark.parametrize("letter", ["я", "日", "🌅"])
async def test_a_caption_of_any_script_may_be_as_long_in_the_query_as_in_a_form(
    ask: Client, letter: str
) -> None:
    query = {"caption": letter * MAX_TEXT, "count": "3"}
    status, answer, _ = await ask("/v1/hashtags", "POST", data=jpeg(), params=query)
    assert (status, len(answer["hashtags"])) == (200, 3), answer


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([f"GET /v1/similar?tag={'secret' * 9000} HTTP/1.1", "Host: HOST"], "too long"),
        (["GET /health HTTP/1.1", "Host: HOST", f"X-Mine: {'secret' * 9000}"], "too long"),
        (
            ["POST /v1/hashtags?caption=secret HTTP/1.1", "Content-Length: -5"],
            "not a valid HTTP request",
        ),
        (["secret", "Host: HOST"], "not a valid HTTP request"),
        (["\x16\x03\x01secret"], "not a valid HTTP request"),
    ],
)
async def test_what_is_no_request_is_refused_as_json_and_not_repeated_in_the_log(
    ask: Client, lines: list[str], sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    head, _, body = (await raw(ask, *lines, "", "")).partition(b"\r\n\r\n")
    assert head.split()[1] == b"400" and b"application/json" in head
    assert json.loads(body)["reason"] == "request"
    assert sentence in json.loads(body)["error"]
    [record] = [record for record in caplog.records if record.levelname == "WARNING"]
    assert "secret" not in caplog.text + body.decode() and not record.exc_info


@pytest.mark.parametrize(
    "name",
    [
        "filename=my secret name.jpg",
        "filename*=secret name.jpg",
        'filename="secret";filename="name"',
    ],
)
async def test_no_name_of_a_file_is_logged(ask: Client, name: str) -> None:
    with logged_at("INFO") as written:
        await ask(
            "/v1/hashtags",
            "POST",
            headers={"Content-Type": "multipart/form-data; boundary=B"},
            data="--B\r\nContent-Disposition: form-data; "
            f'name="photo"; {name}\r\n\r\n\r\n--B--\r\n',
        )
    assert "secret" not in written.getvalue()


@pytest.mark.parametrize("begun", ["", "GET /health HTTP/1.1\r\nHost: HO"])
async def test_a_client_that_sends_no_request_is_let_go(serve: Serve, begun: str) -> None:
    ask = await serve(head=0.1)
    assert await raw(ask, begun) == b""


async def test_a_body_that_comes_too_slowly_is_refused(serve: Serve) -> None:
    ask = await serve(first_byte=0.1, lingering=0.1)
    answer = await raw(
        ask,
        *("POST /v1/hashtags HTTP/1.1", "Host: HOST", "Content-Length: 1000"),
        *("Connection: close", "", "a few bytes"),
    )
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"The body came too slowly." in answer


async def test_photos_beyond_those_that_may_wait_are_refused_and_the_others_answered(
    serve: Serve,
) -> None:
    ask = await serve(waiting=2)
    ask.network.before_photo = pause = Pause()
    answered = asyncio.create_task(ask.post(jpeg(), jpeg("blue")))
    await pause.reached()
    status, answer, headers = await ask("/v1/hashtags", "POST", data=jpeg())
    assert status == 503
    assert answer["reason"] == "busy"
    assert int(headers["Retry-After"]) > 0
    pause.end()
    assert all(answer["hashtags"] for answer in await answered)
    assert (await ask("/v1/hashtags", "POST", data=jpeg()))[0] == 200


async def test_who_is_refused_is_told_to_come_back_by_how_long_photos_take(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.http.work.perf_counter", count(step=1000).__next__)
    ask = await serve(waiting=1)
    await ask.post(jpeg())
    ask.network.before_photo = pause = Pause()
    answered = asyncio.create_task(ask.post(jpeg()))
    await pause.reached()
    _, _, headers = await ask("/v1/hashtags", "POST", data=jpeg("blue"))
    pause.end()
    await answered
    assert int(headers["Retry-After"]) > 20


async def test_photos_that_would_take_too_much_memory_together_are_refused(serve: Serve) -> None:
    photo = jpeg()
    ask = await serve(held=len(photo))
    assert (await ask.post(photo, photo))["reason"] == "busy"
    assert (await ask.post(photo))["hashtags"]  # the room is free again


async def test_connections_beyond_those_that_there_may_be_are_told_so(serve: Serve) -> None:
    ask = await serve(connections=1)
    place = urlsplit(ask.server.url)
    _, writer = await asyncio.open_connection(place.hostname, place.port)
    answer = await raw(ask, "GET /health HTTP/1.1", "Host: HOST", "", "")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After: " in head
    assert json.loads(body)["reason"] == "busy"
    writer.close()


async def test_connections_that_come_at_once_are_counted_one_by_one(serve: Serve) -> None:
    ask = await serve(connections=2)
    place = urlsplit(ask.server.url)
    # Without letting the server run in between.
    many = [socket.create_connection((place.hostname, place.port)) for _ in range(6)]
    assert all([await _is_answered_unasked(one, within=60) for one in many[2:]])
    assert not any([await _is_answered_unasked(one, within=0.1) for one in many[:2]])
    for one in many:
        one.close()


async def _is_answered_unasked(connection: socket.socket, within: float) -> bool:
    connection.settimeout(within)
    try:
        return (await asyncio.to_thread(connection.recv, 100)).startswith(b"HTTP/1.1 503 ")
    except TimeoutError:
        return False


async def test_photos_whose_clients_have_gone_are_not_kept() -> None:
    work, ends = Work(Limits()), Event()
    photos = [type("Photo", (), {})() for _ in range(photos_at_once() + 6)]
    waiting = weakref.WeakSet(photos)
    requests = [asyncio.create_task(work.run([partial(_until, ends, one)])) for one in photos]
    await asyncio.sleep(0.05)
    for request in requests:
        request.cancel()
    await asyncio.wait(requests)
    photos.clear()
    del request, requests
    gc.collect()
    assert len(waiting) <= photos_at_once()
    ends.set()
    assert await work.run([partial(len, "abc")]) == [3]
    work.stop()


def _until(ends: Event, photo: object) -> None:
    ends.wait(60)


async def test_a_photo_that_is_being_answered_is_answered_before_the_server_stops(
    serve: Serve,
) -> None:
    ask = await serve()
    ask.network.before_photo = pause = Pause()
    answer = asyncio.create_task(ask("/v1/hashtags", "POST", data=jpeg()))
    await pause.reached()
    stopping = asyncio.create_task(ask.server.stop())
    await asyncio.sleep(0)
    pause.end()
    assert (await answer)[0] == 200
    await stopping
    with pytest.raises(OSError):
        await ask("/health")


def test_serve_prints_its_address_asks_for_the_key_and_stops_on_sigterm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_DIR", str(tiny_bundle(tmp_path / "bundle")))
    monkeypatch.setenv("API_KEY", KEY)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    with started(
        [sys.executable, "-P", "-m", "bot.cli", "serve", "--listen", "0.0.0.0:0"],
        cwd=tmp_path,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        address = re.search(r"http://0\.0\.0\.0:\d+", process.stdout.readline())
        assert address is not None
        url = address[0].replace("0.0.0.0", "127.0.0.1")
        with urllib.request.urlopen(f"{url}/health") as health:
            assert json.load(health)["model"] == "tiny-1"
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"{url}/v1/categories")
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0
        assert "Traceback" not in process.stderr.read()


async def test_a_file_that_would_keep_the_server_busy_is_refused_and_others_are_answered_meanwhile(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recommenders.machine.cores", lambda: 2)
    monkeypatch.setattr("bot.http.server.DecodingProcesses", partial(DecodingProcesses, seconds=2))
    ask = await serve()
    endless = asyncio.create_task(ask("/v1/hashtags", "POST", data=endless_jpeg()))
    await asyncio.sleep(0.5)
    assert (await ask.post(jpeg("green")))["hashtags"]
    assert not endless.done()
    status, refused, _ = await endless
    assert (status, refused["reason"]) == (422, "truncated")
    assert (await ask.post(jpeg("green")))["hashtags"]
