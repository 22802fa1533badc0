"""Turns pip's report of what it would install into the pins of ``requirements.lock``.

``make lock`` runs it: the report comes in, the lock goes out.
"""

import json
import re
import sys

HEADER = """\
# Every package that tag4pic, its extras and its tests install, at the version that is tested.
# `make setup` installs with `pip install -c requirements.lock`; `make lock` writes this file.
"""

RANGES = {"torch": ">=2.13,<2.14", "torchvision": ">=0.28,<0.29"}
"""Built differently for each machine (with CUDA or without), so no one version fits all."""

LEFT_OUT = re.compile(r"tag4pic|triton|(nvidia|cuda)-.+")
"""Ourselves, and what only torch's builds for a GPU bring along."""


def pins(report: dict) -> list[str]:
    """A line a package, by name."""
    versions = {
        re.sub(r"[-_.]+", "-", package["metadata"]["name"]).lower(): package["metadata"]["version"]
        for package in report["install"]
    }
    return [
        name + RANGES.get(name, f"=={version}")
        for name, version in sorted(versions.items())
        if not LEFT_OUT.fullmatch(name)
    ]


if __name__ == "__main__":
    print(HEADER + "\n".join(pins(json.load(sys.stdin))))
