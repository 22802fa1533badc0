"""The real application against the real local server, a real database and a real engine."""

import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
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
from tests.bundles import tiny_bundle
from tests.colours import BACKBONE, ColourNetwork, colour_engine
from tests.person import Person
from tests.started import started

QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    # As Playwright starts one: else scroll bars take their share of a small screen, and there is
    # no mouse.
    *("--hide-scrollbars", "--mute-audio", "--force-color-profile=srgb"),
    # Only what tests open is drawn: a window of its own takes a second, and some of each later one.
    *("--no-startup-window", "--disable-features=SpareRendererForSitePerProcess"),
    *("--in-process-gpu", "--disable-extensions"),
    "--blink-settings=primaryHoverType=2,availableHoverTypes=2,"
    "primaryPointerType=4,availablePointerTypes=4",
)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a browser: a test opens pages in a context of its own."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("there is no chromium to open the page in")
    folder = tmp_path_factory.mktemp("chromium")
    with started(
        [program, *QUIET, "--remote-debugging-port=0", f"--user-data-dir={folder}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        listens, until = folder / "DevToolsActivePort", time.monotonic() + 120
        while not (listens.exists() and listens.read_text().count("\n")):
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.02)
        port, path = listens.read_text().split()
        yield f"ws://127.0.0.1:{port}{path}"
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
async def browser(chromium: str) -> AsyncIterator[Any]:
    """That browser, driven by one process for all tests of a module."""
    playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
    playwright.expect.set_options(timeout=60_000)  # of milliseconds: a machine may be busy
    async with playwright.async_playwright() as driver:
        connected = await driver.chromium.connect_over_cdp(chromium)
        yield connected
        await connected.close()


@pytest.fixture
def _function_scoped_runner(request: pytest.FixtureRequest) -> Any:
    """pytest-asyncio's event loop of a test: that of the module where a browser is driven.

    What drives one, a process that takes half a second to start, belongs to an event loop.
    """
    of = "module" if "browser" in request.fixturenames else "function"
    return request.getfixturevalue(f"_{of}_scoped_runner")


@pytest.fixture(scope="session")
def usual_settings() -> Settings:
    """The settings without an environment, which take as long to read as a command to answer."""
    with pytest.MonkeyPatch.context() as patch:
        for name in Settings.model_fields:
            patch.delenv(name.upper(), raising=False)
        return Settings(_env_file=None, admin_ids=frozenset({77}))  # type: ignore[call-arg]


@pytest.fixture
def settings(folder_in_memory: Path, empty_database: Path, usual_settings: Settings) -> Settings:
    shutil.copy(empty_database, folder_in_memory / "bot.db")
    url = f"sqlite+aiosqlite:///{folder_in_memory}/bot.db"
    return usual_settings.model_copy(update={"database_url": url})


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
                token=server.token,
                api_url=server.url,
            )
            services = application.bot_data["services"]
            services.albums = Albums(quiet=0.2)
            received = await stack.enter_async_context(polling(application))
            return Running(server, application, services, database, network, stack, received.inbox)

        yield starting


@pytest.fixture
def stopped_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bot that stops gives what it is at no time to finish."""
    monkeypatch.setattr("bot.inbox.FINISHING", 0.01)


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


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A bundle of both backends, whose folder gets further versions beside it."""
    return tiny_bundle(tmp_path / "models" / "mine", model="mine-1", w2v=BACKBONE)
