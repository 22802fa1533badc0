"""A platform's counts of posts, as spreadsheets and programs write them."""

from pathlib import Path

import pytest

from training.datasets.format import DatasetError
from training.datasets.post_counts import PostCounts, read_post_counts

HASHTAGS = ("beach", "café", "море", "straße")


def read(tmp_path: Path, text: str | bytes, encoding: str = "utf-8") -> PostCounts:
    path = tmp_path / "counts.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return read_post_counts(path, HASHTAGS)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("tag,posts\n#Beach,300000\ncafé,5\nelsewhere,9\n", "utf-8"),
        ("Tag, Posts\r\nbeach, 300000\r\ncafé, 5\r\n", "utf-8-sig"),
        ("tag;posts\nbeach;300 000\ncafé;5\n", "cp1252"),
        ('rank,hashtag,media_count\n1,beach,"300,000"\n2,café,5.0\n', "utf-16"),
        ("sep=|\nposts|tag\n300k|beach\n5|café\n", "utf-16-le"),
        ("\nbeach\t300000\ncafé\t5\n", "utf-8"),
    ],
)
def test_counts_are_read_whatever_the_columns_and_the_encoding(
    tmp_path: Path, text: str, encoding: str
) -> None:
    assert read(tmp_path, text, encoding).posts == {"beach": 300_000, "café": 5}


def test_counts_in_an_old_encoding_are_read_and_that_is_told(tmp_path: Path) -> None:
    counted = read(tmp_path, "tag,posts\nморе,7\nпляж,8\n", "cp1251")
    assert counted.posts == {"море": 7}
    assert "counts.csv is not UTF-8; it was read as cp1251 (Cyrillic)" in counted.problems.notes[0]


def test_a_hashtag_is_met_in_another_spelling(tmp_path: Path) -> None:
    assert read(tmp_path, "tag,posts\nSTRASSE,7\n").posts == {"straße": 7}


def test_what_cannot_be_used_is_counted_with_its_line(tmp_path: Path) -> None:
    lines = [
        *("tag,posts", "beach,9", "123,9", "sea,many", "sand,-1", "short", "beach,12", "beach,3"),
        *("a,b,9", '"quote,9', "x" * 20_000 + ",1", f"much,{10**20}", "empty,"),
    ]
    counted = read(tmp_path, "\n".join(lines))
    assert counted.posts == {"beach": 12}
    assert counted.lines == len(lines)
    assert counted.problems.examples == {
        "not a hashtag: no letter": ["line 3: 123"],
        "not a number of posts": ["line 4: many", f"line 12: {10**20}", "line 13: "],
        "a negative number of posts": ["line 5: -1"],
        "fewer cells than the first line": ["line 6"],
        "hashtag listed again: its largest count is used": ["line 7: #beach", "line 8: #beach"],
        "more cells than the first line": ["line 9"],
        "not CSV: a quote is not closed": ["line 10"],
        "longer than 10,000 characters": ["line 11"],
    }


def test_counts_of_other_hashtags_are_not_kept_and_that_is_told(tmp_path: Path) -> None:
    counted = read(tmp_path, "tag,posts\n" + "".join(f"other{n},1\n" for n in range(2_000)))
    assert counted.posts == {}
    assert "None of 4 hashtags is in counts.csv" in counted.problems.notes[0]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "It is empty"),
        (b"beach,nine\n", "must name the columns tag,posts. It reads: beach, nine"),
        (b'"tag,posts\nbeach,9\n', "a quote is not closed in line 1"),
        (b"tag,posts\n\n", "has no usable line"),
        (b"tag,posts\nbeach,-1\n", "no usable lines. 1 × a negative number"),
        (b"PK\x03\x04\x00\x00" + bytes(range(1, 256)) * 4, "save it as CSV"),
    ],
)
def test_a_file_that_is_no_post_counts_is_told_in_a_sentence(
    tmp_path: Path, data: bytes, sentence: str
) -> None:
    with pytest.raises(DatasetError, match=sentence):
        read(tmp_path, data)


def test_a_folder_is_no_file_of_post_counts(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="it is not a file"):
        read_post_counts(tmp_path, HASHTAGS)
