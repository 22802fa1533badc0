"""``tag4pic bench load``: a real bot under photos sent at a fixed rate.

It starts two processes: the bot, as ``tag4pic run`` does, with a database of its own; and the
Telegram that it talks to, ``bot.benchmark.local_telegram``. Both are always stopped and their files
removed.
"""

import asyncio
import json
import secrets
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np

from bot.benchmark import costs
from bot.benchmark.local_telegram import PATIENCE
from bot.signals import stopped_by_signals
from recommenders.machine import cores

Doing = Callable[[str], None]

_START_SECONDS = 120.0
_END_SECONDS = 15.0
_LINE = 2**26
"""The longest line, in bytes: the times of all answers come in one."""


class LoadError(Exception):
    """The load could not be measured; the message says why."""


@dataclass(frozen=True)
class Load:
    """What was sent and how it was answered.

    Attributes:
        rate: photos a second; ``seconds``, for how long; ``users``, each in a chat.
        sent: number of photos; ``different``, how many of them differ.
        answered: number of answers; ``p50``, ``p95``, ``p99``, milliseconds from update to reply.
        cpu_ms: the bot's CPU time per photo; None where unknown, as for the other CPU and memory
            figures.
        megabytes, most_megabytes: the bot's memory at the end, and its peak.
        cores: of the machine.
        bot_cores, telegram_cores, other_cores: cores that each kept busy on average.
        stolen_cores: cores that the host of a virtual machine gave to others.
        late_ms: 99th percentile of the delay in sending photos, caused by this machine.
    """

    rate: float
    seconds: float
    users: int
    sent: int
    different: int
    answered: int
    p50: float | None
    p95: float | None
    p99: float | None
    cpu_ms: float | None
    megabytes: float | None
    most_megabytes: float | None
    cores: int
    bot_cores: float | None
    telegram_cores: float | None
    other_cores: float | None
    stolen_cores: float | None
    late_ms: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def run(
    environment: dict[str, str],
    photos: Path | None,
    *,
    rate: float,
    seconds: float,
    users: int,
    doing: Doing,
) -> Load | None:
    """Measures a bot under load; returns None after Ctrl-C or SIGTERM.

    Args:
        environment: as returned by ``costs.settings_of_commands``.
        photos: a folder of photos; None for generated ones, each different.

    Raises:
        LoadError: where the bot or its Telegram does not start, or ends too early.
    """
    return asyncio.run(_unless_stopped(environment, photos, rate, seconds, users, doing))


