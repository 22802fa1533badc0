"""Time, CPU and memory of other processes, and CPU of the whole machine.

Complete on Linux only; elsewhere unknown values are None.
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
"""The folder that contains the packages."""

_OF_A_BOT = frozenset(
    {
        *("ADMIN_IDS", "API_KEY", "BOT_TOKEN", "BUNDLE", "DATABASE_URL", "FINETUNE_EVERY"),
        *("LOG_FORMAT", "LOG_LEVEL", "METRICS_PORT", "TELEGRAM_API_URL", "WEBHOOK_SECRET"),
        "WEBHOOK_URL",
    }
)
"""Settings of the bot on this machine that a measured one must not share."""

_INTERVAL = 0.01
"""Seconds between two checks of a process."""

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


class CommandError(Exception):
    """A command failed; the message ends with the last line of its error output."""


@dataclass(frozen=True)
class Costs:
    """The costs of a command from its start to its end.

    Attributes:
        wall, cpu: seconds.
        megabytes: its peak memory; None where unknown.
    """

    wall: float
    cpu: float
    megabytes: float | None


def run_command(arguments: Sequence[str], folder: Path, settings: Mapping[str, str]) -> Costs:
    """Runs ``python -m ARGUMENTS`` of this project in ``folder`` to its end.

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
    """Waits for the end of a process: exit status, CPU seconds, peak megabytes.

    ``wait4`` gives the peak of this process from before the fork, so memory is polled.
    """
    most = None
    while True:
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, usage.ru_utime + usage.ru_stime, most
        most = megabytes(process.pid, "VmHWM") or most
        time.sleep(_INTERVAL)


def settings_of_commands(settings: Settings, bundle: Path) -> dict[str, str]:
    """The environment for measured processes: the settings without those of a particular bot."""
    own: dict[str, object] = {
        name.upper(): getattr(settings, name) for name in Settings.model_fields
    }
    own["MODEL_DIR"] = bundle.absolute()
    own["WEIGHTS_DIR"] = settings.weights_dir.absolute()
    return {name: str(value) for name, value in own.items() if name not in _OF_A_BOT and value}


def environment_of_ours(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment for another Python with this project and no settings but these."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    inherited = {name: value for name, value in os.environ.items() if name not in _OF_A_BOT}
    return {**inherited, "PYTHONPATH": path, **settings}


def cpu_seconds(pid: int) -> float | None:
    """The CPU seconds of a process until now."""
    try:
        fields = (PROCESSES / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / _TICKS


def megabytes(pid: int, line: str = "VmRSS") -> float | None:
    """The memory of a process in megabytes: now, or its peak with ``VmHWM``."""
    try:
        lines = (PROCESSES / str(pid) / "status").read_text().splitlines()
    except OSError:
        return None
    values = (text.split()[1] for text in lines if text.startswith(f"{line}:"))
    return next((int(kilobytes) / 2**10 for kilobytes in values), None)


def machine_seconds() -> tuple[float, float] | tuple[None, None]:
    """The CPU seconds of all processes until now, and the seconds stolen by other machines.

    The host of a virtual machine may give its processors to others.
    """
    try:
        times = (PROCESSES / "stat").read_text().splitlines()[0].split()[1:]
    except OSError:
        return None, None
    user, nice, system, _idle, _waiting, irq, softirq, stolen = map(int, times[:8])
    return (user + nice + system + irq + softirq) / _TICKS, stolen / _TICKS


def load_average() -> float | None:
    """The load average of the last minute."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None
