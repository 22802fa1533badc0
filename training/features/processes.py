"""Work spread over processes, one a core.

Every process gets its jobs through a pipe of its own and ends where that closes, so none is left
behind however this one ends. Ctrl-C reaches this process alone, which then stops the others.
"""

import os
import pickle
import signal
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from threading import Thread
from typing import Any, TypeVar

Job = TypeVar("Job")
Told = TypeVar("Told")

_TOLD, _DONE, _FAILED = range(3)


class ProcessEndedError(Exception):
    """A process that worked for this one ended before its job was done."""

    def __init__(self, exit_status: int | None) -> None:
        status = exit_status or 0
        super().__init__(f"signal {-status}" if status < 0 else f"exit status {status}")


def spread(
    work: Callable[..., Callable[[Job, Callable[[Told], None]], None]],
    shared: tuple[Any, ...],
    jobs: deque[Job],
    processes: int,
    hear: Callable[[Job, Told], None],
) -> None:
    """Does jobs in several processes, and hears here what they tell of.

    Args:
        work: called with ``shared`` once in each process; gives the function that does one job and
            tells of it as often as it likes. It is found by its name there, so it is a module's
            own function.
        jobs: taken from the left; ``hear`` may add others.
        processes: how many; 1 does all in this one.
        hear: called with a job and what it told.

    Raises:
        ProcessEndedError: where a process was killed.
        Exception: whatever a job raised.
    """
    if processes <= 1:
        do = work(*shared)
        while jobs:
            job = jobs.popleft()
            do(job, partial(hear, job))
        return
    workers: list[_Worker] = []
    try:
        with _deaf_to_ctrl_c():
            workers += (_start() for _ in range(processes))
        # Not pickled by multiprocessing, which would put tensors into shared memory: containers
        # have little of it.
        beginning = pickle.dumps((work, shared))
        for worker in workers:
            worker.begin(beginning)
        while jobs or any(worker.job is not None for worker in workers):
            for worker in workers:
                if worker.job is None and jobs:
                    worker.give(jobs.popleft())
            busy = {worker.pipe: worker for worker in workers if worker.job is not None}
            for pipe in wait(list(busy)):
                worker = busy[pipe]  # type: ignore[index]
                job, (kind, told) = worker.job, worker.hear()
                if kind == _FAILED:
                    raise told
                if kind == _DONE:
                    worker.job = None
                else:
                    hear(job, told)
    finally:
        for worker in workers:
            worker.end()


@dataclass
class _Worker:
    """A process, and what it is doing."""

    process: SpawnProcess
    pipe: Connection
    job: Any = None

    def begin(self, beginning: bytes) -> None:
        with self._alive():
            self.pipe.send_bytes(beginning)

    def give(self, job: Any) -> None:
        self.job = job
        with self._alive():
            self.pipe.send(job)

    def hear(self) -> tuple[int, Any]:
        with self._alive():
            heard: tuple[int, Any] = self.pipe.recv()
        return heard

    def end(self) -> None:
        self.pipe.close()
        self.process.terminate()
        self.process.join()

    @contextmanager
    def _alive(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, ConnectionError):
            self.process.join()
            raise ProcessEndedError(self.process.exitcode) from None


def _start() -> _Worker:
    # Not forked: what torch and BLAS hold in their threads would be lost in the copy.
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()  # so that the pipe ends when the process does
    return _Worker(process, ours)


def _serve(pipe: Connection) -> None:
    """What a process does: a job after the other, until the pipe ends."""
    Thread(target=_end_with_parent, daemon=True).start()
    do = None
    with suppress(EOFError, ConnectionError):
        beginning = pipe.recv_bytes()
        while True:
            job = pipe.recv()
            try:
                if do is None:
                    work, shared = pickle.loads(beginning)
                    do = work(*shared)
                do(job, lambda told: pipe.send((_TOLD, told)))
                pipe.send((_DONE, None))
            except ConnectionError:
                return
            except Exception as error:
                error.add_note(traceback.format_exc())
                pipe.send((_FAILED, error))


def _end_with_parent() -> None:
    """Ends this process in the middle of a job where the one that started it was killed."""
    parent = parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Lets processes that are started meanwhile never hear of Ctrl-C, not even as they start."""
    resource_tracker.ensure_running()  # which would otherwise undo it as it starts itself
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
