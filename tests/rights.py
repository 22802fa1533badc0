"""Root without its privilege to read and write what is another user's, or as another user."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

_VERSION = 0x20080522
_PASSES_RIGHTS = 0b110
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH (capabilities(7))."""
_NOBODY = 65534


@contextmanager
def without_privileges() -> Iterator[None]:
    """While the block runs, this thread, and those that it starts, are held to files' rights."""
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_VERSION, 0)
    before = (ctypes.c_uint32 * 6)()
    assert libc.capget(header, before) == 0
    fewer = (ctypes.c_uint32 * 6)(*before)
    fewer[0] &= ~_PASSES_RIGHTS  # of those in effect
    assert libc.capset(header, fewer) == 0
    try:
        yield
    finally:
        assert libc.capset(header, before) == 0


@contextmanager
def as_nobody() -> Iterator[None]:
    """While the block runs, root is a user who owns nothing."""
    os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
