"""The local server is for this machine's own person and bot only."""

import asyncio
import json
import logging
import os
import sys
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
import pytest

from bot.local import LocalServer
from tests.person import NotSentError, Person

TOKEN = "4242:a-secret-token"
PAGE_PATHS = ("/", "/page/chat.js", "/chat/events", "/chat/files/x")


def cookie_of(server: LocalServer) -> dict[str, str]:
    """What a browser keeps once it has opened the page's address."""
    return {f"tag4pic_{urlsplit(server.url).port}": server.key}


async def answer(
    server: LocalServer, method: str, path: str, **request: Any
) -> tuple[int, str, Any]:
    """Status, text and headers of a request from the page, or with other ``cookies``."""
    request.setdefault("cookies", cookie_of(server))
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, server.url + path, **request) as response,
    ):
        return response.status, await response.text(), response.headers


@pytest.mark.parametrize("path", PAGE_PATHS)
async def test_without_the_key_nothing_can_be_read(server: LocalServer, path: str) -> None:
    status, text, _ = await answer(server, "GET", path, cookies={})
    assert status == 403
    assert "the address that `tag4pic run` printed" in text


@pytest.mark.parametrize("path", ["/chat/send", "/chat/press", "/chat/reset"])
async def test_without_the_key_nothing_can_be_done(
    server: LocalServer, ann: Person, path: str
) -> None:
    await ann.send_text("before")
    body = {"chat": "1000", "text": "from another account"}
    status, _, _ = await answer(server, "POST", path, data=body, cookies={})
    assert status == 403
    assert [m["text"] for m in server.state.chats[1000].messages.values()] == ["before"]


@pytest.mark.parametrize("key", ["", "wrong", "клюЧ"])
@pytest.mark.parametrize("path", PAGE_PATHS)
async def test_a_wrong_key_is_none(server: LocalServer, path: str, key: str) -> None:
    name = next(iter(cookie_of(server)))
    wrong = {"cookies": {name: quote(key)}, "params": {"key": key}}
    status, _, headers = await answer(server, "GET", path, **wrong)
    assert status == 403
    assert "Set-Cookie" not in headers


async def test_the_key_opens_the_page_only(server: LocalServer) -> None:
    status, _, _ = await answer(server, "GET", f"/chat/events?key={server.key}", cookies={})
    assert status == 403


async def test_the_address_with_the_key_gives_a_cookie_that_stays_on_this_site(
    server: LocalServer,
) -> None:
    path = server.page_url.removeprefix(server.url)
    status, _, headers = await answer(server, "GET", path, cookies={})
    assert status == 200
    cookie = SimpleCookie(headers["Set-Cookie"])
    ((name, morsel),) = cookie.items()
    assert {name: morsel.value} == cookie_of(server)
    assert (morsel["samesite"], morsel["path"], morsel["domain"]) == ("Strict", "/", "")
    assert morsel["httponly"]


async def test_every_server_has_a_key_of_its_own(server: LocalServer) -> None:
    assert len(server.key) > 20
    assert LocalServer(TOKEN).key != server.key


async def test_the_page_is_found_where_the_project_lies_behind_a_symbolic_link(
    tmp_path: Path,
) -> None:
    project = Path(__file__).parents[3]
    (tmp_path / "linked").symlink_to(project, target_is_directory=True)
    script = (
        "import asyncio, urllib.request\n"
        "from bot.local import LocalServer\n"
        "async def main():\n"
        "    server = LocalServer('1:x')\n"
        "    await server.start(port=0)\n"
        "    page = await asyncio.to_thread(urllib.request.urlopen, server.page_url)\n"
        "    print(LocalServer.start.__code__.co_filename, page.status)\n"
        "    await server.stop()\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-c", script),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "linked")},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    file, status = output.decode().split()
    assert Path(file).is_relative_to(tmp_path / "linked")
    assert status == "200"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "8.8.8.8"])
async def test_it_listens_on_loopback_only(host: str) -> None:
    with pytest.raises(ValueError, match="other machines"):
        await LocalServer(TOKEN).start(host, 0)


async def test_a_taken_port_is_an_error_that_can_be_told(server: LocalServer) -> None:
    port = int(server.url.rpartition(":")[2])
    with pytest.raises(OSError):
        await LocalServer(TOKEN).start(port=port)


@pytest.mark.parametrize(
    "path", ["/", "/chat/events", f"/bot{TOKEN}/getMe", "/page/index.html", "/chat/files/x"]
)
async def test_another_host_name_gets_nothing(server: LocalServer, path: str) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "127.0.0.1:1"):
        status, text, _ = await answer(server, "GET", path, headers={"Host": host})
        assert status == 403
        assert "4242" not in text


