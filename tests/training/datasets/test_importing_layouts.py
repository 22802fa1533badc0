"""HARRISON's lists, instaloader's downloads, photos with keywords, datasets."""

import json
import lzma
from pathlib import Path

import pytest
from importing_sources import hashtags, metadata, photo, picture, rows, table

from training.datasets.importing import import_posts

NAME = "2023-01-05_12-33-44_UTC"


def harrison(folder: Path) -> Path:
    table(
        folder / "data_list.txt",
        "instagram_dataset/sea/image_50.jpg",
        "instagram_dataset/cat/image_1.jpg",
        "instagram_dataset/cat/image_2.jpg",
    )
    table(folder / "tag_list.txt", "sea trip 35mm ", "cat cute ", "")
    return folder


def test_harrisons_hashtags_serve_without_its_photos(tmp_path: Path) -> None:
    summary = import_posts(harrison(tmp_path / "harrison"), tmp_path / "to")
    assert rows(tmp_path / "to") == [
        {"hashtags": ["sea", "trip", "35mm"], "search_hashtag": "sea"},
        {"hashtags": ["cat", "cute"], "search_hashtag": "cat"},
    ]
    assert (summary.kind, summary.photos_missing, summary.without_hashtags) == (
        "harrison",
        3,
        1,
    )
    assert sum("image_50.jpg" in line for line in summary.lines()) == 1


def test_harrisons_photos_are_taken_where_they_are_there(tmp_path: Path) -> None:
    folder = harrison(tmp_path / "harrison")
    photo(folder / "instagram_dataset" / "cat" / "image_1.jpg", 1)
    assert import_posts(folder, tmp_path / "to").photos == 1
    assert "image" in rows(tmp_path / "to")[1]


def test_harrisons_lists_of_unequal_length_pair_as_far_as_they_go(tmp_path: Path) -> None:
    folder = harrison(tmp_path / "harrison")
    with (folder / "tag_list.txt").open("a") as file:
        file.write("left over\n")
    summary = import_posts(folder, tmp_path / "to")
    assert summary.posts == 2
    assert summary.problems.counts == {"no line beside it in data_list.txt": 1}


def post_node(caption: str, likes: int, **more: object) -> dict[str, object]:
    return {
        "shortcode": "Cabc",
        "__typename": "GraphImage",
        "taken_at_timestamp": 1672922024,
        "edge_media_to_caption": {"edges": [{"node": {"text": caption}}]},
        "edge_media_preview_like": {"count": likes},
        **more,
    }


def test_an_instaloader_post_gives_its_captions_hashtags_likes_and_date(tmp_path: Path) -> None:
    folder = tmp_path / "downloads" / "#sea"
    photo(folder / f"{NAME}.jpg", 1)
    table(folder / f"{NAME}.txt", "Morning swim #Sea #ocean")
    metadata(folder / f"{NAME}.json.xz", post_node("Morning swim #Sea #ocean", 321))
    summary = import_posts(folder.parent, tmp_path / "to")
    (row,) = rows(tmp_path / "to")
    assert summary.kind == "instaloader"
    assert row["hashtags"] == ["sea", "ocean"]
    assert row["likes"] == 321
    assert row["posted_at"] == "2023-01-05T12:33:44+00:00"
    assert row["search_hashtag"] == "sea"


@pytest.mark.parametrize(
    "more",
    [
        {"edge_media_preview_like": {"count": -1}},
        {"iphone_struct": {"like_and_view_counts_disabled": True}},
    ],
)
def test_hidden_likes_are_unknown(tmp_path: Path, more: dict[str, object]) -> None:
    folder = tmp_path / "downloads"
    photo(folder / f"{NAME}.jpg", 1)
    metadata(folder / f"{NAME}.json.xz", post_node("#sea", 3, **more))
    summary = import_posts(folder, tmp_path / "to")
    assert "likes" not in rows(tmp_path / "to")[0]
    assert summary.likes_hidden == 1


