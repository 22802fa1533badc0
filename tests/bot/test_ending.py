"""SIGTERM ends the bot in time, whoever it waits for."""

import asyncio
from pathlib import Path

from bot.local.server import LocalServer
from tests.bot_process import TOKEN, ended, start_bot
from tests.colours import jpeg
from tests.person import Person
from tests.waiting import until


async def test_computing_that_never_ends_keeps_no_process_alive(tmp_path: Path) -> None:
    server = LocalServer(TOKEN)
    url = await server.start(port=0)
    bot = start_bot(url, tmp_path / "bot.db", ending=5.0)
    try:
        async with Person(server.page_url) as ann:
            await ann.send_photo(jpeg("green"))
            await until((tmp_path / "computing").exists)
        bot.terminate()
        async with asyncio.timeout(60):
            assert await ended(bot) == 0
    finally:
        bot.kill()
        await server.stop()
