"""What other processes cost: time, processor and memory, and what the whole machine did meanwhile.

On Linux alone; elsewhere what is not known is None.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import bot
from bot.settings import Settings

PROCESSES = Path("/proc")
ROOT = Path(bot.__file__).parents[1]
"""Where the packages are, installed or not."""

_OF_A_BOT = frozenset(
    {
        *("ADMIN_IDS", "API_KEY", "BOT_TOKEN", "DATABASE_URL", "FINETUNE_EVERY", "LOG_LEVEL"),
        *("TELEGRAM_API_URL", "WEBHOOK_SECRET", "WEBHOOK_URL"),
    }
)
"""Settings of the bot that runs here, which one that is measured does not share."""

_BETWEEN = 0.01
"""Seconds between two looks at a process."""

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


class CommandError(Exception):
    """A command that did not do what it was to; the message is its own last line."""


@dataclass(frozen=True)
class Costs:
    """Of a command from its start to its end.

    Attributes:
        wall, cpu: seconds.
        megabytes: the most it held in memory; None where unknown.
    """

    wall: float
    cpu: float
    megabytes: float | None


def run_command(arguments: Sequence[str], folder: Path, settings: Mapping[str, str]) -> Costs:
    """Runs ``python -m ARGUMENTS`` of this project in ``folder``, and waits for its end.

    Raises:
        CommandError: where it fails.
    """
    errors = folder / "stderr"
    started = time.perf_counter()
    with errors.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=folder,
            env=environment_of_ours(settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=file,
        )
        try:
            status, cpu, most = _watched(process)
        except BaseException:
            process.kill()
            process.wait()
            raise
    wall = time.perf_counter() - started
    if status:
        lines = errors.read_text(errors="replace").strip().splitlines() or ["it says nothing"]
        raise CommandError(f"{' '.join(arguments[:3])}: {lines[-1]}")
    return Costs(wall, cpu, most)


def _watched(process: "subprocess.Popen[bytes]") -> tuple[int, float, float | None]:
    """Waits for its end: exit status, seconds of the processor, the most megabytes.

    What ``wait4`` tells of a process's memory is this one's, from before the other began.
    """
    most = None
    while True:
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, usage.ru_utime + usage.ru_stime, most
        most = megabytes(process.pid, "VmHWM") or most
        time.sleep(_BETWEEN)


def settings_of_commands(settings: Settings, bundle: Path) -> dict[str, str]:
    """The settings of other processes as environment: all but what makes a bot a particular one."""
    own: dict[str, object] = {
        name.upper(): getattr(settings, name) for name in Settings.model_fields
    }
    own["MODEL_DIR"] = bundle.absolute()
    own["WEIGHTS_DIR"] = settings.weights_dir.absolute()
    return {name: str(value) for name, value in own.items() if name not in _OF_A_BOT and value}


def environment_of_ours(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment in which another Python has this project, and these settings alone."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    inherited = {name: value for name, value in os.environ.items() if name not in _OF_A_BOT}
    return {**inherited, "PYTHONPATH": path, **settings}


def cpu_seconds(pid: int) -> float | None:
    """What a process has taken of the processor until now."""
    try:
        fields = (PROCESSES / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / _TICKS


def megabytes(pid: int, line: str = "VmRSS") -> float | None:
    """What a process holds in memory now, or with ``VmHWM`` the most it ever did."""
    try:
        lines = (PROCESSES / str(pid) / "status").read_text().splitlines()
    except OSError:
        return None
    found = (text.split()[1] for text in lines if text.startswith(f"{line}:"))
    return next((int(kilobytes) / 2**10 for kilobytes in found), None)


def machine_seconds() -> tuple[float, float] | tuple[None, None]:
    """What all processes have taken of all processors until now, and what other machines took.

    Where this is a virtual machine, its host may give its processors to others.
    """
    try:
        times = (PROCESSES / "stat").read_text().splitlines()[0].split()[1:]
    except OSError:
        return None, None
    user, nice, system, _idle, _waiting, irq, softirq, stolen = map(int, times[:8])
    return (user + nice + system + irq + softirq) / _TICKS, stolen / _TICKS


def load_average() -> float | None:
    """How many processes wanted a processor, over the last minute."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None
