"""The bot in a process of its own, with a network that knows colours, to be killed and stopped.

Processes are forked from one that has imported everything, so that they start within moments.
"""

import asyncio
import multiprocessing
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

from pydantic import SecretStr

from bot import inbox, run
from bot.settings import Settings
from recommenders.engine import Engine
from tests.colours import ColourNetwork, colour_engine

TOKEN = "424242:a-bot-of-its-own"

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.bot_process"])


def start_bot(url: str, database: Path, *, ending: float | None = None) -> BaseProcess:
    """Starts the bot on the Telegram at ``url``.

    Args:
        ending: computing never ends, and begins with a file ``computing`` beside the database; the
            process may take so many seconds to end.
    """
    bot = _PROCESSES.Process(target=be_the_bot, args=(url, database, ending), daemon=True)
    bot.start()
    return bot


async def ended(bot: BaseProcess) -> int | None:
    """Returns its exit code once it has ended."""
    await asyncio.to_thread(bot.join)
    return bot.exitcode


def be_the_bot(url: str, database: Path, ending: float | None) -> None:
    """Runs the bot until it is killed or stopped."""
    network = ColourNetwork()
    if ending is not None:
        run.ENDING, inbox.FINISHING = ending, 0.1
        network.before_photo = lambda: (
            database.with_name("computing").touch(),
            time.sleep(3600),
        )
    Engine.load = lambda *_: colour_engine(network=network)  # type: ignore[assignment, method-assign]
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        bot_token=SecretStr(TOKEN),
        telegram_api_url=url,
        database_url=f"sqlite+aiosqlite:///{database}",
        tags_per_day=1_000_000,
        log_level="ERROR",
    )
    run.run(settings, say=lambda _: None)
