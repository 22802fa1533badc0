"""A bot that comes back to thousands of waiting photos, and is killed in the middle of them.

    python -m tests.backlog --updates 5000 --kills 2

The photos wait at a local Bot API server in chats of twenty each, one in ten of them a group, when
the bot starts, with a network that knows colours. It is killed by SIGKILL as it comes through them,
and started again. In the end each must be answered, once, or twice where the kill came while it was
on its way; and what is printed tells how fast messages came, and how much memory the bot took.
"""

import argparse
import asyncio
import contextlib
import re
import sqlite3
import sys
import tempfile
from dataclasses import dataclass, fields
from itertools import chain
from multiprocessing.process import BaseProcess
from pathlib import Path
from time import monotonic

from bot.local.server import LocalServer
from tests.bot_process import TOKEN, ended, start_bot
from tests.crowd import Crowd, most_within

PHOTOS_OF_A_CHAT = 20
PATIENCE = 120.0
"""Seconds without any answer after which no more are waited for."""


@dataclass(frozen=True)
class Outcome:
    """What became of it all.

    Attributes:
        waiting: at each kill, how many updates and answers waited in the database.
        twice: photos answered twice; ``oftener``: more than that.
        in_a_second, in_a_minute: the most messages in all in a second; to one person in a second,
            and to one group in a minute.
        memory: resident megabytes of the last bot at its start, at the most, and at the end.
    """

    updates: int
    chats: int
    waiting: list[tuple[int, int]]
    unanswered: int
    twice: int
    oftener: int
    in_a_second: int
    in_a_second_to_a_person: int
    in_a_minute_to_a_group: int
    seconds: float
    memory: tuple[int, int, int]


async def backlog(updates: int, kills: int, folder: Path, chats: int | None = None) -> Outcome:
    """Runs it: kills come at equal shares of the answers.

    Args:
        chats: that the photos are in; by default one in twenty photos.
    """
    server = LocalServer(TOKEN)
    url = await server.start(port=0)
    chats = chats or max(1, updates // PHOTOS_OF_A_CHAT)
    crowd = Crowd(server, chats, groups=chats // 10)
    photos = await crowd.photos(max(1, updates // 10))
    for number in range(updates):
        crowd.send(photos[number % len(photos)])
    database, waiting, began = folder / "backlog.db", [], monotonic()
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(server.stop)
        await stack.enter_async_context(crowd.noting())
        for kill in range(1, kills + 1):
            bot = start_bot(url, database)
            await _answered(crowd, kill * updates // (kills + 1))
            bot.kill()
            await ended(bot)
            waiting.append(_waiting(database))
        bot, memory = start_bot(url, database), list[int]()
        sampling = asyncio.create_task(_sample(bot, memory))
        await _answered(crowd, updates)
        seconds = monotonic() - began
        sampling.cancel()
        await asyncio.sleep(1)  # for what would come a second time
        bot.terminate()
        await ended(bot)
    persons = [moments for chat, moments in crowd.messages.items() if chat > 0]
    groups = [moments for chat, moments in crowd.messages.items() if chat < 0]
    counts = [crowd.answers[one] for one in crowd.sent]
    return Outcome(
        updates,
        chats,
        waiting,
        unanswered=crowd.unanswered,
        twice=counts.count(2),
        oftener=sum(count > 2 for count in counts),
        in_a_second=most_within(1.0, sorted(chain(*crowd.messages.values()))),
        in_a_second_to_a_person=max((most_within(1.0, one) for one in persons), default=0),
        in_a_minute_to_a_group=max((most_within(60.0, one) for one in groups), default=0),
        seconds=round(seconds, 1),
        memory=(memory[0], max(memory), memory[-1]) if memory else (0, 0, 0),
    )


async def _answered(crowd: Crowd, count: int) -> None:
    """Returns once so many photos are answered, or none has been for long."""
    last, at = -1, monotonic()
    while (answered := len(crowd.sent) - crowd.unanswered) < count:
        if answered > last:
            last, at = answered, monotonic()
        if monotonic() - at > PATIENCE:
            return
        await asyncio.sleep(0.2)


async def _sample(bot: BaseProcess, memory: list[int]) -> None:
    """Notes every second how many megabytes the bot holds."""
    while True:
        await asyncio.sleep(1)
        if held := _resident(bot):
            memory.append(held)


def _resident(bot: BaseProcess) -> int:
    """Megabytes; 0 where the bot has ended."""
    try:
        status = Path(f"/proc/{bot.pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    held = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(held[1]) // 1024 if held else 0


def _waiting(database: Path) -> tuple[int, int]:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        count = "SELECT (SELECT count(*) FROM inbox), (SELECT count(*) FROM outbox)"
        updates, answers = connection.execute(count).fetchone()
        return updates, answers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = asyncio.run(backlog(given.updates, given.kills, Path(folder)))
    for one in fields(outcome):
        print(f"{one.name:>24}: {getattr(outcome, one.name)}")
    sys.exit(bool(outcome.unanswered or outcome.oftener))


if __name__ == "__main__":
    main()
