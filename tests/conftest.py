"""What every test runs under."""

import pytest

from recommenders.machine import one_core_each


@pytest.fixture(scope="session", autouse=True)
def one_core() -> None:
    """Compute on one core, as the bot does.

    Sums over two cores differ from those over one in their last digits, and on a busy machine cores
    that wait for each other cost most of a test's time.
    """
    one_core_each()
