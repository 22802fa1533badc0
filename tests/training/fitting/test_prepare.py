"""Posts and their photos made ready to fit on."""

from pathlib import Path

import pytest

from recommenders.backbones.backbone import Backbone
from tests.shapes import circles, write_posts
from training.datasets.format import DatasetError, Post, Problems
from training.features.changes import MIRRORED
from training.fitting.plan import Plan, with_values
from training.fitting.prepare import Networks, embed_posts, prepare_photos
from training.fitting.splits import posts_of


def test_photos_that_vanish_between_two_passes_are_left_out_and_counted(
    tmp_path: Path, backbone: Backbone
) -> None:
    paths = circles(tmp_path / "photos", 4)
    posts = [Post(("red",), path) for path in paths]

    def vanish(doing: str, done: int, total: int) -> None:
        if "mirrored" not in doing and done == total:
            paths[2].unlink(missing_ok=True)

    problems = Problems()
    left, features, copies = embed_posts(
        posts,
        [backbone],
        tmp_path / "features",
        changes=[MIRRORED],
        progress=vanish,
        problems=problems,
    )
    assert [post.image for post in left] == [paths[0], paths[1], paths[3]]
    assert len(features[backbone.name]) == len(copies[MIRRORED][backbone.name]) == 3
    assert problems.counts.total() == 1


def test_posts_that_all_name_one_album_are_held_out_for_a_test_too(tmp_path: Path) -> None:
    rows = [{"hashtags": ["sea", f"of{row}"], "album": "trip"} for row in range(100)]
    folder = write_posts(tmp_path, rows)
    test = posts_of(folder, "test")
    assert test and set(test).isdisjoint(posts_of(folder, "train"))


def test_a_hashtag_of_one_album_is_on_one_post_however_many_pictures_it_has(
    tmp_path: Path, backbone: Backbone
) -> None:
    paths = circles(tmp_path / "photos", 4)
    posts = [Post(("venue", "party"), path, album="one") for path in paths[:3]]
    posts.append(Post(("party",), paths[3]))
    plan = with_values(Plan(), ["min_count=2", "photos.mirrored=false"])
    networks = Networks(tmp_path / "features", backbone=backbone.name)
    training_set = prepare_photos(posts, plan, networks, problems=Problems())
    assert training_set.hashtags == ["party"]
    assert (len(training_set.posts), len(training_set.photos)) == (2, 4)


def test_features_that_would_not_fit_into_memory_are_refused_before_any_is_computed(
    tmp_path: Path, backbone: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts = [Post(("red",), tmp_path / f"{number}.jpg") for number in range(1000)]
    monkeypatch.setattr("training.fitting.prepare.free_memory", lambda: 10_000_000)
    with pytest.raises(DatasetError, match=r"1,000 photos take .*--no-mirrored"):
        embed_posts(
            posts, [backbone], tmp_path / "features", changes=[MIRRORED], problems=Problems()
        )
    assert not (tmp_path / "features").exists()
