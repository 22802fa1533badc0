"""Sends the bot thousands of photos at a fixed rate, and draws what it holds meanwhile.

    python -m tests.soak --photos 20000 --rate 8 --plot soak.svg

People do not wait for answers; most photos are copies of ones sent before. Every few seconds the
bot's resident memory, open files, threads and database are noted, and drawn in the end over the
photos that were answered. All should be flat but for the database, which grows by what is
remembered of new photos and of each message. The bot runs in a process of its own, on a local Bot
API server, with a network that knows colours, so that all but the network is tried.
"""

import argparse
import asyncio
import contextlib
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from time import monotonic

from bot.local.server import LocalServer
from tests.bot_process import TOKEN, ended, start_bot
from tests.crowd import Crowd, Photo
from training.evaluation.report.charts import Line, line_chart

CHATS = 400
NEW = 20
"""One in so many photos is new."""

BETWEEN = 2.0
"""Seconds between two samples."""

UNITS = {
    "memory": "resident MB",
    "files": "open files",
    "threads": "threads",
    "database": "MB on the disk",
}

_STYLE = (
    "svg{background:#fff}text{font:12px system-ui,sans-serif;fill:#444}.grid{stroke:#ddd}"
    ".line{fill:none;stroke:#2a9d8f;stroke-width:2}.dot{fill:#2a9d8f}"
)

PATIENCE = 120.0
"""Seconds without any answer after which no more are waited for."""


@dataclass(frozen=True)
class Sample:
    """What the bot holds at a moment; memory and database in megabytes."""

    answered: int
    memory: float
    files: int
    threads: int
    database: float


async def soak(photos: int, rate: float, folder: Path, between: float = BETWEEN) -> list[Sample]:
    """Runs it; the last sample is of when all are answered, or no more come."""
    server = LocalServer(TOKEN)
    url = await server.start(port=0)
    crowd = Crowd(server, min(CHATS, photos))
    different = await crowd.photos(max(1, photos // NEW))
    samples: list[Sample] = []
    database = folder / "soak.db"
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(server.stop)
        await stack.enter_async_context(crowd.noting())
        bot = start_bot(url, database)
        try:
            sending = asyncio.create_task(_send(crowd, different, photos, rate))
            last, at = -1, monotonic()
            while (answered := len(crowd.sent) - crowd.unanswered) < photos:
                if answered > last:
                    last, at = answered, monotonic()
                if monotonic() - at > PATIENCE:
                    break
                await asyncio.sleep(between)
                samples += _sample(bot, database, len(crowd.sent) - crowd.unanswered)
            sending.cancel()
            samples += _sample(bot, database, len(crowd.sent) - crowd.unanswered)
        finally:
            bot.terminate()
            await ended(bot)
    return samples


async def _send(crowd: Crowd, different: Sequence[Photo], photos: int, rate: float) -> None:
    began = monotonic()
    for number in range(photos):
        await asyncio.sleep(max(0.0, began + number / rate - monotonic()))
        # The new ones come little by little, and each of them again and again from then on.
        known = number // NEW + 1
        crowd.send(different[number % known])


def _sample(bot: BaseProcess, database: Path, answered: int) -> list[Sample]:
    """One sample, or none where the bot has ended."""
    process = Path(f"/proc/{bot.pid}")
    try:
        status = (process / "status").read_text(encoding="ascii")
        files = len(list((process / "fd").iterdir()))
    except OSError:
        return []
    numbers = {name: int(number) for name, number in re.findall(r"(\w+):\s+(\d+)", status)}
    on_disk = sum(file.stat().st_size for file in database.parent.glob(f"{database.name}*"))
    return [Sample(answered, numbers["VmRSS"] / 1024, files, numbers["Threads"], on_disk / 2**20)]


def draw(samples: Sequence[Sample], file: Path) -> None:
    """Each of them over the photos answered, one chart below the other, as SVG."""
    charts = []
    for number, name in enumerate(("memory", "files", "threads", "database")):
        points = [(one.answered, getattr(one, name)) for one in samples]
        line = Line(name, [(x, y, f"{y:.0f} at {x:,}") for x, y in points])
        chart = line_chart([line], "photos answered", UNITS[name], whole_x=True)
        charts.append(
            chart.replace(
                "<svg ", f'<svg y="{number * 310}" width="430" height="300" overflow="visible" '
            )
        )
    # Everything is in one file, which any browser shows.
    opened = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 470 1240">'
    file.write_text(f"{opened}<style>{_STYLE}</style>{''.join(charts)}</svg>\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=20_000)
    parser.add_argument("--rate", type=float, default=8.0, help="photos a second")
    parser.add_argument("--plot", type=Path, default=Path("soak.svg"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        samples = asyncio.run(soak(given.photos, given.rate, Path(folder)))
    draw(samples, given.plot)
    last = samples[-1]
    print(f"{last.answered} of {given.photos} photos answered; {given.plot} shows how it went.")
    for share in (0.1, 0.25, 0.5, 0.75, 1.0):
        one = next(one for one in samples if one.answered >= share * last.answered)
        print(
            f"  at {one.answered:>6}: {one.memory:6.0f} MB, {one.files:>3} files, "
            f"{one.threads:>3} threads, database {one.database:6.1f} MB"
        )
    sys.exit(last.answered < given.photos)


if __name__ == "__main__":
    main()
