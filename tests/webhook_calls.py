"""What Telegram does of a webhook: calls it with each update, a chat's in order, until it is taken.

The local server of the chat only answers who asks for updates; here they are pushed.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.local.methods import METHODS
from bot.local.server import LocalServer
from bot.local.state import State
from bot.webhook import SECRET_HEADER


async def _set_webhook(
    state: State, url: str = "", secret_token: str = "", allowed_updates: Any = None
) -> bool:
    return True


Where = Callable[[dict[str, Any]], Sequence[str]]


class Calls:
    """Calls of webhooks.

    Args:
        where: the addresses to call with an update, all at once.

    Attributes:
        repeated: calls beyond the first one of an update.
        refused: calls that were to be repeated, since they were not taken.
    """

    def __init__(self, where: Where, secret: str) -> None:
        self._where, self._secret = where, secret
        self._queues: dict[int, asyncio.Queue[dict[str, Any]]] = defaultdict(asyncio.Queue)
        self._tasks: list[asyncio.Task[None]] = []
        self.repeated = self.refused = 0

    async def push(self, server: LocalServer) -> None:
        """Pushes every update that the server has, for ever."""
        async with ClientSession(timeout=ClientTimeout(total=30)) as http:
            offset = 0
            try:
                while True:
                    for update in await server.state.updates.get(offset, 10):
                        offset = update["update_id"] + 1
                        chat = chat_of(update)
                        if chat not in self._queues:
                            self._tasks.append(asyncio.create_task(self._deliver(http, chat)))
                        self._queues[chat].put_nowait(update)
            finally:
                for task in self._tasks:
                    task.cancel()

    async def _deliver(self, http: ClientSession, chat: int) -> None:
        while True:
            update = await self._queues[chat].get()
            urls = self._where(update)
            self.repeated += len(urls) - 1
            await asyncio.gather(*(self._call(http, url, update) for url in urls))

    async def _call(self, http: ClientSession, url: str, update: dict[str, Any]) -> None:
        while True:
            try:
                headers = {SECRET_HEADER: self._secret}
                async with http.post(url, json=update, headers=headers) as response:
                    if response.status == 200:
                        return
            except (ClientError, TimeoutError):
                pass
            self.refused += 1
            await asyncio.sleep(0.2)


@asynccontextmanager
async def calls(server: LocalServer, where: Where, secret: str) -> AsyncIterator[Calls]:
    """While it lasts, webhooks are called with what comes to the server."""
    methods: Any = METHODS
    methods["setWebhook"] = _set_webhook
    one = Calls(where, secret)
    pushing = asyncio.create_task(one.push(server))
    try:
        yield one
    finally:
        pushing.cancel()
        await asyncio.wait({pushing})
        del methods["setWebhook"]


def chat_of(update: dict[str, Any]) -> int:
    """The chat that an update came from; of a tap, that of its message."""
    content = next(one for one in update.values() if isinstance(one, dict))
    return int(content.get("message", content)["chat"]["id"])
