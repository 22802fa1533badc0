"""What this process may use of its machine: cores, memory and threads."""

import ctypes
import math
import os
import sys
from contextlib import suppress
from pathlib import Path

CONTAINER = Path("/sys/fs/cgroup")
"""Where the limits of a container stand."""

MOST_PHOTOS_AT_ONCE = 4
"""Each holds a photo and its features in memory."""

_M_ARENA_MAX = -8
"""Of ``malloc.h``."""


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
    """How many photos are computed side by side: one a core, and a few at most."""
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
    """Lets every thread of ours compute on one core; photos side by side use the others.

    A product of matrices over several cores waits for the slowest of them at every step, which on a
    busy machine takes many times as long. OpenVINO's networks have threads of their own.
    """
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)
    if "torch" in sys.modules:  # backbones hold it to one thread themselves
        sys.modules["torch"].set_num_threads(1)


def one_heap() -> None:
    """Lets all threads that start from here on share one heap, where the C library is glibc.

    It would make eight a core, and what is freed in one is of no use to the others. So the bot
    takes 18 MB less under load, and no more time.
    """
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):  # another C library
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
