"""The bot at work in a test."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from bot.chat.services import BotApplication, Services
from bot.inbox import Inbox
from bot.local.server import LocalServer
from storage.database import Database
from tests.colours import ColourNetwork
from tests.person import Person

TOKEN = "424242:a-token_that-no.log~may%show"


@dataclass
class Running:
    """One start of the bot; ``stop`` ends it, the server and the database file stay."""

    server: LocalServer
    application: BotApplication
    services: Services
    database: Database
    network: ColourNetwork
    stack: AsyncExitStack = field(repr=False)
    inbox: Inbox

    async def person(self, **who: Any) -> Person:
        return await self.stack.enter_async_context(Person(self.server.page_url, **who))

    async def stop(self) -> None:
        await self.stack.aclose()


Start = Callable[..., Awaitable[Running]]
"""As ``start`` of ``conftest.py``."""
