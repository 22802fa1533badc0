"""Numbers as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.datasets.numbers_in_text import parse_number

WHOLE = st.integers(0, 10**9)


@given(WHOLE, st.sampled_from(", .'’\u00a0\u202f"))
def test_a_number_is_read_whatever_groups_its_digits(number: int, mark: str) -> None:
    assert parse_number(f"{number:,}".replace(",", mark)) == number


@given(
    WHOLE,
    st.integers(0, 3),
    st.sampled_from(".,"),
    st.sampled_from([("k", 3), ("K", 3), (" k", 3), ("m", 6), ("M", 6)]),
)
def test_before_a_suffix_a_mark_is_a_decimal_one(
    digits: int, decimals: int, mark: str, suffix: tuple[str, int]
) -> None:
    text = f"{digits / 10**decimals:.{decimals}f}".replace(".", mark)
    assert parse_number(text + suffix[0]) == digits * 10 ** (suffix[1] - decimals)


@pytest.mark.parametrize(
    ("text", "number"),
    [("1 234k", 1_234_000), ("1,234.5k", 1_234_500), ("1.234.567k", 1_234_567_000)],
)
def test_digits_that_only_can_be_groups_are_groups_before_a_suffix_too(
    text: str, number: int
) -> None:
    assert parse_number(text) == number


def test_no_group_follows_a_zero() -> None:
    assert parse_number("0.499") == 0
    assert parse_number("0,501") == 1
