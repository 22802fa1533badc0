"""What the starter learns from photos' captions, words and classes."""

import json
from pathlib import Path
from typing import Any

from training.starter.sources import corel5k, flickr8k


def write_rows(path: Path, *rows: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_words_that_most_captions_share_become_hashtags(tmp_path: Path) -> None:
    captions = ["a dog runs"] * 4 + ["a cat"]
    write_rows(tmp_path / "flickr8k/captions.jsonl", {"image": "a.jpg", "captions": captions})
    (photo,) = flickr8k(tmp_path)
    assert any("dog" in tag for tag in photo.hashtags)
    assert not any("cat" in tag for tag in photo.hashtags)


def test_a_photo_has_its_file_and_its_captions(tmp_path: Path) -> None:
    write_rows(tmp_path / "flickr8k/captions.jsonl", {"image": "a.jpg", "captions": ["a dog"]})
    (photo,) = flickr8k(tmp_path)
    assert photo.image == tmp_path / "flickr8k/a.jpg"
    assert photo.captions == ("a dog",)


def test_stock_photos_of_the_test_split_are_not_learnt_from(tmp_path: Path) -> None:
    write_rows(
        tmp_path / "corel5k/posts.jsonl",
        {"image": "a.jpg", "hashtags": ["tiger"], "split": "train"},
        {"image": "b.jpg", "hashtags": ["tiger"], "split": "test"},
    )
    assert [photo.image.name for photo in corel5k(tmp_path)] == ["a.jpg"]
