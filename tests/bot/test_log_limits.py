"""Log lines of one kind are limited, and it is told how many were left out."""

import logging

from bot.log_limits import Limited
from tests.bot.log_lines import logged_at


def record(
    line: int, message: str = "Somebody %s", level: int = logging.WARNING
) -> logging.LogRecord:
    return logging.LogRecord("bot", level, "file.py", line, message, ("knocked",), None)


def test_a_flood_of_one_kind_is_cut_and_counted_and_others_are_not() -> None:
    seconds = 0.0
    limited = Limited(most=3, window=60, clock=lambda: seconds)
    assert [limited.filter(record(1)) for _ in range(10)] == [True] * 3 + [False] * 7
    assert limited.filter(record(2))
    assert all(limited.filter(record(1, level=logging.DEBUG)) for _ in range(10))
    seconds = 61.0
    later = record(1)
    assert limited.filter(later)
    assert later.getMessage() == "Somebody knocked (7 more like this were left out)"


def test_the_bots_log_is_limited() -> None:
    with logged_at("INFO") as stream:
        for number in range(500):
            logging.getLogger("anything").warning("line %d", number)
    assert 0 < len(stream.getvalue().splitlines()) < 100