@pytest.mark.parametrize(
    "node",
    [
        {"shortcode": "C", "edge_liked_by": {"count": 5}, "caption": "#sea"},
        {"shortcode": "C", "iphone_struct": {"like_count": 5, "caption": {"text": "#sea"}}},
    ],
)
def test_the_metadata_of_other_versions_is_understood(
    tmp_path: Path, node: dict[str, object]
) -> None:
    folder = tmp_path / "downloads"
    photo(folder / f"{NAME}.jpg", 1)
    (folder / f"{NAME}.json").write_text(
        json.dumps({"node": node, "instaloader": {"node_type": "Post"}})
    )
    import_posts(folder, tmp_path / "to")
    row = rows(tmp_path / "to")[0]
    assert (row["hashtags"], row["likes"]) == (["sea"], 5)


def test_a_caption_without_metadata_is_enough(tmp_path: Path) -> None:
    folder = tmp_path / "downloads"
    photo(folder / f"{NAME}.jpg", 1)
    table(folder / f"{NAME}.txt", "#sea")
    import_posts(folder, tmp_path / "to")
    assert rows(tmp_path / "to")[0]["posted_at"] == "2023-01-05T12:33:44+00:00"


def test_pictures_of_an_album_share_the_posts_hashtags_and_count_once(tmp_path: Path) -> None:
    folder = tmp_path / "downloads"
    for number in range(1, 12):
        photo(folder / f"{NAME}_{number}.jpg", number)
    table(folder / f"{NAME}.txt", "#sea #album")
    photo(folder / "2023-01-06_00-00-00_UTC.jpg", 50)
    table(folder / "2023-01-06_00-00-00_UTC.txt", "#sea")
    summary = import_posts(folder, tmp_path / "to", min_count=2)
    assert hashtags(tmp_path / "to") == [["sea"]] * 12
    assert summary.rare == {"album": 1}
    assert len({str(row.get("album")) for row in rows(tmp_path / "to")}) == 2


def test_videos_stories_and_profile_pictures_are_left_out(tmp_path: Path) -> None:
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
    summary = import_posts(folder.parent, tmp_path / "to")
    assert hashtags(tmp_path / "to") == [["sea"]]
    assert any("Skipped: 1 videos." in line for line in summary.lines())


def test_a_video_in_an_album_leaves_the_albums_pictures(tmp_path: Path) -> None:
    folder = tmp_path / "downloads"
    for number in (1, 2, 3):
        photo(folder / f"{NAME}_{number}.jpg", number)
    (folder / f"{NAME}_2.mp4").write_bytes(b"video")
    table(folder / f"{NAME}.txt", "#sea")
    assert import_posts(folder, tmp_path / "to").photos == 2


@pytest.mark.parametrize("damage", [b"", b"no xz", lzma.compress(b"{broken"), lzma.compress(b"7")])
def test_damaged_metadata_leaves_the_caption_file(tmp_path: Path, damage: bytes) -> None:
    folder = tmp_path / "downloads"
    photo(folder / f"{NAME}.jpg", 1)
    table(folder / f"{NAME}.txt", "#sea")
    (folder / f"{NAME}.json.xz").write_bytes(damage)
    import_posts(folder, tmp_path / "to")
    assert hashtags(tmp_path / "to") == [["sea"]]


def test_metadata_that_cannot_be_read_is_counted(tmp_path: Path) -> None:
    folder = tmp_path / "downloads"
    photo(folder / f"{NAME}.jpg", 1)
    table(folder / f"{NAME}.txt", "#sea")
    (folder / f"{NAME}.json.xz").write_bytes(b"no xz")
    summary = import_posts(folder, tmp_path / "to")
    assert summary.problems.counts == {"metadata cannot be read": 1}


