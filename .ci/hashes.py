"""Writes ``requirements.hashes``: what every file of each pinned release hashes to.

``make lock`` runs it: ``requirements.lock`` comes in, the hashes go out. All files of a release
count, so that the list serves each Python and each kind of machine.
"""

import json
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.request import Request, urlopen

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_version,
    parse_sdist_filename,
    parse_wheel_filename,
)

INDEX = "https://pypi.org/simple"

HEADER = """\
# Every pinned release of requirements.lock with the hashes of all its files. `make hashed` installs
# by them; PyTorch is not here, whose builds differ by machine. `make lock` writes this file.
"""


def hashes(pin: str) -> str:
    """A requirement with its hashes, as pip reads it.

    Args:
        pin: a package and its version, as ``httpx==0.28.1``.

    Raises:
        LookupError: where the index has no file of that release.
    """
    name, version = pin.split("==")
    accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
    with urlopen(Request(f"{INDEX}/{name}/", headers=accept), timeout=60) as answer:
        files = json.load(answer)["files"]
    of_release = sorted(
        {
            file["hashes"]["sha256"]
            for file in files
            if version_of(file["filename"]) == canonicalize_version(version)
        }
    )
    if not of_release:
        raise LookupError(f"{INDEX} has no file of {pin}")
    return " \\\n".join([pin, *(f"    --hash=sha256:{digest}" for digest in of_release)])


def version_of(filename: str) -> str | None:
    """The version that a file of a release holds; None for a file of no kind that pip installs."""
    try:
        parse = parse_wheel_filename if filename.endswith(".whl") else parse_sdist_filename
        return canonicalize_version(parse(filename)[1])
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None


def pins(lock: str) -> Iterator[str]:
    """What ``requirements.lock`` pins to one version."""
    return (line for line in lock.splitlines() if re.fullmatch(r"[^#=]+==\S+", line))


if __name__ == "__main__":
    with ThreadPoolExecutor(8) as pool:
        print(HEADER + "\n".join(pool.map(hashes, pins(sys.stdin.read()))))
