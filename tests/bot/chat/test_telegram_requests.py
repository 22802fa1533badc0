"""Requests to Telegram: what is read of answers, which way they go, what their errors tell."""

import asyncio
import socket
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from telegram import InputFile
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import RequestData
from telegram.request._requestparameter import RequestParameter

from bot.chat import telegram_requests
from bot.chat.telegram_requests import NOT_SENT, TelegramRequests, TooLargeError
from bot.local import files, limits
from recommenders.photos import MAX_BYTES
from tests.bot.conversation import answer_hashtags
from tests.bot.running import Running

TOKEN = "424242:a-token"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[[Handler], Awaitable[str]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts a server that answers everything by a function; gives the address of a method."""
    servers = []

    async def serving(handler: Handler) -> str:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", handler)
        server = TestServer(application)
        await server.start_server()
        servers.append(server)
        return f"http://127.0.0.1:{server.port}/bot{TOKEN}/sendMessage"

    yield serving
    for server in servers:
        await server.close()


class SocksProxy:
    """A SOCKS5 proxy (RFC 1928, 1929) to this machine's ports, whatever host it is asked for.

    Attributes:
        asked: of each connection the user, the password, the host and the port.
        refuses: whether it opens no connection.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[bytes, bytes, bytes, int]] = []
        self.refuses = False
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def text() -> bytes:
            return await reader.readexactly((await reader.readexactly(1))[0])

        await reader.readexactly(1)  # the version
        await text()  # the ways to log in
        writer.write(b"\5\2")  # by name and password
        await reader.readexactly(1)
        user, password = await text(), await text()
        writer.write(b"\1\0")
        await reader.readexactly(4)  # version, connect, reserved, a name comes
        host, port = await text(), int.from_bytes(await reader.readexactly(2))
        self.asked.append((user, password, host, port))
        writer.write((b"\5\5" if self.refuses else b"\5\0") + b"\0\1" + bytes(6))
        if self.refuses:
            writer.close()
            return
        back, onward = await asyncio.open_connection("127.0.0.1", port)

        async def pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
            while data := await source.read(1 << 16):
                target.write(data)
            target.close()

        await asyncio.gather(pass_on(reader, onward), pass_on(back, writer))


@pytest.fixture
async def socks_proxy() -> AsyncIterator[SocksProxy]:
    proxy = SocksProxy()
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    yield proxy
    server.close()


def requests(*, read_timeout: float = 20.0, proxied: bool = True) -> TelegramRequests:
    return TelegramRequests(connections=2, read_timeout=read_timeout, proxied=proxied)


def parameters(**values: object) -> RequestData:
    return RequestData([RequestParameter.from_input(*pair) for pair in values.items()])


async def ok(_: web.Request) -> web.Response:
    return web.json_response({"ok": True, "result": True})


async def test_no_more_is_read_than_may_be(serve: Serve) -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(bytes(2**20))
            sent += 2**20

    url = await serve(endless)
    async with requests() as telegram:
        with pytest.raises(NetworkError) as failed:
            await telegram.retrieve(url)
    assert isinstance(failed.value.__cause__, TooLargeError)
    assert sent <= MAX_BYTES + 16 * 2**20  # what the sockets hold


