"""What this machine, or the container that we run in, has."""

import os
from pathlib import Path

import pytest

from recommenders.machine import cores, free_memory


def test_a_container_has_no_more_than_its_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recommenders.machine.CONTAINER", tmp_path)
    all_cores, all_memory = cores(), free_memory()
    assert 1 <= all_cores <= (os.cpu_count() or 1)
    for name in ("cpu.max", "memory.max"):
        (tmp_path / name).write_text("max 100000\n" if name == "cpu.max" else "max\n")
    assert cores() == all_cores
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    (tmp_path / "memory.max").write_text("1048576\n")
    assert cores() == 1
    assert all_memory is None or free_memory() == 2**20
