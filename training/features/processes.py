"""Jobs in several processes, none of which is ever left behind.

Built on ``concurrent.futures``. Beyond that, workers end at once, in the middle of a job, when this
process is interrupted or killed: each watches a pipe whose other end only this process holds.
Ctrl-C reaches this process only, and jobs report progress through a queue.
"""

import os
import pickle
import signal
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import active_children, get_context, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.queues import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")
Message = TypeVar("Message")

Work = Callable[[Job, Callable[[Message], None]], Result]
"""Does one job, and reports its progress to the function passed with it."""

_SECONDS = 0.2
"""Between two polls for progress."""


class ProcessEndedError(Exception):
    """A process that worked for this one ended before its job was done."""


def run_jobs(
    start: Callable[..., Work[Job, Message, Result]],
    args: tuple[Any, ...],
    jobs: deque[Job],
    processes: int,
    on_result: Callable[[Job, Result], None],
    on_progress: Callable[[Message], None] = lambda message: None,
) -> None:
    """Does jobs in several processes.

    Args:
        start: called with ``args`` once in each process; returns the function that does one job.
            It is pickled by name, so it must be at the top level of a module.
        jobs: taken from the left; ``on_result`` may add others.
        processes: how many; 1 runs all jobs in this process.
        on_result: called in this process with a job and its result, in no fixed order.
        on_progress: called in this process with a job's messages, before its result.

    Raises:
        ProcessEndedError: where a process was killed.
        Exception: whatever a job raised.
    """
    if processes <= 1:
        work = start(*args)
        while jobs:
            job = jobs.popleft()
            on_result(job, work(job, on_progress))
        return
    # Not forked: the thread pools of torch and BLAS do not survive a fork.
    context = get_context("spawn")
    messages: SimpleQueue[Message] = context.SimpleQueue()
    alive, own_end = context.Pipe(duplex=False)
    # Not pickled by multiprocessing, which would put tensors into shared memory: containers
    # have little of it.
    pool = ProcessPoolExecutor(
        processes, context, _begin, (alive, messages, pickle.dumps((start, args)))
    )
    others = set(active_children())
    workers: set[BaseProcess] = set()
    pending: dict[Future[Result], Job] = {}
    with alive, own_end:
        try:
            while jobs or pending:
                with _ctrl_c_blocked():  # a process starts when it gets its first job
                    while jobs:
                        job = jobs.popleft()
                        pending[pool.submit(_do, job)] = job
                workers |= set(active_children()) - others
                done, _ = wait(pending, _SECONDS, FIRST_COMPLETED)
                while not messages.empty():
                    on_progress(messages.get())
                for future in done:
                    result = future.result()
                    on_result(pending.pop(future), result)
        except BrokenProcessPool:
            pool.shutdown()
            raise ProcessEndedError(_ending(workers)) from None
        except BaseException:
            own_end.close()  # the workers end in the middle of their jobs
            raise
        finally:
            pool.shutdown(cancel_futures=True)


def _ending(workers: set[BaseProcess]) -> str:
    """How the first process to end ended; the pool terminates the others."""
    for status in (worker.exitcode or 0 for worker in workers):
        if status not in (0, -signal.SIGTERM):
            return f"signal {-status}" if status < 0 else f"exit status {status}"
    return "stopped by another process"


class _Worker:
    """What a worker process was started with; empty in the process that started it."""

    messages: "SimpleQueue[Any]"
    pickled: bytes
    work: Work[Any, Any, Any] | None = None


def _begin(alive: Connection, messages: "SimpleQueue[Any]", pickled: bytes) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, args=(alive,), daemon=True).start()
    _Worker.messages, _Worker.pickled = messages, pickled


def _end_with_parent(alive: Connection) -> None:
    with suppress(EOFError, OSError):
        alive.recv()
    os._exit(1)


def _do(job: Any) -> Any:
    if _Worker.work is None:
        start, args = pickle.loads(_Worker.pickled)
        _Worker.work = start(*args)
    return _Worker.work(job, _Worker.messages.put)


@contextmanager
def _ctrl_c_blocked() -> Iterator[None]:
    """Keeps Ctrl-C from processes that start meanwhile, even before they ignore it themselves."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # its own start would undo this
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
