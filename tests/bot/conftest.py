"""The real application against the real local server and a real database."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, cast

import pytest
from colours import ColourEngine
from running import TOKEN, Running, Start

from bot.chat.application import build
from bot.local.server import LocalServer
from bot.run import polling
from bot.settings import Settings
from recommenders.engine import Engine
from storage.database import Database
from tests.person import Person


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        _env_file=None,  # type: ignore[call-arg]
        database_url=f"sqlite+aiosqlite:///{tmp_path}/bot.db",
        admin_ids=frozenset({77}),
    )


@pytest.fixture
async def start(settings: Settings) -> AsyncIterator[Start]:
    """Starts the bot; starting it again on the same database is a restart."""
    async with AsyncExitStack() as everything:

        async def starting(
            engine: ColourEngine | None = None,
            server: LocalServer | None = None,
            **changed: Any,
        ) -> Running:
            engine = engine or ColourEngine()
            if server is None:
                server = LocalServer(TOKEN)
                await server.start(port=0)
                everything.push_async_callback(server.stop)
            stack = await everything.enter_async_context(AsyncExitStack())
            database = await Database.open(settings.database_url)
            stack.push_async_callback(database.close)
            application = build(
                settings.model_copy(update=changed),
                cast(Engine, engine),
                database,
                token=TOKEN,
                api_url=server.url,
            )
            await stack.enter_async_context(polling(application))
            services = application.bot_data["services"]
            return Running(server, application, services, database, engine, stack)

        yield starting


@pytest.fixture
async def bot(start: Start) -> Running:
    return await start()


@pytest.fixture
async def ann(bot: Running) -> Person:
    return await bot.person()