async def test_localhost_is_the_same_machine(server: LocalServer) -> None:
    port = server.url.rpartition(":")[2]
    headers = {"Host": f"localhost:{port}", "Origin": f"http://localhost:{port}"}
    body = {"chat": "1000", "text": "hello"}
    status, _, _ = await answer(server, "POST", "/chat/send", headers=headers, data=body)
    assert status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/chat/send", "/chat/press", "/chat/reset"])
async def test_a_page_of_another_site_cannot_act_for_the_person(
    server: LocalServer, ann: Person, path: str, headers: dict[str, str]
) -> None:
    await ann.send_text("before")
    body = {"chat": "1000", "text": "from elsewhere"}
    status, _, _ = await answer(server, "POST", path, headers=headers, data=body)
    assert status == 403
    assert [m["text"] for m in server.state.chats[1000].messages.values()] == ["before"]


@pytest.mark.parametrize(
    "path",
    ["/page/../server.py", "/page/%2e%2e/server.py", "/page/..%2fserver.py", "/page//etc/passwd"],
)
async def test_only_the_pages_own_files_are_served(server: LocalServer, path: str) -> None:
    host, _, port = server.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    ((name, key),) = cookie_of(server).items()
    lines = (f"GET {path} HTTP/1.1", f"Host: {host}:{port}", f"Cookie: {name}={key}")
    writer.write("\r\n".join((*lines, "Connection: close", "", "")).encode())
    response = await reader.read()
    writer.close()
    assert response.startswith(b"HTTP/1.1 404")
    assert b"LocalServer" not in response


async def test_the_page_may_load_nothing_from_elsewhere(server: LocalServer) -> None:
    status, _, headers = await answer(server, "GET", "/")
    assert status == 200
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy and "http" not in policy and "*" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "mime_type"),
    [("page.html", "text/html"), ("picture.svg", "image/svg+xml"), ("a.js", "text/javascript")],
)
async def test_a_sent_file_cannot_run_in_the_page(
    server: LocalServer, ann: Person, name: str, mime_type: str
) -> None:
    sent = await ann.send_document(b"<script>alert(1)</script>", name, mime_type=mime_type)
    path = f"/chat/files/{sent['document']['file_unique_id']}"
    status, _, headers = await answer(server, "GET", path)
    assert status == 200
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"] == "attachment"
    assert "sandbox" in headers["Content-Security-Policy"]


async def test_the_token_is_in_no_log_line_even_when_a_method_breaks(
    server: LocalServer, ann: Person, caplog: pytest.LogCaptureFixture, monkeypatch: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(server.state, "post", None)
    body = {"chat_id": 1000, "text": "x"}
    status, text, _ = await answer(server, "POST", f"/bot{TOKEN}/sendMessage", json=body)
    assert (status, json.loads(text)["description"]) == (500, "Internal Server Error")
    await answer(server, "GET", f"/bot{TOKEN}/getMe")
    await answer(server, "GET", f"/file/bot{TOKEN}/photos/none.jpg")
    assert "sendMessage failed" in caplog.text
    assert "a-secret-token" not in caplog.text


@pytest.mark.parametrize(
    "who",
    [
        {"chat": 0},
        {"chat": 2**52},
        {"chat": 5, "user": 6},
        {"chat": -5, "user": -5},
    ],
)
async def test_a_chat_that_cannot_be_is_refused_in_words(
    server: LocalServer, who: dict[str, Any]
) -> None:
    with pytest.raises(NotSentError):
        async with Person(server.page_url, **who):
            pass


@pytest.mark.parametrize(
    ("path", "request_"),
    [
        ("/chat/press", {"data": b"{"}),
        ("/chat/press", {"json": []}),
        ("/chat/press", {"data": b"[" * 200_000}),
        ("/chat/press", {"data": b'{"message_id": 1e400, "row": 0, "column": 0}'}),
        ("/chat/press", {"json": {"message_id": "x", "row": 0, "column": 0}}),
        ("/chat/press", {"json": {"message_id": 999, "row": 0, "column": 0}}),
        ("/chat/send", {"data": {"chat": "abc", "text": "x"}}),
        ("/chat/send", {"data": {"text": "x", "reply_to": "999"}}),
        ("/chat/reset", {"data": b""}),
    ],
)
async def test_broken_requests_of_a_page_are_refused_in_words(
    server: LocalServer,
    ann: Person,
    path: str,
    request_: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    status, text, _ = await answer(server, "POST", path, **request_)
    assert status == 400
    assert json.loads(text)["error"]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
