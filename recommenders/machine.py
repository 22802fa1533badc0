"""What this process may use of its machine: cores, memory and threads."""

import ctypes
import math
import os
import sys
from contextlib import suppress
from pathlib import Path

CONTAINER = Path("/sys/fs/cgroup")
"""The limits of a container."""

MOST_PHOTOS_AT_ONCE = 4
"""Bounds memory: each holds a photo and its features."""

_M_ARENA_MAX = -8
"""From ``malloc.h``."""


def cores() -> int:
    """Cores, by the process's affinity and its container's quota."""
    affinity = getattr(os, "sched_getaffinity", None)  # not everywhere
    allowed = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    try:
        quota, period = (CONTAINER / "cpu.max").read_text(encoding="ascii").split()
        return max(1, min(allowed, math.ceil(int(quota) / int(period))))
    except (OSError, ValueError):  # there is no quota, or it says "max"
        return allowed


def photos_at_once() -> int:
    """How many photos are computed in parallel: one a core, up to ``MOST_PHOTOS_AT_ONCE``."""
    return min(cores(), MOST_PHOTOS_AT_ONCE)


def free_memory() -> int | None:
    """Bytes that are free or can be freed, no more than the container's limit; None if unknown."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, StopIteration):
        return None
    try:
        return min(1024 * free, int((CONTAINER / "memory.max").read_text(encoding="ascii")))
    except (OSError, ValueError):
        return 1024 * free


def one_core_each() -> None:
    """Limits every thread of ours to one core; other photos in parallel use the others.

    A matrix product over several cores waits for the slowest at every step, which on a busy machine
    takes many times as long. OpenVINO's networks have threads of their own.
    """
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)
    if "torch" in sys.modules:  # backbones hold it to one thread themselves
        sys.modules["torch"].set_num_threads(1)


def one_heap() -> None:
    """Makes all threads started from now on share one heap, where the C library is glibc.

    By default it makes up to eight a core, and memory freed in one is of no use to the others. This
    saves the bot 18 MB under load and costs no time.
    """
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):  # another C library
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
