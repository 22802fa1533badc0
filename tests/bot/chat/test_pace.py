"""Messages go out no faster than Telegram takes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.pace import Pace


class Clock:
    """Seconds, as a test wants them."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


def most_in(seconds: float, sent_at: list[float]) -> int:
    """The most of these moments in so many seconds, wherever they begin."""
    return max(sum(start <= at < start + seconds for at in sent_at) for start in sent_at)


@pytest.mark.parametrize(("chat_id", "seconds", "most"), [(5, 1, 6), (5, 60, 65), (-5, 60, 20)])
@given(gaps=st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.3, 7.0]), min_size=1, max_size=150))
def test_a_chat_gets_no_more_than_its_limit(
    chat_id: int, seconds: float, most: int, gaps: list[float]
) -> None:
    clock = Clock()
    pace = Pace(clock)
    sent_at = []
    for gap in gaps:
        clock.at += gap
        sent_at.append(clock.at + pace.in_chat(chat_id))
    assert sent_at == sorted(sent_at)
    assert most_in(seconds, sent_at) <= most


@given(gaps=st.lists(st.sampled_from([0.0, 0.0, 0.01, 2.0]), min_size=1, max_size=150))
def test_all_chats_together_get_thirty_a_second(gaps: list[float]) -> None:
    clock = Clock()
    pace = Pace(clock)
    sent_at = []
    for gap in gaps:
        clock.at += gap
        sent_at.append(clock.at + pace.overall())
    assert most_in(1.0, sent_at) <= 30


def test_a_few_answers_go_out_at_once_and_others_do_not_wait_for_a_chat_with_many() -> None:
    clock = Clock()
    pace = Pace(clock)
    clock.at += 60
    for chat, then in ((1, [0, 1, 2]), (2, [0, 1, 2]), (-3, [4, 8, 12])):
        assert [pace.in_chat(chat) for _ in range(7)] == [0, 0, 0, 0, *then]


def test_a_start_has_no_burst_since_the_process_before_may_have_had_it() -> None:
    pace = Pace(Clock())
    assert [pace.in_chat(1) for _ in range(4)] == [0, 1, 2, 3]
