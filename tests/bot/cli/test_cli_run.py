"""``tag4pic run`` as people start it: an address to open, and Ctrl-C."""

import json
import re
import signal
import socket
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.started import started

Tag4pic = Callable[..., Any]


def test_run_prints_the_chats_address_serves_it_and_stops_on_ctrl_c(
    command: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        metrics_port = unused.getsockname()[1]
    monkeypatch.setenv("METRICS_PORT", str(metrics_port))
    monkeypatch.setenv("LOG_FORMAT", "json")
    with started([*command, "run", "--port", "0"]) as process:
        assert process.stdout is not None and process.stderr is not None
        lines = iter(process.stdout.readline, "")
        address = next(
            found[0] for line in lines if (found := re.search(r"http://127\.0\.0\.1:\S+", line))
        )
        with urllib.request.urlopen(address) as page:
            assert "<html" in page.read().decode()
        with urllib.request.urlopen(f"http://127.0.0.1:{metrics_port}/health") as health:
            assert json.load(health)["status"] == "ok"
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 0
        log = process.stderr.read().splitlines()
        assert log and {json.loads(line)["level"] for line in log} == {"INFO"}


def test_a_port_that_is_taken_is_one_line_that_names_another(tag4pic: Tag4pic) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = tag4pic("run", "--port", str(port))
    assert result.exit_code == 1
    error = result.stderr.splitlines()[-1]
    assert error.startswith(f"Error: Port {port} cannot be used (Address already in use). ")
    assert error.endswith("tag4pic run --port 8080, or make run PORT=8080.")
