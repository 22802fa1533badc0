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
    monkeypatch.setenv("BOT_TOKEN", "1:secret")
    monkeypatch.setenv("WEBHOOK_URL", "https://example.org")
    settings = Settings(_env_file=None, tags_per_day=7)  # type: ignore[call-arg]
    environment = costs.environment_of_ours(costs.settings_of_commands(settings, tmp_path))
    assert not environment.keys() & {"BOT_TOKEN", "WEBHOOK_URL", "DATABASE_URL"}
    assert (environment["MODEL_DIR"], environment["TAGS_PER_DAY"]) == (str(tmp_path), "7")


@pytest.mark.skipif(sys.platform != "linux", reason="told on Linux alone")
def test_a_process_is_asked_for_its_time_and_memory() -> None:
    assert (costs.megabytes(os.getpid()) or 0) > 1
    assert (costs.cpu_seconds(os.getpid()) or 0) > 0
    all_processes, _ = costs.machine_seconds()
    assert (all_processes or 0) > (costs.cpu_seconds(os.getpid()) or 0)
    assert costs.megabytes(2**30) is None
