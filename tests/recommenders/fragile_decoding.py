"""A decoding process that some files end."""

import sys

import pytest

from recommenders import decoding_process

_FRAGILE = """
import runpy, sys
from recommenders import photos

def decode(data, shorter_side, decode=photos.decode):
    return sys.exit(7) if data.endswith(b"!") else decode(data, shorter_side)

photos.decode = decode
runpy.run_module("recommenders.decoding_process", run_name="__main__")
"""


def make_fragile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a file that ends in ``!`` end the process that decodes it."""
    monkeypatch.setattr(decoding_process, "_COMMAND", [sys.executable, "-P", "-c", _FRAGILE])
