"""Replicas behind a balancer, on one PostgreSQL, while people send photos and hashtags.

    python -m tests.replicas --minutes 2
    python -m tests.replicas --minutes 2 --starter      with the bundle that ships
    python -m tests.replicas --minutes 2 --away 60      nobody dies, but the database is gone
    python -m tests.replicas --one-user 100 --starter   one replica and three, a photo at a time

Three replicas, each a process that runs as ``tag4pic run`` does, nginx before them, and a local Bot
API server that calls the webhook, a fifth of the updates twice at once. Half way one replica is
killed, and a fourth is added. In the end every photo and every /addtags must have one answer, and
every confirmed hashtag must be stored. Twice can be answered what was killed in the moment between
Telegram's taking an answer and storing that it was taken.
"""

import argparse
import asyncio
import contextlib
import multiprocessing
import random
import statistics
import sys
import time
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select

from bot import run, shared_inbox
from bot.local.server import LocalServer
from bot.settings import Settings
from recommenders.engine import Engine
from storage import Database
from storage import replicas as leases
from storage.tables import Label
from tests import balancer, crash_loop, postgres, webhook_calls
from tests.colours import COLOURS, colour_engine, jpeg
from tests.person import Person
from tests.waiting import until

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.bot_process"])

TOKEN = "424242:replicas"
SECRET = "s-3cret"
REPLICAS = 3
TWICE = 0.2
"""The share of updates that are delivered twice, at once."""
WARMING = 10
"""Photos before the first that counts."""

SETTLE = 180.0
"""Seconds for what is left to be answered."""


@dataclass(frozen=True)
class Outcome:
    """What became of it all.

    Attributes:
        unanswered, twice: photos and commands with no answer, and with more than one.
        lost: hashtags that were confirmed and are not stored.
        repeated: updates that were delivered twice.
        refused: calls of the webhook that had to be repeated.
        settled: seconds from the last message until all was answered.
    """

    photos: int
    commands: int
    unanswered: int
    twice: int
    lost: int
    repeated: int
    refused: int
    settled: float


@dataclass(frozen=True)
class Replica:
    """One process and its port."""

    port: int
    process: BaseProcess

    async def killed(self) -> None:
        """It dies without a word."""
        self.process.kill()
        await asyncio.to_thread(self.process.join)

    async def stopped(self) -> None:
        """It ends as by SIGTERM."""
        self.process.terminate()
        await asyncio.to_thread(self.process.join)


@contextlib.asynccontextmanager
async def replicas(
    server: LocalServer,
    database_url: str,
    ports: list[int],
    url: str,
    *,
    starter: bool,
    lease: float,
) -> Any:
    """Starts replicas, one for each number that it is called with; all end with the block."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(number: int) -> Replica:
            process = _PROCESSES.Process(
                target=be_a_replica,
                args=(server.url, database_url, ports[number], url, starter, lease),
                daemon=True,
            )
            process.start()
            replica = Replica(ports[number], process)
            stack.push_async_callback(replica.stopped)
            await balancer.listening(ports[number])
            return replica

        yield start


def be_a_replica(
    server: str, database_url: str, port: int, url: str, starter: bool, lease: float
) -> None:
    """Runs one until it is killed or stopped."""
    leases.LEASE, shared_inbox.RENEW_EVERY = lease, lease / 5
    if not starter:
        Engine.load = lambda *_, **__: colour_engine()  # type: ignore[assignment, method-assign]
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        bot_token=SecretStr(TOKEN),
        telegram_api_url=server,
        database_url=database_url,
        webhook_url=url,
        webhook_secret=SecretStr(SECRET),
        tags_per_day=1_000_000,
        log_level="WARNING",
    )
    run.run(settings, port=port, say=lambda _: None)


async def at_work_together(
    seconds: float,
    *,
    people: int = 4,
    seed: int = 0,
    starter: bool = False,
    kill: bool = True,
    lease: float = leases.LEASE,
    away: float = 0.0,
) -> Outcome:
    """Runs it.

    Args:
        seconds: for how long people send.
        kill: whether a replica is killed half way, and another one added.
        lease: seconds after which the dead have heirs.
        away: seconds for which the database is gone, half way.
    """
    chance = random.Random(seed)
    asked: list[crash_loop.Asked] = []
    async with contextlib.AsyncExitStack() as stack:
        database_server = stack.enter_context(postgres.server())
        database_url = await stack.enter_async_context(database_server.database())
        server = LocalServer(TOKEN)
        await server.start(port=0)
        stack.push_async_callback(server.stop)
        ports = balancer.free_ports(REPLICAS + 1)
        front = await stack.enter_async_context(balancer.balancer(ports))
        url = f"{front}/hook"

        def where(_: object) -> list[str]:
            return [url] * (1 + (chance.random() < TWICE))

        calls = await stack.enter_async_context(webhook_calls.calls(server, where, SECRET))
        start = await stack.enter_async_context(
            replicas(server, database_url, ports, url, starter=starter, lease=lease)
        )
        started = await asyncio.gather(*(start(number) for number in range(REPLICAS)))
        senders = [
            await stack.enter_async_context(Person(server.page_url, chat=2_000 + number))
            for number in range(people)
        ]
        end = time.monotonic() + seconds
        sending = [asyncio.create_task(_send(person, end, chance, asked)) for person in senders]
        await asyncio.sleep(seconds / 2)
        if kill:
            await started[0].killed()
            await start(REPLICAS)
        if away:
            await asyncio.to_thread(database_server.stop)
            await asyncio.sleep(away)
            await asyncio.to_thread(database_server.start)
        await asyncio.gather(*sending)
        last = time.monotonic()
        with contextlib.suppress(TimeoutError):
            await until(lambda: _all_answered(asked), SETTLE)
        settled = time.monotonic() - last
        await asyncio.sleep(1)  # for what would come twice
        stored = await _stored(database_url)
    counts = [(crash_loop.answers(person)[one["message_id"]], tag) for person, one, tag in asked]
    return Outcome(
        photos=sum(not tag for _, tag in counts),
        commands=sum(bool(tag) for _, tag in counts),
        unanswered=sum(count == 0 for count, _ in counts),
        twice=sum(count > 1 for count, _ in counts),
        lost=sum(_is_confirmed(person, one) and tag not in stored for person, one, tag in asked),
        repeated=calls.repeated,
        refused=calls.refused,
        settled=round(settled, 1),
    )


async def seconds_of_one_user(count: int, photos: int, *, starter: bool = False) -> list[float]:
    """How long each of one person's photos takes, one after the other, with so many replicas."""
    async with contextlib.AsyncExitStack() as stack:
        database_server = stack.enter_context(postgres.server())
        database_url = await stack.enter_async_context(database_server.database())
        server = LocalServer(TOKEN)
        await server.start(port=0)
        stack.push_async_callback(server.stop)
        ports = balancer.free_ports(count)
        url = f"{await stack.enter_async_context(balancer.balancer(ports))}/hook"
        await stack.enter_async_context(webhook_calls.calls(server, lambda _: [url], SECRET))
        start = await stack.enter_async_context(
            replicas(server, database_url, ports, url, starter=starter, lease=leases.LEASE)
        )
        for number in range(count):
            await start(number)
        person = await stack.enter_async_context(Person(server.page_url))
        seconds = []
        for number in range(photos + WARMING):
            picture = jpeg(sorted(COLOURS)[number % 3], number)
            began = time.perf_counter()
            await person.send_photo(picture)
            await person.wait_reply(60)
            seconds.append(time.perf_counter() - began)
    return seconds[WARMING:]


