"""Somebody who asks the HTTP server."""

import json
from collections.abc import Callable
from typing import Any

import aiohttp

from bot.http.server import HttpServer
from tests.colours import ColourNetwork


class Client:
    """Asks a server, and reads its answers as JSON.

    Attributes:
        network: the toy network that the server's engine sees with.
    """

    def __init__(self, server: HttpServer, session: aiohttp.ClientSession) -> None:
        self.server = server
        self.network = ColourNetwork()
        self._session = session

    async def __call__(
        self, path: str, method: str = "GET", **request: Any
    ) -> tuple[int, Any, Any]:
        """Status, body and headers."""
        url = self.server.url + path
        async with self._session.request(method, url, **request) as response:
            return response.status, json.loads(await response.read()), response.headers

    async def post(self, *photos: bytes, path: str = "/v1/hashtags", **fields: str) -> Any:
        """The answer to a form, whatever its status; photos are called 1.jpg, 2.jpg, …"""
        form = aiohttp.FormData()
        for number, photo in enumerate(photos, 1):
            form.add_field("photo", photo, filename=f"{number}.jpg")
        for name, value in fields.items():
            form.add_field(name, value)
        return (await self(path, "POST", data=form))[1]


Serve = Callable[..., Any]
"""Starts a server and gives its client; takes a key, an engine and limits."""
