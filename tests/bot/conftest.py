"""The real application against the real local server, a real database and a real engine."""

import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from bot.chat.albums import Albums
from bot.chat.application import build
from bot.chat.texts import LANGUAGES
from bot.local.server import LocalServer
from bot.receiving import polling
from bot.settings import Settings
from recommenders.bundle import Bundle
from storage.database import Database
from tests.bot.running import TOKEN, Running, Start
from tests.colours import ColourNetwork, colour_engine
from tests.person import Person


@pytest.fixture
def settings(tmp_path: Path, empty_database: Path) -> Settings:
    shutil.copy(empty_database, tmp_path / "bot.db")
    return Settings(
        _env_file=None,  # type: ignore[call-arg]
        database_url=f"sqlite+aiosqlite:///{tmp_path}/bot.db",
        admin_ids=frozenset({77}),
    )


@pytest.fixture
async def start(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Start]:
    """Starts the bot; starting it again on the same database is a restart."""
    async with AsyncExitStack() as everything:

        async def starting(
            bundle: Bundle | None = None,
            server: LocalServer | None = None,
            menu: bool = False,
            **changed_settings: Any,
        ) -> Running:
            if server is None:
                server = LocalServer(TOKEN)
                await server.start(port=0)
                everything.push_async_callback(server.stop)
            # Only its own tests look at the menu, whose requests are a fourth of a start's work.
            monkeypatch.setattr("bot.chat.application.LANGUAGES", LANGUAGES if menu else {})
            stack = await everything.enter_async_context(AsyncExitStack())
            database = await Database.open(settings.database_url)
            stack.push_async_callback(database.close)
            network = ColourNetwork()
            application = build(
                settings.model_copy(update=changed_settings),
                colour_engine(bundle, network),
                database,
                token=TOKEN,
                api_url=server.url,
            )
            services = application.bot_data["services"]
            services.albums = Albums(quiet=0.2)
            received = await stack.enter_async_context(polling(application))
            return Running(server, application, services, database, network, stack, received.inbox)

        yield starting


@pytest.fixture
async def telegram() -> AsyncIterator[LocalServer]:
    """A Bot API server, without a bot."""
    server = LocalServer(TOKEN)
    await server.start(port=0)
    yield server
    await server.stop()


@pytest.fixture
async def bot(start: Start) -> Running:
    return await start()


@pytest.fixture
async def ann(bot: Running) -> Person:
    return await bot.person()