async def _send(
    person: Person, end: float, chance: random.Random, asked: list[crash_loop.Asked]
) -> None:
    """Photos, every other with a hashtag to learn."""
    while time.monotonic() < end:
        number = len(asked)
        (photo,) = await person.send_photo(jpeg(chance.choice(sorted(COLOURS)), number))
        asked.append((person, photo, ""))
        if chance.random() < 0.5:
            tag = f"tag{number}"
            taught = await person.send_text(f"/addtags #{tag}", reply_to=photo)
            asked.append((person, taught, tag))
        await asyncio.sleep(chance.uniform(0.2, 1.0))


def _all_answered(asked: list[crash_loop.Asked]) -> bool:
    return all(crash_loop.answers(person)[one["message_id"]] for person, one, _ in asked)


def _is_confirmed(person: Person, command: dict[str, Any]) -> bool:
    """Whether somebody was told that their hashtag is learnt; not so while nothing is stored."""
    return any(
        message["text"].startswith("Learnt")
        for message in person.messages.values()
        if message.get("reply_to_message", {}).get("message_id") == command["message_id"]
    )


async def _stored(url: str) -> set[str]:
    database = await Database.open(url)
    async with database.reading() as session:
        hashtags = set(await session.scalars(select(Label.hashtag)))
    await database.close()
    return hashtags


def missing() -> str | None:
    """Why this cannot be run here, or None."""
    return postgres.missing() or balancer.missing()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--people", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--starter", action="store_true")
    parser.add_argument("--no-kill", action="store_true")
    parser.add_argument("--away", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--one-user", type=int, metavar="PHOTOS")
    given = parser.parse_args()
    if reason := missing():
        sys.exit(reason)
    from tests.replicas import at_work_together  # whose processes import nothing again

    if given.one_user:
        for count in (1, REPLICAS, 1, REPLICAS):
            seconds = asyncio.run(seconds_of_one_user(count, given.one_user, starter=given.starter))
            median = 1000 * statistics.median(seconds)
            print(f"{count} replicas: a photo of one user takes {median:.0f} ms (median)")
        return
    outcome = asyncio.run(
        at_work_together(
            60 * given.minutes,
            people=given.people,
            seed=given.seed,
            starter=given.starter,
            kill=not (given.no_kill or given.away),
            away=given.away,
        )
    )
    print(outcome)
    sys.exit(bool(outcome.unanswered or outcome.lost))


if __name__ == "__main__":
    main()
