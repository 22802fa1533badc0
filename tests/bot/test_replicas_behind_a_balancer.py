"""The short form of ``python -m tests.replicas``."""

import pytest

from tests.replicas import at_work_together, missing


@pytest.mark.skipif(missing() is not None, reason=str(missing()))
async def test_whoever_is_killed_nothing_is_lost() -> None:
    outcome = await at_work_together(3.0, people=3, lease=8.0)
    assert (outcome.unanswered, outcome.lost) == (0, 0), outcome
    assert outcome.photos > 3