async def _unless_stopped(*arguments: Any) -> Load | None:
    stop = asyncio.Event()
    with stopped_by_signals(stop):
        measuring = asyncio.create_task(_measured(*arguments))
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait((measuring, stopped), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not measuring.done():
            measuring.cancel()
            with suppress(asyncio.CancelledError):
                await measuring
            return None
        return await measuring


async def _measured(
    environment: dict[str, str],
    photos: Path | None,
    rate: float,
    seconds: float,
    users: int,
    doing: Doing,
) -> Load:
    count = max(1, round(rate * seconds))
    token = f"7000000000:{secrets.token_hex(16)}"
    with TemporaryDirectory(prefix="tag4pic-load-") as made:
        folder = Path(made)
        source = "-" if photos is None else str(photos)
        numbers = (token, source, str(count), str(users), str(rate))
        async with _process(folder, ("bot.benchmark.local_telegram", *numbers), {}) as telegram:
            url = (await _next_line(telegram, "url", _START_SECONDS, doing))["url"]
            settings = environment | {
                "BOT_TOKEN": token,
                "TELEGRAM_API_URL": url,
                "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/bot.db",
                "LOG_LEVEL": "WARNING",
                "no_proxy": "*",  # its Telegram is on this machine
            }
            doing("the bot starts")
            async with _process(folder, ("bot.cli", "run"), settings) as answering:
                different = await _wait_until_ready(answering, telegram, folder, count, doing)
                sending = (rate, seconds, users, count, different)
                return await _under_load(answering, telegram, folder, sending, doing)


async def _under_load(
    answering: Process,
    telegram: Process,
    folder: Path,
    sending: tuple[float, float, int, int, int],
    doing: Doing,
) -> Load:
    rate, seconds, users, count, different = sending
    before = _cpu_seconds(answering, telegram)
    started = perf_counter()
    assert telegram.stdin is not None
    telegram.stdin.write(b"go\n")
    doing(f"{count:,} photos, {rate:g} a second")
    await _next_line(telegram, "sent", seconds + _START_SECONDS, doing)
    await _still_running(answering, folder)
    doing("the last answers")
    times = await _next_line(telegram, "seconds", PATIENCE + _START_SECONDS, doing)
    await _still_running(answering, folder)
    lasted = perf_counter() - started
    took = [
        None if then is None or now is None else now - then
        for then, now in zip(before, _cpu_seconds(answering, telegram), strict=True)
    ]
    bot, its_telegram, total, stolen = (None if one is None else one / lasted for one in took)
    others = None
    if bot is not None and its_telegram is not None and total is not None:
        others = max(total - bot - its_telegram, 0)
    answers = np.array(times["seconds"]) * 1000
    p50, p95, p99 = (
        (float(one) for one in np.percentile(answers, [50, 95, 99]))
        if len(answers)
        else (None, None, None)
    )
    return Load(
        *(rate, seconds, users, count, different, len(answers), p50, p95, p99),
        cpu_ms=None if took[0] is None or not len(answers) else 1000 * took[0] / len(answers),
        megabytes=costs.megabytes(answering.pid),
        most_megabytes=costs.megabytes(answering.pid, "VmHWM"),
        cores=cores(),
        bot_cores=bot,
        telegram_cores=its_telegram,
        other_cores=others,
        stolen_cores=stolen,
        late_ms=float(np.percentile(times["late"], 99)) * 1000,
    )


def _cpu_seconds(answering: Process, telegram: Process) -> tuple[float | None, ...]:
    """CPU seconds until now: the bot's, its Telegram's, all processes', and stolen ones."""
    processes = (costs.cpu_seconds(process.pid) for process in (answering, telegram))
    return (*processes, *costs.machine_seconds())


@asynccontextmanager
async def _process(
    folder: Path, arguments: tuple[str, ...], settings: dict[str, str]
) -> AsyncIterator[Process]:
    """A program of ours in ``folder``, which has no ``.env``; stopped at the end of the block."""
    with (folder / f"{arguments[0]}.log").open("wb") as errors:
        # In its own session, so that Ctrl-C reaches only this process, which stops the others.
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *arguments),
            cwd=folder,
            env=costs.environment_of_ours(settings),
            stdin=PIPE,
            stdout=PIPE,
            stderr=errors,
            start_new_session=True,
            limit=_LINE,
        )
    try:
        yield process
    finally:
        await _stop(process)


async def _stop(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(_END_SECONDS):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _wait_until_ready(
    answering: Process, telegram: Process, folder: Path, count: int, doing: Doing
) -> int:
    """Waits until the bot runs and its Telegram has the photos; returns how many differ."""
    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(_wait_until_running(answering, folder))
            making = _next_line(telegram, "photos", _START_SECONDS + count, doing)
            photos = both.create_task(making)
    except ExceptionGroup as group:
        raise group.exceptions[0] from None
    return int(photos.result()["photos"])


async def _wait_until_running(answering: Process, folder: Path) -> None:
    assert answering.stdout is not None
    try:
        async with asyncio.timeout(_START_SECONDS):
            async for line in answering.stdout:
                if b"answers on Telegram" in line:
                    return
    except TimeoutError:
        raise LoadError(f"The bot did not start within {_START_SECONDS:.0f} s.") from None
    raise LoadError(f"The bot did not start: {await _reason(folder)}")


async def _still_running(answering: Process, folder: Path) -> None:
    """Raises ``LoadError`` with the bot's last line where it has ended."""
    if answering.returncode is not None:
        raise LoadError(f"The bot ended while it was being measured: {await _reason(folder)}")


async def _reason(folder: Path) -> str:
    """The last line of the bot's log."""
    log = await asyncio.to_thread((folder / "bot.cli.log").read_text, errors="replace")
    lines = log.strip().splitlines() or ["it gave no reason"]
    return lines[-1].removeprefix("Error: ")


async def _next_line(telegram: Process, name: str, seconds: float, doing: Doing) -> dict[str, Any]:
    """The local Telegram's next line that has ``name``.

    Raises:
        LoadError: where none comes in time, or the local Telegram has ended.
    """
    assert telegram.stdout is not None
    try:
        async with asyncio.timeout(seconds):
            async for line in telegram.stdout:
                values: dict[str, Any] = json.loads(line)
                if "error" in values:
                    raise LoadError(values["error"])
                if "made" in values:
                    doing(f"{values['made']:,} photos made")
                if name in values:
                    return values
    except TimeoutError:
        raise LoadError(
            f"The local Telegram did not report {name} within {seconds:.0f} s."
        ) from None
    raise LoadError("The local Telegram ended while the bot was being measured.")
