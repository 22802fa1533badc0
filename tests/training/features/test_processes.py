"""Jobs spread over processes that really run."""

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest

from training.features.processes import ProcessEndedError, run_jobs

ROOT = Path(__file__).resolve().parents[3]

Step = tuple[int, int]


def halving(name: str) -> Callable[[int, Callable[[Step], None]], str]:
    """Work that reports every step, or ends in ways that work can end."""

    def halve(number: int, report: Callable[[Step], None]) -> str:
        job = number
        if number == -1:
            raise ValueError("no half")
        if number == -9:
            os.kill(os.getpid(), signal.SIGKILL)
        while number > 1:
            number //= 2
            report((job, number))
        return f"{name} of {job}"

    return halve


def ignore(job: int, result: str) -> None:
    """A result that nobody needs."""


@pytest.mark.parametrize("processes", [1, 2])
def test_jobs_report_their_progress_and_results_may_bring_other_jobs(processes: int) -> None:
    jobs = deque([8, 6])
    steps: list[Step] = []
    results: list[tuple[int, str]] = []

    def on_result(job: int, result: str) -> None:
        results.append((job, result))
        if job == 6:
            jobs.append(4)

    run_jobs(halving, ("half",), jobs, processes, on_result, steps.append)
    assert sorted(steps) == sorted([(8, 4), (8, 2), (8, 1), (6, 3), (6, 1), (4, 2), (4, 1)])
    assert sorted(results) == [(job, f"half of {job}") for job in (4, 6, 8)]


@pytest.mark.parametrize("processes", [1, 2])
def test_what_a_job_raises_is_raised_here(processes: int) -> None:
    with pytest.raises(ValueError, match="no half"):
        run_jobs(halving, ("half",), deque([8, -1]), processes, ignore)


def test_a_process_that_is_killed_is_named_by_its_signal_and_the_others_end() -> None:
    before = _children(os.getpid())
    with pytest.raises(ProcessEndedError, match="signal 9"):
        run_jobs(halving, ("half",), deque([-9, 8]), 2, ignore)
    assert set(_children(os.getpid())) <= {*before}


def sleeping() -> Callable[[int, Callable[[str], None]], str]:
    """Work that takes long."""

    def sleep(seconds: int, report: Callable[[str], None]) -> str:
        report("begun")
        time.sleep(seconds)
        return "done"

    return sleep


def run_for_long() -> None:
    """Prints that work has begun, and works until it is stopped."""
    run_jobs(sleeping, (), deque([60, 60]), 2, ignore, lambda message: print(message, flush=True))


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
    assert len(workers) == 2
    # Ctrl-C goes to all that run in the terminal, a kill to one.
    if ending == signal.SIGINT:
        os.killpg(started.pid, ending)
    else:
        started.kill()
    began = time.monotonic()
    _, errors = started.communicate(timeout=120)
    assert started.returncode == (130 if ending == signal.SIGINT else -9)
    # Where the process was killed, multiprocessing says that it cleaned up its semaphores.
    assert errors == "" or (ending == signal.SIGKILL and "Traceback" not in errors)
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() - began < 120
        time.sleep(0.05)


def _children(process: int) -> list[str]:
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    children = [child for task in tasks for child in task.read_text().split()]
    return [
        child
        for child in children
        if "resource_tracker" not in Path(f"/proc/{child}/cmdline").read_text()
    ]
