"""A bot that is killed loses nothing; ``python -m tests.crash_loop`` does it fifty times."""

from pathlib import Path

from tests.crash_loop import crash_loop


async def test_a_bot_that_is_killed_loses_nothing(tmp_path: Path) -> None:
    outcome = await crash_loop(2, tmp_path, between=0.5)
    assert outcome.photos >= 6
    assert (outcome.unanswered, outcome.lost) == (0, 0)
