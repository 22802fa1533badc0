"""The local server is for this machine's own person and bot only."""

import asyncio
import json
import logging
from typing import Any

import aiohttp
import pytest

from bot.local import LocalServer
from bot.local.person import NotSentError, Person

TOKEN = "4242:a-secret-token"


async def answer(
    server: LocalServer, method: str, path: str, **request: Any
) -> tuple[int, str, Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, server.url + path, **request) as response,
    ):
        return response.status, await response.text(), response.headers


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
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode()
    )
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
    status, _, headers = await answer(server, "GET", sent["document"]["url"])
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
        {"chat": 5, "user": 6},
        {"chat": -5, "chat_type": "private"},
        {"chat": 5, "chat_type": "group"},
        {"chat": 5, "chat_type": "channel"},
    ],
)
async def test_a_chat_that_cannot_be_is_refused_in_words(
    server: LocalServer, who: dict[str, Any]
) -> None:
    with pytest.raises(NotSentError):
        async with Person(server.url, **who):
            pass


async def test_broken_requests_of_a_page_are_refused_in_words(
    server: LocalServer, ann: Person
) -> None:
    for path, request in (
        ("/chat/press", {"data": b"{"}),
        ("/chat/press", {"json": []}),
        ("/chat/press", {"json": {"message_id": "x", "row": 0, "column": 0}}),
        ("/chat/press", {"json": {"message_id": 999, "row": 0, "column": 0}}),
        ("/chat/send", {"data": {"chat": "abc", "text": "x"}}),
        ("/chat/send", {"data": {"text": "x", "reply_to": "999"}}),
        ("/chat/reset", {"data": b""}),
    ):
        status, text, _ = await answer(server, "POST", path, **request)
        assert status == 400
        assert json.loads(text)["error"]
