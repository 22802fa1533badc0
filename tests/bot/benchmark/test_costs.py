"""What other processes cost."""

import os
import sys
from pathlib import Path

import pytest

from bot.benchmark import costs
from bot.settings import Settings


def test_a_command_that_fails_is_told_with_its_last_line(tmp_path: Path) -> None:
    with pytest.raises(costs.CommandError, match=r"No module named bot\.nothing"):
        costs.run_command(["bot.nothing"], tmp_path, {})


def test_a_command_that_is_measured_shares_no_bot_s_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = {
        "BOT_TOKEN": "1:secret",
        "BUNDLE": "/srv/shelf",
        "LOG_FORMAT": "json",
        "METRICS_PORT": "9100",
        "WEBHOOK_URL": "https://example.org",
    }
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    settings = Settings(_env_file=None, tags_per_day=7)  # type: ignore[call-arg]
    environment = costs.environment_of_ours(costs.settings_of_commands(settings, tmp_path))
    assert not environment.keys() & {*own, "DATABASE_URL"}
    for name in own:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    measured = Settings(_env_file=None)  # type: ignore[call-arg]
    assert (measured.model_dir, measured.tags_per_day) == (tmp_path, 7)


@pytest.mark.skipif(sys.platform != "linux", reason="told on Linux alone")
def test_a_process_is_asked_for_its_time_and_memory() -> None:
    assert (costs.megabytes(os.getpid()) or 0) > 1
    assert (costs.cpu_seconds(os.getpid()) or 0) > 0
    all_processes, _ = costs.machine_seconds()
    assert (all_processes or 0) > (costs.cpu_seconds(os.getpid()) or 0)
    assert costs.megabytes(2**30) is None