async def test_a_server_that_gives_more_than_it_said_gets_the_sentence_about_size(
    bot: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (files, limits):
        monkeypatch.setattr(module, "MAX_DOWNLOAD", 64 * 2**20)
    as_object = files.StoredFile.as_object
    monkeypatch.setattr(
        files.StoredFile, "as_object", lambda file: as_object(file) | {"file_size": 5}
    )
    ann = await bot.person()
    await ann.send_document(b"\xff\xd8" + bytes(21 * 2**20), "photo.jpg", mime_type="image/jpeg")
    assert "over 20 MB" in (await ann.wait_reply())["text"]
    assert (await answer_hashtags(ann, "blue"))[0] == "#blue1"


async def test_texts_and_files_arrive_as_they_were_sent(serve: Serve) -> None:
    came: list[dict[str, object]] = []

    async def note(request: web.Request) -> web.Response:
        form = await request.post()
        came.append(
            {
                name: (value.filename, value.content_type, value.file.read())
                if isinstance(value, web.FileField)
                else value
                for name, value in form.items()
            }
        )
        return await ok(request)

    url = await serve(note)
    text = "a&b=c %41 + ё 🐕\n"
    async with requests() as telegram:
        assert await telegram.post(url, parameters(chat_id=-5, text=text)) is True
        document = InputFile(b"\0\r\n--x", filename="tags.json", attach=False)
        await telegram.post(url, parameters(document=document, caption=text))
    assert came == [
        {"chat_id": "-5", "text": text},
        {"caption": text, "document": ("tags.json", "application/json", b"\0\r\n--x")},
    ]


async def test_nothing_of_a_response_that_is_no_json_is_logged(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    async def cut_off(_: web.Request) -> web.Response:
        return web.Response(body=b'{"ok": true, "result": [{"text": "private')

    async with requests() as telegram:
        with pytest.raises(TelegramError):
            await telegram.post(await serve(cut_off))
    assert "private" not in caplog.text


async def test_requests_go_through_the_proxy_of_the_environment_but_for_what_it_excepts(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    came: list[tuple[str, str | None]] = []

    async def note(request: web.Request) -> web.Response:
        came.append((request.raw_path, request.headers.get("Proxy-Authorization")))
        return await ok(request)

    proxy = (await serve(note)).partition("/bot")[0]
    monkeypatch.setenv("ALL_PROXY", proxy.replace("//", "//me:p%40ss@"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with requests() as telegram:
        await telegram.post("http://telegram.invalid/bot/getMe")
        await telegram.post(await serve(ok))
        async with requests(proxied=False) as direct:
            with pytest.raises(NetworkError):
                await direct.post("http://telegram.invalid/bot/getMe")
    basic = "Basic " + b64encode(b"me:p@ss").decode()
    assert came == [("http://telegram.invalid/bot/getMe", basic)]


async def test_requests_go_through_a_socks_proxy_which_looks_names_up(
    serve: Serve, socks_proxy: SocksProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = urlsplit(await serve(ok))
    monkeypatch.setenv("HTTP_PROXY", f"socks5h://me:p%40ss@127.0.0.1:{socks_proxy.port}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with requests() as telegram:
        assert await telegram.post(f"http://telegram.invalid:{url.port}{url.path}") is True
        await telegram.post(url.geturl())
    assert socks_proxy.asked == [(b"me", b"p@ss", b"telegram.invalid", url.port)]


async def test_what_a_socks_proxy_does_not_take_was_not_sent(
    socks_proxy: SocksProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    socks_proxy.refuses = True
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        for port in (socks_proxy.port, free.getsockname()[1]):
            monkeypatch.setenv("HTTPS_PROXY", f"socks5://me:p%40ss@127.0.0.1:{port}")
            async with requests() as telegram:
                with pytest.raises(NetworkError, match="no connection to telegram") as failed:
                    await telegram.post(f"https://telegram.invalid/bot{TOKEN}/getMe")
            assert isinstance(failed.value.__cause__, NOT_SENT)
            assert "p@ss" not in str(failed.value)


async def test_a_socks_proxy_without_a_port_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://me:secret@telegram.invalid")
    async with requests() as telegram:
        with pytest.raises(NetworkError, match="write socks5://host:port") as refused:
            await telegram.post("https://telegram.invalid/bot/getMe")
    assert "secret" not in str(refused.value)


async def test_another_kind_of_proxy_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "quic://me:secret@127.0.0.1:9")
    async with requests() as telegram:
        with pytest.raises(NetworkError, match="neither for HTTP nor for SOCKS"):
            await telegram.post("https://telegram.invalid/bot/getMe")


async def test_errors_tell_whether_telegram_may_have_got_it_and_never_the_token(
    serve: Serve,
) -> None:
    async def drops(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async def silent(_: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}/bot{TOKEN}/sendMessage"
    for url, not_sent, kind in (
        (nobody, True, NetworkError),
        (await serve(drops), False, NetworkError),
        (await serve(silent), False, TimedOut),
    ):
        async with requests(read_timeout=0.2, proxied=False) as telegram:
            with pytest.raises(kind) as failed:
                await telegram.post(url, parameters(text="x"))
        assert isinstance(failed.value.__cause__, NOT_SENT) is not_sent
        assert "a-token" not in str(failed.value)


async def test_a_request_that_gets_no_connection_in_time_was_not_sent(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    both_came = asyncio.Barrier(3)

    async def silent(_: web.Request) -> web.Response:
        await both_came.wait()
        await asyncio.Event().wait()
        return web.Response()

    url = await serve(silent)
    async with requests() as telegram:
        others = [asyncio.create_task(telegram.post(url)) for _ in range(2)]
        await both_came.wait()
        monkeypatch.setattr(telegram_requests, "POOL_TIMEOUT", 0.01)
        monkeypatch.setattr(telegram_requests, "CONNECT_TIMEOUT", 0.01)
        with pytest.raises(TimedOut) as failed:
            await telegram.post(url)
        for one in others:
            one.cancel()
        await asyncio.wait(others)
    assert isinstance(failed.value.__cause__, NOT_SENT)
    assert "a-token" not in str(failed.value)


async def test_a_redirection_is_not_followed(serve: Serve) -> None:
    elsewhere = await serve(ok)

    async def redirect(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": elsewhere})

    async with requests() as telegram:
        with pytest.raises(NetworkError, match="302"):
            await telegram.post(await serve(redirect))
