"""A step of a fit that is computed while others are."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


def beside(compute: Callable[[], T], *, worth_it: bool) -> Future[T]:
    """Computes in a thread of its own, or at once where that is not worth a thread.

    Who is interrupted or fails meanwhile does not wait for the thread, nor does the end of Python.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(compute())
        except BaseException as error:
            future.set_exception(error)  # of who asks for the result

    if worth_it:
        Thread(target=run, name="beside", daemon=True).start()
    else:
        future.set_result(compute())
    return future
