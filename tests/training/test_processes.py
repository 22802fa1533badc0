"""Work spread over processes that really run."""

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from training.processes import ProcessEndedError, cores, spread

ROOT = Path(__file__).resolve().parents[2]


def halving(name: str) -> Callable[[int], Iterator[tuple[str, int]]]:
    """Work that tells of every step, or ends in ways that work can end."""

    def halve(number: int) -> Iterator[tuple[str, int]]:
        if number == -1:
            raise ValueError("no half")
        if number == -9:
            os.kill(os.getpid(), signal.SIGKILL)
        while number > 1:
            number //= 2
            yield name, number

    return halve


@pytest.mark.parametrize("processes", [1, 2])
def test_jobs_tell_of_themselves_and_may_bring_others(processes: int) -> None:
    jobs = deque([8, 6])
    heard = []
    for job, told in spread(halving, ("half",), jobs, processes):
        heard.append((job, told))
        if (job, told) == (6, ("half", 1)):
            jobs.append(4)
    expected = [(8, 4), (8, 2), (8, 1), (6, 3), (6, 1), (4, 2), (4, 1)]
    assert sorted(heard) == sorted((job, ("half", number)) for job, number in expected)


@pytest.mark.parametrize("processes", [1, 2])
def test_what_a_job_raises_is_raised_here(processes: int) -> None:
    with pytest.raises(ValueError, match="no half"):
        list(spread(halving, ("half",), deque([8, -1]), processes))


def test_a_process_that_is_killed_is_told_and_the_others_end() -> None:
    heard: list[object] = []
    with pytest.raises(ProcessEndedError, match="signal 9"):
        heard.extend(spread(halving, ("half",), deque([-9, 8]), 2))
    assert _children(os.getpid()) == []


def working_on(log: str) -> Callable[[int], Iterator[int]]:
    """Work that takes long."""

    def work(number: int) -> Iterator[int]:
        yield number
        time.sleep(60)

    return work


def run_for_long() -> None:
    """Prints that work has begun, and works until it is stopped."""
    with closing(spread(working_on, ("",), deque([1, 2]), 2)) as told:
        for _ in told:
            print("begun", flush=True)


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


def test_there_is_a_core_at_least() -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)


def _children(process: int) -> list[str]:
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    found = [child for task in tasks for child in task.read_text().split()]
    return [c for c in found if "resource_tracker" not in Path(f"/proc/{c}/cmdline").read_text()]
