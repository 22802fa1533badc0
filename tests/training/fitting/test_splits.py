"""Which posts of a dataset are trained on, and which are measured on."""

from pathlib import Path
from zlib import crc32

import pytest

from tests.shapes import write_posts
from training.datasets.format import DatasetError, Post, Problems
from training.fitting.splits import posts_of


def splits_of(folder: Path, rows: list[dict[str, object]]) -> tuple[list[Post], list[Post]]:
    """The training and the test posts of a dataset with these rows."""
    write_posts(folder, rows)
    return posts_of(folder, "train"), posts_of(folder, "test")


def test_without_named_splits_the_pictures_of_an_album_stay_together(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"hashtags": ["sea"], "image": f"{album}-{number}.jpg", "album": f"album {album}"}
        for album in range(200)
        for number in range(3)
    ]
    train, test = splits_of(tmp_path, rows)
    assert {post.album for post in train}.isdisjoint(post.album for post in test)
    assert 0.03 < len(test) / len(rows) < 0.2
    assert len(train) + len(test) == len(rows)


def test_without_named_splits_photos_are_drawn_by_their_names(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"hashtags": ["sea"], "image": f"{folder}/{number}.jpg"}
        for number, folder in enumerate("ab" * 200)
    ]
    _, test = splits_of(tmp_path, rows)
    tested = {f"{n}.jpg" for n in range(400) if crc32(f"{n}.jpg".encode()) % 1000 < 100}
    assert {post.image.name for post in test if post.image} == tested


def test_more_photos_leave_a_photo_in_its_split_though_they_share_its_name(tmp_path: Path) -> None:
    ann: list[dict[str, object]] = [
        {"hashtags": ["sea"], "image": f"ann/IMG_{number:04}.jpg"} for number in range(300)
    ]
    _, before = splits_of(tmp_path, ann)
    ben = [row | {"image": str(row["image"]).replace("ann", "ben")} for row in ann]
    train, test = splits_of(tmp_path, ann + ben)
    assert set(before) < set(test) and set(before).isdisjoint(train)
    assert 0.05 < len(test) / 600 < 0.2


@pytest.mark.parametrize("name", ["photo.jpg", "4.jpg"])
def test_where_each_post_has_a_folder_photos_are_drawn_by_it_too(tmp_path: Path, name: str) -> None:
    rows: list[dict[str, object]] = [
        {"hashtags": ["sea"], "image": f"{shelf}/post{number}/{name}"}
        for number in range(100)
        for shelf in ("old", "new")
    ]
    rows.append(rows[0] | {"hashtags": ["sun"]})  # the same photo posted twice
    train, test = splits_of(tmp_path, rows)
    assert 0.03 < len(test) / len(rows) < 0.2
    assert {post.image for post in train}.isdisjoint(post.image for post in test)


def test_a_split_without_posts_is_a_sentence_that_says_what_to_do(tmp_path: Path) -> None:
    write_posts(tmp_path, [{"hashtags": ["sea"], "image": "photo.jpg"}])
    with pytest.raises(DatasetError, match='give each post a "split", train or test'):
        posts_of(tmp_path, "test")
    write_posts(tmp_path, [{"hashtags": ["sea"], "split": "tests"}])
    with pytest.raises(DatasetError, match="its posts name tests"):
        posts_of(tmp_path, "test")


def test_a_post_without_a_split_in_a_dataset_that_names_them_is_trained_on(tmp_path: Path) -> None:
    rows = [{"hashtags": ["sea"]}, {"hashtags": ["sun"], "split": "test"}]
    train, test = splits_of(tmp_path, [*rows])
    assert [post.hashtags for post in train + test] == [("sea",), ("sun",)]


def test_posts_of_a_split_of_another_name_are_counted_where_others_are_trained_on(
    tmp_path: Path,
) -> None:
    splits = ("Train", "tran", "tran", "validation", "test", "fold 2")
    write_posts(tmp_path, [{"hashtags": ["sea"], "split": split} for split in splits])
    problems = Problems()
    assert len(posts_of(tmp_path, "train", problems)) == 2
    reason = "split is not train, validation or test, so not fitted on"
    assert problems.lines() == [f"3 × {reason} (such as tran; fold 2)"]
    assert len(posts_of(tmp_path, "tran", problems := Problems())) == 2
    assert problems.lines() == []
