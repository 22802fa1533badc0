from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.datasets.format import DatasetError, Problems
from training.fitting.sizes import (
    BROAD,
    MIDDLE,
    NICHE,
    read_post_counts,
    size_by_posts,
    size_of,
    sizes,
)


def test_hashtags_of_a_hundred_thousand_to_ten_million_posts_are_of_the_middle() -> None:
    posts = np.array([0, 99_999, 100_000, 10_000_000, 10_000_001, 2_000_000_000])
    assert size_by_posts(posts).tolist() == [NICHE, NICHE, MIDDLE, MIDDLE, BROAD, BROAD]


def test_without_counts_the_few_hashtags_that_everybody_uses_are_broad() -> None:
    uses = np.array([500, 250, 250, *[10] * 50, 0])
    assert size_of(uses).tolist() == [BROAD, MIDDLE, MIDDLE, *[NICHE] * 50, NICHE]


def test_a_hashtag_that_the_file_lacks_is_sized_by_its_rank() -> None:
    uses = np.array([900, 10, 10])
    counts = {"love": 2_000_000_000, "smallcraft": 150_000}
    assert sizes(["love", "smallcraft", "unlisted"], uses, counts).tolist() == [2, 1, 0]
    assert sizes(["love", "smallcraft", "unlisted"], uses).tolist() == [2, 0, 0]


@given(st.lists(st.integers(0, 10**6), min_size=1), st.randoms(use_true_random=False))
def test_sizes_follow_the_uses_and_not_the_order(uses: list[int], random: Random) -> None:
    given_order = size_of(np.array(uses))
    assert given_order.dtype == np.int8
    by_uses: dict[int, int] = {}
    for use, size in zip(uses, given_order.tolist(), strict=True):
        assert by_uses.setdefault(use, size) == size
    ordered = [by_uses[use] for use in sorted(by_uses)]
    assert ordered == sorted(ordered)
    shuffled = list(uses)
    random.shuffle(shuffled)
    assert size_of(np.array(shuffled)).tolist() == [by_uses[use] for use in shuffled]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("tag,posts\n#Beach,300000\ncafé,5\n", "utf-8"),
        ("Tag, Posts\r\nbeach, 300000\r\ncafé, 5\r\n", "utf-8-sig"),
        ("tag;posts\nbeach;300 000\ncafé;5\n", "cp1252"),
        ('rank,tag,posts\n1,beach,"300,000"\n2,café,5\n', "utf-16"),
    ],
)
def test_post_counts_are_read_as_spreadsheets_write_them(
    tmp_path: Path, text: str, encoding: str
) -> None:
    path = tmp_path / "counts.csv"
    path.write_bytes(text.encode(encoding))
    assert read_post_counts(path) == {"beach": 300_000, "café": 5}


def test_broken_rows_of_post_counts_are_counted_by_reason(tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    path.write_text("tag,posts\nbeach,9\n123,9\nsea,many\nsand,-1\nshort\n", encoding="utf-8")
    problems = Problems()
    assert read_post_counts(path, problems) == {"beach": 9}
    assert problems.counts == {
        "not a hashtag: no letter": 1,
        "no number of posts": 2,
        "fewer than no posts": 1,
    }


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "must name the columns tag,posts"),
        (b"beach,9\n", "must name the columns tag,posts"),
        (b"tag,posts\n", "has no usable row"),
        (b"\xff\xfe\x00", "Save it as UTF-8"),
        (b"tag,posts\n" + b"a" * 200_000 + b",1\n", "cannot be read as CSV"),
    ],
)
def test_a_file_that_is_no_post_counts_is_told_in_a_sentence(
    tmp_path: Path, data: bytes, sentence: str
) -> None:
    path = tmp_path / "counts.csv"
    path.write_bytes(data)
    with pytest.raises(DatasetError, match=sentence):
        read_post_counts(path)


def test_a_missing_file_of_post_counts_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="cannot be read"):
        read_post_counts(tmp_path / "none.csv")
