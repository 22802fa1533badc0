"""Kills the bot again and again while people send photos and tags, and counts what is lost.

    python -m tests.crash_loop --kills 50

Three people send to a local Bot API server, which lives on; the bot beside it, a process of its
own with a network that knows colours, dies by SIGKILL at random moments. In the end every photo and
every /addtags must be answered, and every confirmed hashtag stored. Twice can be answered what was
killed in the moment between Telegram's taking an answer and our reading that it was taken.
"""

import argparse
import asyncio
import contextlib
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.local.server import LocalServer
from tests.bot_process import TOKEN, ended, start_bot
from tests.colours import COLOURS, jpeg
from tests.person import Person
from tests.waiting import until

SETTLE = 180.0
"""Seconds for the last start to answer what is left."""


@dataclass(frozen=True)
class Outcome:
    """What became of it all.

    Attributes:
        unanswered, twice: photos and commands with no answer, and with more than one.
        lost: hashtags that were confirmed and are not stored.
    """

    kills: int
    photos: int
    commands: int
    unanswered: int
    twice: int
    lost: int


async def crash_loop(kills: int, folder: Path, seed: int = 0, between: float = 1.5) -> Outcome:
    """Runs it.

    Args:
        between: the longest a bot lives once it asks for updates, in seconds.
    """
    chance = random.Random(seed)
    server = LocalServer(TOKEN)
    url = await server.start(port=0)
    database = folder / "crash.db"
    polls = _count_polls(server)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(server.stop)
        people = [
            await stack.enter_async_context(Person(server.page_url, chat=2_000 + i))
            for i in range(3)
        ]
        asked: list[Asked] = []
        for _ in range(kills):
            bot = start_bot(url, database)
            before = polls["getUpdates"]
            sending = [
                asyncio.create_task(_send(person, between, chance, asked)) for person in people
            ]
            while polls["getUpdates"] == before and bot.is_alive():  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            await asyncio.sleep(chance.uniform(0, between))
            bot.kill()
            await ended(bot)
            await asyncio.gather(*sending)
        bot = start_bot(url, database)
        with contextlib.suppress(TimeoutError):
            await until(
                lambda: all(answers(person)[one["message_id"]] for person, one, _ in asked), SETTLE
            )
        await asyncio.sleep(1)
        began = time.monotonic()
        bot.terminate()
        await ended(bot)
        print(
            f"SIGTERM took {time.monotonic() - began:.1f} s, status {bot.exitcode}",
            file=sys.stderr,
        )
    return _outcome(kills, asked, database)


def _count_polls(server: LocalServer) -> Counter[str]:
    polls: Counter[str] = Counter()
    get = server.state.updates.get

    async def counted(*arguments: Any) -> Any:
        polls["getUpdates"] += 1
        return await get(*arguments)

    server.state.updates.get = counted  # type: ignore[method-assign]
    return polls


Asked = tuple[Person, dict[str, Any], str]
"""Who sent which message, and the hashtag that it teaches, if any."""


async def _send(person: Person, seconds: float, chance: random.Random, asked: list[Asked]) -> None:
    """One or two photos, every other with a hashtag to learn."""
    for _ in range(chance.randint(1, 2)):
        await asyncio.sleep(chance.uniform(0, seconds))
        number = len(asked)
        (photo,) = await person.send_photo(jpeg(chance.choice(sorted(COLOURS)), number))
        asked.append((person, photo, ""))
        if chance.random() < 0.5:
            tag = f"tag{number}"
            taught = await person.send_text(f"/addtags #{tag}", reply_to=photo)
            asked.append((person, taught, tag))


def answers(person: Person) -> Counter[int]:
    """How many answers each message has."""
    return Counter(
        message["reply_to_message"]["message_id"]
        for message in person.messages.values()
        if message["from"]["is_bot"] and "reply_to_message" in message
    )


def _outcome(kills: int, asked: list[Asked], database: Path) -> Outcome:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        stored = {tag for (tag,) in connection.execute("SELECT hashtag FROM labels")}
    counts = [(answers(person)[one["message_id"]], tag) for person, one, tag in asked]
    return Outcome(
        kills,
        photos=sum(not tag for _, tag in counts),
        commands=sum(bool(tag) for _, tag in counts),
        unanswered=sum(count == 0 for count, _ in counts),
        twice=sum(count > 1 for count, _ in counts),
        lost=sum(bool(tag) and count > 0 and tag not in stored for count, tag in counts),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = asyncio.run(crash_loop(given.kills, Path(folder), given.seed))
    print(outcome)
    sys.exit(bool(outcome.unanswered or outcome.lost))


if __name__ == "__main__":
    main()