def test_pictures_with_captions_of_the_same_name_are_posts(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    photo(folder / "IMG_1.jpg", 1)
    photo(folder / "IMG_2.jpg", 2)
    table(folder / "IMG_1.txt", "At the #beach")
    summary = import_posts(folder, tmp_path / "to")
    assert hashtags(tmp_path / "to") == [["beach"]]
    assert summary.problems.counts == {"no caption beside the picture": 1}


def iptc(*keywords: bytes, utf8: bool = True) -> bytes:
    """A JPEG segment (APP13) with these IPTC keywords."""
    records = b"\x1c\x01\x5a\x00\x03\x1b%G" if utf8 else b""
    for word in keywords:
        records += b"\x1c\x02\x19" + len(word).to_bytes(2, "big") + word
    block = b"8BIM\x04\x04\x00\x00" + len(records).to_bytes(4, "big") + records
    body = b"Photoshop 3.0\x00" + block + b"\x00" * (len(records) % 2)
    return b"\xff\xed" + (len(body) + 2).to_bytes(2, "big") + body


def xmp(*keywords: str, before: str = "") -> bytes:
    """An XMP packet with these keywords."""
    items = "".join(f"<rdf:li>{word}</rdf:li>" for word in keywords)
    return (
        f'{before}<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/">'
        "<dc:title><rdf:Alt><rdf:li>Title</rdf:li></rdf:Alt></dc:title>"
        f"<dc:subject><rdf:Bag>{items}</rdf:Bag></dc:subject>"
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def test_iptc_keywords_are_the_hashtags_and_several_words_one_of_them(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    words = [b"New York", "Straße".encode(), b"t-shirt", b"2024"]
    photo(folder / "a.jpg", 1, extra=iptc(*words))
    photo(folder / "sub" / "b.jpg", 2, extra=iptc("Café".encode("latin-1"), utf8=False))
    photo(folder / "c.jpg", 3)
    summary = import_posts(folder, tmp_path / "to")
    assert hashtags(tmp_path / "to") == [["newyork", "strasse", "tshirt"], ["café"]]
    assert (summary.kind, summary.photos, summary.without_hashtags) == ("keywords", 2, 1)


def test_xmp_keywords_join_those_of_iptc(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    photo(folder / "a.jpg", 1, extra=iptc(b"sea"), xmp=xmp("Sea", "Blue Hour", "crème &amp; co"))
    photo(folder / "b.png", 2)
    photo(folder / "c.webp", 3, xmp=xmp("river"))
    import_posts(folder, tmp_path / "to")
    assert hashtags(tmp_path / "to") == [["sea", "bluehour", "crèmeco"], ["river"]]


def test_an_xmp_packet_that_defines_entities_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    photo(folder / "a.jpg", 1, extra=iptc(b"sea"), xmp=xmp("&b;", before=bomb))
    summary = import_posts(folder, tmp_path / "to")
    assert hashtags(tmp_path / "to") == [["sea"]]
    assert summary.problems.counts == {"XMP cannot be read": 1}


def test_a_folder_of_photos_takes_no_file_from_outside_through_a_link(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    photo(folder / "a.jpg", 1, extra=iptc(b"sea"))
    outside = photo(tmp_path / "private" / "b.jpg", 2, extra=iptc(b"secret"))
    (folder / "b.jpg").symlink_to(outside)
    (folder / "folder").symlink_to(outside.parent, target_is_directory=True)
    summary = import_posts(folder, tmp_path / "to")
    assert hashtags(tmp_path / "to") == [["sea"]]
    assert summary.problems.counts == {"photo is not in the source's folder": 1}


def test_a_dataset_is_imported_with_all_it_knows(tmp_path: Path) -> None:
    folder = tmp_path / "dataset"
    photo(folder / "images" / "a.jpg", 1)
    row = {
        "image": "images/a.jpg",
        "hashtags": ["sea"],
        "split": "test",
        "likes": 4,
        "posted_at": "2020-01-01",
        "search_hashtag": "ocean",
        "album": "x",
    }
    table(folder / "posts.jsonl", json.dumps(row), '{"hashtags": ["sun"], "likes": -1}', "{broken")
    summary = import_posts(folder, tmp_path / "to")
    first, second = rows(tmp_path / "to")
    assert {**first, "image": ""} == {**row, "image": ""}
    assert second == {"hashtags": ["sun"]}
    assert summary.problems.counts == {"not JSON": 1}


def test_pictures_are_read_upright_before_they_are_compared(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    picture(1).save(folder / "a.jpg", quality=95)
    turned = picture(1).transpose(2)  # 90° to the left: EXIF says how to turn it back
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(folder / "b.jpg", quality=95, exif=exif)
    table(folder / "posts.csv", "image,tags", "a.jpg,sea", "b.jpg,sun")
    assert import_posts(folder, tmp_path / "to").duplicates == 1
