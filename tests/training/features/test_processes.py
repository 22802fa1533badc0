"""Work spread over processes that really run."""

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest

from recommenders.machine import cores, free_memory
from training.features.processes import ProcessEndedError, spread

ROOT = Path(__file__).resolve().parents[3]


Heard = list[tuple[int, tuple[str, int]]]


def halving(name: str) -> Callable[[int, Callable[[tuple[str, int]], None]], None]:
    """Work that tells of every step, or ends in ways that work can end."""

    def halve(number: int, tell: Callable[[tuple[str, int]], None]) -> None:
        if number == -1:
            raise ValueError("no half")
        if number == -9:
            os.kill(os.getpid(), signal.SIGKILL)
        while number > 1:
            number //= 2
            tell((name, number))

    return halve


@pytest.mark.parametrize("processes", [1, 2])
def test_jobs_tell_of_themselves_and_may_bring_others(processes: int) -> None:
    jobs = deque([8, 6])
    heard: Heard = []

    def hear(job: int, told: tuple[str, int]) -> None:
        heard.append((job, told))
        if (job, told) == (6, ("half", 1)):
            jobs.append(4)

    spread(halving, ("half",), jobs, processes, hear)
    expected = [(8, 4), (8, 2), (8, 1), (6, 3), (6, 1), (4, 2), (4, 1)]
    assert sorted(heard) == sorted((job, ("half", number)) for job, number in expected)


@pytest.mark.parametrize("processes", [1, 2])
def test_what_a_job_raises_is_raised_here(processes: int) -> None:
    with pytest.raises(ValueError, match="no half"):
        spread(halving, ("half",), deque([8, -1]), processes, lambda *_: None)


def test_a_process_that_is_killed_is_told_and_the_others_end() -> None:
    with pytest.raises(ProcessEndedError, match="signal 9"):
        spread(halving, ("half",), deque([-9, 8]), 2, lambda *_: None)
    assert _children(os.getpid()) == []


def sleeping() -> Callable[[int, Callable[[str], None]], None]:
    """Work that takes long."""

    def sleep(seconds: int, tell: Callable[[str], None]) -> None:
        tell("begun")
        time.sleep(seconds)

    return sleep


def run_for_long() -> None:
    """Prints that work has begun, and works until it is stopped."""
    spread(sleeping, (), deque([60, 60]), 2, lambda _, told: print(told, flush=True))


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_no_process_outlives_the_one_that_started_it(ending: signal.Signals) -> None:
    code = (
        "import sys\n"
        f"sys.path[:0] = [{str(ROOT)!r}, {str(Path(__file__).parent)!r}]\n"
        "from test_processes import run_for_long\n"
        "try:\n    run_for_long()\nexcept KeyboardInterrupt:\n    sys.exit(130)\n"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert started.stdout is not None
    assert [started.stdout.readline() for _ in range(2)] == ["begun\n"] * 2
    workers = _children(started.pid)
    # Ctrl-C goes to all that run in the terminal, a kill to one.
    if ending == signal.SIGINT:
        os.killpg(started.pid, ending)
    else:
        started.kill()
    began = time.monotonic()
    _, errors = started.communicate(timeout=20)
    assert (started.returncode, errors) == (130 if ending == signal.SIGINT else -9, "")
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() - began < 10
        time.sleep(0.05)


def test_a_container_has_no_more_than_its_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recommenders.machine._CONTAINER", tmp_path)
    all_cores, all_memory = cores(), free_memory()
    assert 1 <= all_cores <= (os.cpu_count() or 1)
    for name in ("cpu.max", "memory.max"):
        (tmp_path / name).write_text("max 100000\n" if name == "cpu.max" else "max\n")
    assert cores() == all_cores
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    (tmp_path / "memory.max").write_text("1048576\n")
    assert cores() == 1
    assert all_memory is None or free_memory() == 2**20


def _children(process: int) -> list[str]:
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    found = [child for task in tasks for child in task.read_text().split()]
    return [c for c in found if "resource_tracker" not in Path(f"/proc/{c}/cmdline").read_text()]
