"""Logs one line for each photo or album to be answered, and counts its metrics.

The line has the outcome and the durations, no content. The chat is hashed with a key that exists
only in this process's memory, so nobody can tell later whose line it is.
"""

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from bot.metrics import Metrics

log = logging.getLogger(__name__)

_KEY = secrets.token_bytes(16)


@dataclass
class Request:
    """One photo or album to be answered.

    Attributes:
        known: whether somebody sent the photo before.
        outcome: ``answered``, ``unreadable``, ``failed`` or ``stopped``.
        error: the class of the exception that it ended with.
        seconds: by step.
    """

    chat: str
    photos: int
    backend: str = ""
    known: bool = False
    outcome: str = ""
    error: str = ""
    total: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of its JSON log line."""
        steps = {f"{step}_ms": round(1000 * took, 1) for step, took in self.seconds.items()}
        return {
            "chat": self.chat,
            "photos": self.photos,
            "backend": self.backend or None,
            "known": self.known,
            **steps,
            "total_ms": round(1000 * self.total, 1),
            "outcome": self.outcome,
            **({"error": self.error} if self.error else {}),
        }

    def __str__(self) -> str:
        steps = ", ".join(f"{step} {1000 * took:.0f}" for step, took in self.seconds.items())
        return (
            f"{self.outcome}{f' ({self.error})' if self.error else ''}: "
            f"{self.photos} photo{'' if self.photos == 1 else 's'} of chat {self.chat} in "
            f"{1000 * self.total:.0f} ms{f' ({steps})' if steps else ''}"
            f"{f' by {self.backend}' if self.backend else ''}{', known' if self.known else ''}"
        )


_current: ContextVar[Request | None] = ContextVar("request", default=None)


@contextmanager
def timed(step: str) -> Iterator[None]:
    """Adds the block's duration to a step of the current request, if there is one."""
    request, started = _current.get(), perf_counter()
    try:
        yield
    finally:
        if request is not None:
            took = perf_counter() - started
            request.seconds[step] = request.seconds.get(step, 0.0) + took


def note(*, backend: str, known: bool) -> None:
    """Notes that the current request was answered, by which backend, and for a known photo."""
    request = _current.get()
    if request is not None:
        request.outcome, request.backend, request.known = "answered", backend, known


@contextmanager
def logged(metrics: Metrics, chat_id: int, photos: int) -> Iterator[None]:
    """Logs and counts a photo or an album that is answered in the block.

    If it ends without ``note``, the photos count as unreadable.
    """
    request = Request(_hashed(chat_id), photos)
    token, started = _current.set(request), perf_counter()
    try:
        yield
    except asyncio.CancelledError:
        request.outcome = "stopped"
        raise
    except Exception as error:
        request.outcome, request.error = "failed", type(error).__name__
        raise
    finally:
        _current.reset(token)
        request.outcome = request.outcome or "unreadable"
        request.total = perf_counter() - started
        _count(metrics, request)
        log.info("%s", request, extra={"fields": request.fields})


def _count(metrics: Metrics, request: Request) -> None:
    metrics.requests.labels(request.backend or "none", request.outcome).inc()
    if request.outcome == "answered":
        metrics.seconds.observe(request.total)
        metrics.cached.inc(request.known)
    for step, took in request.seconds.items():
        metrics.steps.labels(step).observe(took)


def _hashed(chat_id: int) -> str:
    return hashlib.blake2b(str(chat_id).encode(), key=_KEY, digest_size=5).hexdigest()
