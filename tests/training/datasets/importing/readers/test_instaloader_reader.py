"""instaloader's downloads, pictures with captions."""

import json
import lzma
import os
import sys
from pathlib import Path

import pytest
from sources import Import, metadata, photo, table

from recommenders.photos import SUFFIXES

NAME = "2023-01-05_12-33-44_UTC"


def post_node(caption: str, likes: int, **more: object) -> dict[str, object]:
    return {
        "shortcode": "Cabc",
        "__typename": "GraphImage",
        "taken_at_timestamp": 1672922024,
        "edge_media_to_caption": {"edges": [{"node": {"text": caption}}]},
        "edge_media_preview_like": {"count": likes},
        **more,
    }


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    """A folder of a hashtag's posts with one picture in it."""
    folder = tmp_path / "downloads" / "#sea"
    photo(folder / f"{NAME}.jpg", 1)
    return folder


@pytest.fixture
def with_metadata(downloads: Path) -> Path:
    """The same with the picture's caption and metadata."""
    table(downloads / f"{NAME}.txt", "Morning swim #Sea #ocean")
    metadata(downloads / f"{NAME}.json.xz", post_node("Morning swim #Sea #ocean", 321))
    return downloads


def test_a_download_folder_is_recognised(run_import: Import, with_metadata: Path) -> None:
    assert run_import(with_metadata.parent).summary.kind == "instaloader"


def test_a_post_has_its_captions_hashtags_and_those_likes(
    run_import: Import, with_metadata: Path
) -> None:
    (row,) = run_import(with_metadata.parent).rows
    assert row["hashtags"] == ["sea", "ocean"]
    assert row["likes"] == 321


def test_a_post_has_the_date_of_its_metadata(run_import: Import, with_metadata: Path) -> None:
    (row,) = run_import(with_metadata.parent).rows
    assert row["posted_at"] == "2023-01-05T12:33:44+00:00"


def test_the_folders_name_is_the_hashtag_that_was_searched_for(
    run_import: Import, with_metadata: Path
) -> None:
    (row,) = run_import(with_metadata.parent).rows
    assert row["search_hashtag"] == "sea"


@pytest.mark.parametrize(
    "more",
    [
        {"edge_media_preview_like": {"count": -1}},
        {"iphone_struct": {"like_and_view_counts_disabled": True}},
    ],
)
def test_hidden_likes_are_unknown(
    run_import: Import, downloads: Path, more: dict[str, object]
) -> None:
    metadata(downloads / f"{NAME}.json.xz", post_node("#sea", 3, **more))
    imported = run_import(downloads)
    assert "likes" not in imported.rows[0]
    assert imported.summary.likes_hidden == 1


@pytest.mark.parametrize(
    "node",
    [
        {"shortcode": "C", "edge_liked_by": {"count": 5}, "caption": "#sea"},
        {"shortcode": "C", "iphone_struct": {"like_count": 5, "caption": {"text": "#sea"}}},
    ],
)
def test_the_metadata_of_other_versions_is_understood(
    run_import: Import, downloads: Path, node: dict[str, object]
) -> None:
    content = {"node": node, "instaloader": {"node_type": "Post"}}
    (downloads / f"{NAME}.json").write_text(json.dumps(content))
    (row,) = run_import(downloads).rows
    assert (row["hashtags"], row["likes"]) == (["sea"], 5)


def test_without_metadata_the_files_name_tells_the_date(
    run_import: Import, downloads: Path
) -> None:
    table(downloads / f"{NAME}.txt", "#sea")
    (row,) = run_import(downloads).rows
    assert row["posted_at"] == "2023-01-05T12:33:44+00:00"


def test_a_caption_that_is_no_text_stops_nothing(run_import: Import, with_metadata: Path) -> None:
    (with_metadata / "a.txt").write_bytes(b"PK\x03\x04\x00\x00" + bytes(range(1, 256)) * 4)
    photo(with_metadata / "a.jpg", 2)
    imported = run_import(with_metadata)
    assert imported.hashtags == [["sea", "ocean"]]
    assert imported.summary.problems.counts["caption is not text"] == 1


def test_pictures_of_an_album_share_the_posts_hashtags_and_count_once(
    run_import: Import, tmp_path: Path
) -> None:
    folder = tmp_path / "downloads"
    for number in range(1, 12):
        photo(folder / f"{NAME}_{number}.jpg", number)
    table(folder / f"{NAME}.txt", "#sea #album")
    photo(folder / "2023-01-06_00-00-00_UTC.jpg", 50)
    table(folder / "2023-01-06_00-00-00_UTC.txt", "#sea")
    imported = run_import(folder, min_count=2)
    assert imported.hashtags == [["sea"]] * 12
    assert imported.summary.rare == {"album": 1}
    assert len({str(row.get("album")) for row in imported.rows}) == 2


def test_albums_of_different_accounts_are_told_apart(run_import: Import, tmp_path: Path) -> None:
    folder = tmp_path / "downloads"
    for number, name in enumerate(["ann", "ann", "ben", "ben"]):
        photo(folder / name / "travel" / f"{NAME}_{number % 2 + 1}.jpg", number)
        table(folder / name / "travel" / f"{NAME}.txt", f"#{name}")
    rows = run_import(folder).rows
    albums = {
        tag: {row["album"] for row in rows if row["hashtags"] == [tag]} for tag in ("ann", "ben")
    }
    assert len(albums["ann"]) == len(albums["ben"]) == 1
    assert not albums["ann"] & albums["ben"]


