"""How many updates of many are handled twice, or never, by replicas that share an inbox.

    python -m tests.replica_updates --updates 100000

Three processes take updates of a hundred chats into one PostgreSQL, every second one twice: at once
or later, at the same replica or another. Answering is a row in a table; all else is the bot's own.
"""

import argparse
import asyncio
import contextlib
import multiprocessing
import random
import sys
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from telegram import Update
from telegram.ext import Application

from bot.chat import updates_at_work
from bot.chat.application import build
from bot.inbox import Inbox
from bot.local.server import LocalServer
from bot.receiving import at_work
from bot.replicas import in_step
from bot.settings import Settings
from storage import Database, StorageError
from tests import postgres
from tests.colours import colour_engine
from tests.waiting import until

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.bot_process"])

REPLICAS = 3
CHATS = 100
AT_ONCE = 8
TOKEN = "424242:updates"
SETTLE = 120.0
"""Seconds for what was taken to be handled."""

_ANSWERED = "CREATE TABLE answered (update_id bigint, replica int)"
_ANSWER = "INSERT INTO answered (update_id, replica) VALUES (:update, :it)"
_COUNTS = "SELECT update_id, count(*) FROM answered GROUP BY update_id"


@dataclass(frozen=True)
class Outcome:
    """What became of the updates; ``seconds`` is what it took."""

    updates: int
    deliveries: int
    unhandled: int
    twice: int
    seconds: float


def chat_and_replicas(update_id: int) -> tuple[int, list[int]]:
    """The chat of an update, and the replicas that it is delivered to."""
    chance = random.Random(update_id)
    first, again = chance.randrange(REPLICAS), chance.randrange(REPLICAS)
    return 1 + update_id % CHATS, [first] if chance.random() < 0.5 else [first, again]


async def replica(url: str, number: int, updates: int) -> None:
    """Takes this replica's share of the deliveries."""
    async with contextlib.AsyncExitStack() as stack:
        database = await Database.open(url)
        stack.push_async_callback(database.close)
        server = LocalServer(TOKEN)
        await server.start(port=0)
        stack.push_async_callback(server.stop)
        settings = Settings(_env_file=None)  # type: ignore[call-arg]
        application = build(settings, colour_engine(), database, token=TOKEN, api_url=server.url)

        async def answer(_: Any, update: Update) -> None:
            await asyncio.sleep(random.random() * 0.01)
            async with database.session(confirmed=False) as session:
                row = {"update": update.update_id, "it": number}
                await session.execute(text(_ANSWER), row)
                await updates_at_work.done_with(session)

        Application.process_update = answer  # type: ignore[assignment, method-assign]
        inbox = await stack.enter_async_context(at_work(application, alone=False))
        await stack.enter_async_context(in_step(application.bot_data["services"], inbox))
        numbers = iter(range(1, updates + 1))

        async def take() -> None:
            for update_id in numbers:
                chat, replicas = chat_and_replicas(update_id)
                for _ in range(replicas.count(number)):
                    sender = {"id": chat, "is_bot": False, "first_name": "A"}
                    message = {"message_id": update_id, "date": 0, "text": "a", "from": sender}
                    message["chat"] = {"id": chat, "type": "private", "first_name": "A"}
                    await _taken(inbox, {"update_id": update_id, "message": message})

        await asyncio.gather(*(take() for _ in range(AT_ONCE)))
        await until(lambda: not inbox.waiting, SETTLE)


async def _taken(inbox: Inbox, update: dict[str, Any]) -> None:
    """Delivers an update until it is taken, as Telegram does."""
    while True:
        try:
            if not inbox.is_full:
                await inbox.take([update])
                return
        except StorageError:
            pass
        await asyncio.sleep(0.2)


def be_a_replica(url: str, number: int, updates: int) -> None:
    """The same as a process."""
    asyncio.run(replica(url, number, updates))


async def updates_handled(updates: int) -> Outcome:
    """Runs it."""
    with postgres.server() as server:
        async with server.database() as url:
            database = await Database.open(url)
            async with database.session() as session:
                await session.execute(text(_ANSWERED))
            began = time.monotonic()
            processes = [
                _PROCESSES.Process(target=be_a_replica, args=(url, number, updates), daemon=True)
                for number in range(REPLICAS)
            ]
            for process in processes:
                process.start()
            for process in processes:
                await asyncio.to_thread(process.join)
            seconds = time.monotonic() - began
            async with database.reading() as session:
                counts = (await session.execute(text(_COUNTS))).all()
            await database.close()
    return Outcome(
        updates=updates,
        deliveries=sum(len(chat_and_replicas(one)[1]) for one in range(1, updates + 1)),
        unhandled=updates - len(counts),
        twice=sum(count > 1 for _, count in counts),
        seconds=round(seconds, 1),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates", type=int, default=100_000)
    given = parser.parse_args()
    if reason := postgres.missing():
        sys.exit(reason)
    outcome = asyncio.run(updates_handled(given.updates))
    print(outcome)
    sys.exit(bool(outcome.unhandled or outcome.twice))


if __name__ == "__main__":
    main()
