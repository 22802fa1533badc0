"""What waited is answered at the next start; ``python -m tests.backlog`` does it with 5,000."""

from pathlib import Path

from tests.backlog import backlog


async def test_waiting_photos_are_all_answered_though_the_bot_dies_in_the_middle(
    tmp_path: Path,
) -> None:
    outcome = await backlog(60, 1, tmp_path, chats=20)
    assert sum(outcome.waiting[0]) > 0
    assert (outcome.unanswered, outcome.oftener) == (0, 0)