def test_videos_stories_and_profile_pictures_are_left_out(
    run_import: Import, tmp_path: Path
) -> None:
    folder = tmp_path / "downloads" / "ann"
    photo(folder / f"{NAME}.jpg", 1)
    table(folder / f"{NAME}.txt", "#sea")
    table(folder / f"{NAME}_old_01.txt", "#older")
    table(folder / f"{NAME}_location.txt", "#somewhere")
    photo(folder / "2020-01-01_00-00-00_UTC_profile_pic.jpg", 2)
    photo(folder / "2023-02-02_00-00-00_UTC.jpg", 3)
    table(folder / "2023-02-02_00-00-00_UTC.txt", "#video")
    (folder / "2023-02-02_00-00-00_UTC.mp4").write_bytes(b"video")
    photo(folder / "2023-03-03_00-00-00_UTC.jpg", 4)
    metadata(folder / "2023-03-03_00-00-00_UTC.json.xz", {"caption": "#story"}, "StoryItem")
    metadata(folder / "ann_123.json.xz", {"biography": "#bio"}, "Profile")
    metadata(folder / "iterator_abc.json.xz", {}, "FrozenNodeIterator")
    (folder / "id").write_text("123\n")
    photo(folder.parent / "：stories" / f"{NAME}.jpg", 5)
    table(folder.parent / "：stories" / f"{NAME}.txt", "#stories")
    (folder / f"{NAME}_comments.json").write_text("[]")
    imported = run_import(folder.parent)
    assert imported.hashtags == [["sea"]]
    assert any("Skipped: videos (1)." in line for line in imported.summary.lines())


def test_a_video_in_an_album_leaves_the_albums_pictures(run_import: Import, tmp_path: Path) -> None:
    folder = tmp_path / "downloads"
    for number in (1, 2, 3):
        photo(folder / f"{NAME}_{number}.jpg", number)
    (folder / f"{NAME}_2.mp4").write_bytes(b"video")
    table(folder / f"{NAME}.txt", "#sea")
    assert run_import(folder).summary.photos == 2


@pytest.mark.parametrize("damage", [b"", b"no xz", lzma.compress(b"{broken"), lzma.compress(b"7")])
def test_damaged_metadata_leaves_the_caption_file(
    run_import: Import, downloads: Path, damage: bytes
) -> None:
    table(downloads / f"{NAME}.txt", "#sea")
    (downloads / f"{NAME}.json.xz").write_bytes(damage)
    assert run_import(downloads).hashtags == [["sea"]]


def test_metadata_that_cannot_be_read_is_counted(run_import: Import, downloads: Path) -> None:
    table(downloads / f"{NAME}.txt", "#sea")
    (downloads / f"{NAME}.json.xz").write_bytes(b"no xz")
    assert run_import(downloads).summary.problems.counts == {"metadata cannot be read": 1}


def test_pictures_with_captions_of_the_same_name_are_posts(
    run_import: Import, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    photo(folder / "IMG_1.jpg", 1)
    photo(folder / "IMG_2.jpg", 2)
    table(folder / "IMG_1.txt", "At the #beach")
    imported = run_import(folder)
    assert imported.hashtags == [["beach"]]
    assert imported.summary.problems.counts == {"no caption beside the picture": 1}


def test_a_folder_whose_name_is_no_unicode_keeps_its_album(
    run_import: Import, with_metadata: Path
) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux has such names")
    (with_metadata / f"{NAME}.jpg").rename(with_metadata / f"{NAME}_1.jpg")
    photo(with_metadata / f"{NAME}_2.jpg", 2)
    folder = with_metadata.rename(with_metadata.with_name(os.fsdecode(b"caf\xe9")))
    imported = run_import(folder.parent)
    album = os.fsencode(imported.rows[0]["album"])
    assert album.startswith(b"caf\xe9")
    assert [os.fsencode(row["album"]) for row in imported.rows] == [album] * 2


@pytest.mark.parametrize("kind", [None, "instaloader"])
def test_photos_of_every_suffix_that_the_bot_reads_are_imported(
    run_import: Import, tmp_path: Path, kind: str | None
) -> None:
    folder = tmp_path / "photos"
    for seed, suffix in enumerate(sorted(SUFFIXES)):
        photo(folder / f"p{seed}{suffix}", seed, format="JPEG")
        (folder / f"p{seed}.txt").write_text(f"#tag{suffix[1:]}")
    imported = run_import(folder, kind=kind)
    assert imported.summary.photos == len(SUFFIXES)
    assert imported.summary.lines()[1:] == []


def test_captions_and_photos_in_capitals_are_imported(run_import: Import, tmp_path: Path) -> None:
    photo(tmp_path / "photos" / "IMG_1.JPG", 1)
    (tmp_path / "photos" / "IMG_1.TXT").write_text("Nice #sunset")
    imported = run_import(tmp_path / "photos")
    assert (imported.summary.kind, imported.summary.photos) == ("instaloader", 1)
    assert imported.hashtags == [["sunset"]]


def test_a_photo_that_is_of_no_known_format_is_told(run_import: Import, tmp_path: Path) -> None:
    photo(tmp_path / "photos" / "a.jpg", 1)
    for name in ("a.txt", "a.CR2", "b.txt", "b.CR2", "b.xmp", "b.html"):
        (tmp_path / "photos" / name).write_text("#sunset #red")
    imported = run_import(tmp_path / "photos")
    assert imported.summary.photos == 1
    (line,) = imported.summary.lines()[1:]
    assert "1 × file of a format that is not read" in line and "b.CR2" in line
