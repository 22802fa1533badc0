"""Photos that carry their keywords."""

from pathlib import Path

import pytest
from sources import Import, photo

from recommenders.photos import SUFFIXES
from training.datasets.format import BEHIND_A_LINK, DatasetError


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


def test_iptc_keywords_are_the_hashtags_and_several_words_one_of_them(
    run_import: Import, tmp_path: Path
) -> None:
    folder = tmp_path / "photos"
    words = [b"New York", "Straße".encode(), b"t-shirt", b"2024"]
    photo(folder / "a.jpg", 1, extra=iptc(*words))
    photo(folder / "sub" / "b.jpg", 2, extra=iptc("Café".encode("latin-1"), utf8=False))
    photo(folder / "c.jpg", 3)
    imported = run_import(folder)
    assert imported.hashtags == [["newyork", "straße", "tshirt"], ["café"]]
    assert (imported.summary.kind, imported.summary.photos, imported.summary.without_hashtags) == (
        "keywords",
        2,
        1,
    )


def test_keywords_with_hyphens_are_joined_counted_and_told(
    run_import: Import, tmp_path: Path
) -> None:
    photo(tmp_path / "photos" / "a.jpg", 1, extra=iptc(b"close-up", b"white-tailed deer", b"2-3"))
    photo(tmp_path / "photos" / "b.jpg", 2, extra=iptc(b"Close-Up"))
    imported = run_import(tmp_path / "photos")
    assert sorted(imported.hashtags) == [["closeup"], ["closeup", "whitetaileddeer"]]
    line = next(line for line in imported.summary.lines() if "Hyphens" in line)
    assert line == (
        "Hyphens removed, as hashtags have none: 2 words (close-up 2×, white-tailed deer 1×)."
    )


def test_xmp_keywords_join_those_of_iptc(run_import: Import, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    photo(folder / "a.jpg", 1, extra=iptc(b"sea"), xmp=xmp("Sea", "Blue Hour", "crème &amp; co"))
    photo(folder / "b.png", 2)
    photo(folder / "c.webp", 3, xmp=xmp("river"))
    imported = run_import(folder)
    assert imported.hashtags == [["sea", "bluehour", "crèmeco"], ["river"]]


def test_an_xmp_packet_that_defines_entities_is_refused(run_import: Import, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    photo(folder / "a.jpg", 1, extra=iptc(b"sea"), xmp=xmp("&b;", before=bomb))
    imported = run_import(folder)
    assert imported.hashtags == [["sea"]]
    assert imported.summary.problems.counts == {"XMP cannot be read": 1}


def test_a_folder_of_photos_takes_no_file_from_outside_through_a_link(
    run_import: Import, tmp_path: Path
) -> None:
    folder = tmp_path / "photos"
    photo(folder / "a.jpg", 1, extra=iptc(b"sea"))
    outside = photo(tmp_path / "private" / "b.jpg", 2, extra=iptc(b"secret"))
    (folder / "b.jpg").symlink_to(outside)
    (folder / "folder").symlink_to(outside.parent, target_is_directory=True)
    imported = run_import(folder)
    assert imported.hashtags == [["sea"]]
    assert imported.summary.problems.counts == {
        f"photo {BEHIND_A_LINK}": 1,
        "folder behind a symbolic link (not followed)": 1,
    }


def test_a_folder_of_nothing_but_links_to_folders_says_so(
    run_import: Import, tmp_path: Path
) -> None:
    photo(tmp_path / "elsewhere" / "a.jpg", 1, extra=iptc(b"sea"))
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "here").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    with pytest.raises(DatasetError, match=r"symbolic links to folders \(here → .*elsewhere\)"):
        run_import(tmp_path / "photos")


def test_photos_of_every_suffix_that_the_bot_reads_are_imported(
    run_import: Import, tmp_path: Path
) -> None:
    for seed, suffix in enumerate(sorted(SUFFIXES)):
        path = tmp_path / "photos" / f"p{seed}{suffix}"
        photo(path, seed, format="JPEG", extra=iptc(b"red", suffix[1:].encode()))
    assert run_import(tmp_path / "photos").summary.photos == len(SUFFIXES)
