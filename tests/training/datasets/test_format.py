"""``posts.jsonl`` as people's programs write it."""

import json
import os
from pathlib import Path

import pytest

from training.datasets.format import DatasetError, Post, Problems, read_posts


def _read(folder: Path, text: str, encoding: str = "utf-8") -> tuple[list[Post], Problems]:
    (folder / "posts.jsonl").write_text(text, encoding=encoding)
    problems = Problems()
    return read_posts(folder, problems), problems


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_first_post_is_read_whatever_marks_the_encoding(tmp_path: Path, encoding: str) -> None:
    posts, problems = _read(tmp_path, '{"hashtags": ["море"]}\n{"hashtags": ["sea"]}\n', encoding)
    assert [post.hashtags for post in posts] == [("море",), ("sea",)]
    assert not problems.counts


@pytest.mark.parametrize(
    ("likes", "expected"),
    [
        ("12.0", 12),
        ("0", 0),
        ("NaN", None),
        ("null", None),
        ("-1", None),
        ("-1.0", None),
        ('"12"', 12),
        ('"1,234"', 1234),
        ('"1.2k"', 1200),
        ('"2.3k"', 2300),
        ('"12.0"', 12),
        ('""', None),
        ('" NaN "', None),
        ('"None"', None),
        ('"hidden"', None),
    ],
)
def test_likes_are_whole_numbers_however_written(
    tmp_path: Path, likes: str, expected: int | None
) -> None:
    posts, problems = _read(tmp_path, f'{{"hashtags": ["sea"], "likes": {likes}}}\n')
    assert posts[0].likes == expected and not problems.counts


@pytest.mark.parametrize("likes", ["true", '"many"', "1.5", '"1.5"', '"12,5"', "Infinity", "[]"])
def test_likes_that_are_no_number_are_counted(tmp_path: Path, likes: str) -> None:
    posts, problems = _read(tmp_path, f'{{"hashtags": ["sea"], "likes": {likes}}}\n')
    assert posts[0].likes is None
    assert problems.counts == {"likes are not a whole number": 1}


@pytest.mark.parametrize("likes", [f"{10**13}", "9" * 400, "1e300"])
def test_more_likes_than_can_be_are_counted(tmp_path: Path, likes: str) -> None:
    posts, problems = _read(tmp_path, f'{{"hashtags": ["sea"], "likes": {likes}}}\n')
    assert posts[0].likes is None
    assert problems.counts == {"impossibly many likes": 1}


def test_pictures_that_are_too_many_for_an_album_are_posts_of_their_own(tmp_path: Path) -> None:
    lines = [json.dumps({"hashtags": ["sea"], "album": "twenty"})] * 20
    lines += [json.dumps({"hashtags": ["sea"], "album": "more"})] * 21
    posts, _ = _read(tmp_path, "\n".join(lines))
    assert [post.album for post in posts] == ["twenty"] * 20 + [None] * 21


def test_splits_go_by_their_usual_names(tmp_path: Path) -> None:
    names = ("TRAIN", "val", " Test ", "mine")
    lines = [json.dumps({"hashtags": ["sea"], "split": name}) for name in names]
    posts, _ = _read(tmp_path, "\n".join(lines))
    assert [post.split for post in posts] == ["train", "validation", "test", "mine"]


@pytest.mark.skipif(os.name == "nt", reason="pipes as POSIX has them")
def test_an_image_that_is_a_pipe_is_left_out_as_nothing_may_ever_come_from_it(
    tmp_path: Path,
) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    posts, problems = _read(tmp_path, '{"hashtags": ["sea"], "image": "pipe.jpg"}\n')
    assert posts[0].image is None
    assert problems.counts == {"image is not a file": 1}


def test_rows_of_any_shape_never_stop_the_reading(tmp_path: Path) -> None:
    rows = [
        '{"hashtags": [null, true, 5, ["a"], "sea"]}',
        '{"hashtags": ["sun"], "image": "\\u0000.jpg"}',
        "[" * 100_000,
    ]
    posts, problems = _read(tmp_path, "\n".join(rows))
    assert [post.hashtags for post in posts] == [("sea",), ("sun",)]
    assert problems.counts == {
        "not a hashtag: not text": 4,
        "image has an impossible name": 1,
        "not JSON": 1,
    }


def test_an_empty_dataset_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "posts.jsonl").write_text("")
    with pytest.raises(DatasetError, match=r"has no usable post\.$"):
        read_posts(tmp_path)
