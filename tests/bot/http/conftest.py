"""The HTTP server on a real port, with the toy network behind it."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest
from http_client import Client, Serve

from bot.http.limits import Limits
from bot.http.listening import listen_on
from bot.http.server import HttpServer
from recommenders.engine import Engine
from tests.colours import ColourNetwork, colour_bundle, colour_engine


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """Commands that are run here send the log to a stream that is closed after them."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts a server: await serve(key="…", engine=…, photos=2), of which the last is a limit."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())

        async def starting(
            key: str | None = None, engine: Engine | None = None, **limits: Any
        ) -> Client:
            network = ColourNetwork()
            engine = engine or colour_engine(colour_bundle(knowledge=True), network)
            server = HttpServer(engine, key, Limits(**limits))
            stack.push_async_callback(server.stop)
            await server.start(listen_on("127.0.0.1:0"))
            client = Client(server, session)
            client.network = network
            return client

        yield starting


@pytest.fixture
async def ask(serve: Serve) -> Client:
    """A server without a key."""
    client: Client = await serve()
    return client
