"""What the starter learns from photos' captions, words and classes."""

import json
from pathlib import Path
from typing import Any

import pytest

from training.starter.sources import (
    TaggedPhoto,
    TaggingTables,
    corel5k,
    flickr8k,
    more,
    set_weights,
)


@pytest.fixture(scope="module")
def tables() -> TaggingTables:
    return TaggingTables()


def write_rows(path: Path, *rows: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_words_that_most_captions_share_become_hashtags(
    tmp_path: Path, tables: TaggingTables
) -> None:
    captions = ["a dog runs"] * 4 + ["a cat"]
    write_rows(tmp_path / "flickr8k/captions.jsonl", {"image": "a.jpg", "captions": captions})
    (photo,) = flickr8k(tmp_path, tables)
    assert any("dog" in tag for tag in photo.hashtags)
    assert not any("cat" in tag for tag in photo.hashtags)


def test_a_photo_has_its_file_and_its_captions(tmp_path: Path, tables: TaggingTables) -> None:
    write_rows(tmp_path / "flickr8k/captions.jsonl", {"image": "a.jpg", "captions": ["a dog"]})
    (photo,) = flickr8k(tmp_path, tables)
    assert photo.image == tmp_path / "flickr8k/a.jpg"
    assert photo.captions == ("a dog",)


def test_a_caption_that_is_evidence_says_nothing_of_what_is_true(
    tmp_path: Path, tables: TaggingTables
) -> None:
    captions = ["a dog", "a horse", "a boat"]
    write_rows(tmp_path / "flickr8k/captions.jsonl", {"image": "a.jpg", "captions": captions})
    (photo,) = flickr8k(tmp_path, tables)
    assert photo.without_one is not None
    caption, other = photo.without_one
    animal = caption.removeprefix("a ")
    assert caption in captions and photo.captions == tuple(captions)
    assert photo.fits(animal) and not other.fits(animal)
    assert set(other.captions) == set(captions) - {caption}


def test_a_photo_with_a_single_caption_has_none_to_spare(
    tmp_path: Path, tables: TaggingTables
) -> None:
    write_rows(tmp_path / "flickr8k/captions.jsonl", {"image": "a.jpg", "captions": ["a dog"]})
    (photo,) = flickr8k(tmp_path, tables)
    assert photo.without_one is None


def test_stock_photos_of_the_test_split_are_not_learnt_from(
    tmp_path: Path, tables: TaggingTables
) -> None:
    write_rows(
        tmp_path / "corel5k/posts.jsonl",
        {"image": "a.jpg", "hashtags": ["tiger"], "split": "train"},
        {"image": "b.jpg", "hashtags": ["tiger"], "split": "test"},
    )
    assert [photo.image.name for photo in corel5k(tmp_path, tables)] == ["a.jpg"]


def stock_photo(folder: Path, tables: TaggingTables, *words: str) -> TaggedPhoto:
    row = {"image": "a.jpg", "hashtags": words, "split": "train"}
    write_rows(folder / "corel5k/posts.jsonl", row)
    (photo,) = corel5k(folder, tables)
    return photo


def test_the_plane_that_zebras_graze_on_is_no_aircraft(
    tmp_path: Path, tables: TaggingTables
) -> None:
    photo = stock_photo(tmp_path, tables, "zebra", "grass", "plane")
    assert photo.fits("zebra")
    assert not photo.fits("airplane") and not photo.fits("airfield")


@pytest.mark.parametrize("tag", ["dogsinthesnow", "snowdogs", "doglovers", "walkingthedog"])
def test_words_make_up_hashtags(tmp_path: Path, tables: TaggingTables, tag: str) -> None:
    assert stock_photo(tmp_path, tables, "dog", "snow", "walking").fits(tag)


@pytest.mark.parametrize("tag", ["snowman", "hotdog", "snowboarding", "dogsonthebeach", "the"])
def test_a_word_within_a_hashtag_does_not_make_it_true(
    tmp_path: Path, tables: TaggingTables, tag: str
) -> None:
    assert not stock_photo(tmp_path, tables, "dog", "snow", "walking").fits(tag)


def test_without_words_nothing_is_true(tmp_path: Path, tables: TaggingTables) -> None:
    assert not stock_photo(tmp_path, tables).fits("the")


def test_a_tiger_is_nobodys_cat(tmp_path: Path, tables: TaggingTables) -> None:
    photo = stock_photo(tmp_path, tables, "cat", "tiger", "head")
    assert photo.fits("tiger") and not photo.fits("cat") and not photo.fits("catsofinstagram")


def test_where_somebody_is_from_gives_no_hashtag(tmp_path: Path, tables: TaggingTables) -> None:
    photo = stock_photo(tmp_path, tables, "indian", "people")
    assert not any(tag in photo.fitting for tag in ("culture", "traditionaldress"))


@pytest.mark.parametrize(
    "words, not_always",
    [
        (("sky", "tree"), "bluesky"),
        (("ocean", "rocks"), "underwater"),
        (("horizon", "water"), "sunset"),
        (("desert", "sky"), "sanddunes"),
        (("tusks", "water"), "elephant"),
        (("light", "buildings"), "nightphotography"),
        (("guard", "people"), "royalguard"),
    ],
)
def test_a_word_promises_only_what_all_its_photos_show(
    tmp_path: Path, tables: TaggingTables, words: tuple[str, ...], not_always: str
) -> None:
    photo = stock_photo(tmp_path, tables, *words)
    assert photo.fitting and not_always not in photo.fitting


@pytest.mark.parametrize(
    "caption, not_always",
    [
        ("a man plays guitar", "livemusic"),
        ("a man holds a fish", "underwater"),
        ("a bottle of water", "cheers"),
        ("lights in a window", "neonlights"),
        ("brown shoes", "sneakers"),
        ("a house by a lake", "cityscape"),
        ("leaves on the ground", "autumnleaves"),
    ],
)
def test_a_caption_promises_only_what_all_its_photos_show(
    tmp_path: Path, caption: str, not_always: str, tables: TaggingTables
) -> None:
    row = {"image": "a.jpg", "captions": [caption] * 5}
    write_rows(tmp_path / "flickr8k/captions.jsonl", row)
    (photo,) = flickr8k(tmp_path, tables)
    assert photo.fitting and not_always not in photo.fitting


@pytest.mark.parametrize(
    "word, together",
    [("sunset", {"sunsetlovers", "goldenhour", "sky"}), ("beach", {"sea", "beachlife"})],
)
def test_what_people_post_together_comes_together(
    tmp_path: Path, word: str, together: set[str], tables: TaggingTables
) -> None:
    captions = [f"a {word}"] * 5
    write_rows(tmp_path / "flickr8k/captions.jsonl", {"image": "a.jpg", "captions": captions})
    (everyday,) = flickr8k(tmp_path, tables)
    assert together <= set(list(everyday.hashtags)[:6])
    assert together <= set(list(stock_photo(tmp_path, tables, word).hashtags)[:6])


def test_nobody_is_labelled_by_what_captions_say(tmp_path: Path, tables: TaggingTables) -> None:
    captions = ["a young woman smiles at the camera"] * 5
    write_rows(tmp_path / "flickr8k/captions.jsonl", {"image": "a.jpg", "captions": captions})
    (photo,) = flickr8k(tmp_path, tables)
    assert "portrait" in photo.hashtags
    assert not any("woman" in tag or "girl" in tag for tag in photo.fitting)


def test_a_label_of_a_small_set_gives_the_hashtags_of_its_row(
    tmp_path: Path, tables: TaggingTables
) -> None:
    row = {"image": "a.jpg", "set": "food101_10", "category": "apple_pie"}
    write_rows(tmp_path / "more/posts.jsonl", row)
    (photo,) = more(tmp_path, tables)
    assert photo.theme == "food" and "applepie" in photo.hashtags


def test_an_authors_own_tags_count_without_gear(tmp_path: Path, tables: TaggingTables) -> None:
    row = {"image": "a.jpg", "set": "tagged", "hashtags": ["d300s", "Beach"]}
    write_rows(tmp_path / "more/posts.jsonl", row)
    (photo,) = more(tmp_path, tables)
    assert "beach" in photo.hashtags and "d300s" not in photo.fitting


def test_a_photo_of_a_small_set_counts_for_more(tmp_path: Path, tables: TaggingTables) -> None:
    rows = [
        {"image": f"{number}.jpg", "set": name, "category": "x"}
        for number, name in enumerate(["large"] * 400 + ["small"] * 100)
    ]
    write_rows(tmp_path / "more/posts.jsonl", *rows)
    weights = set_weights(more(tmp_path, tables))
    assert weights[-1] == 4 * weights[0]
