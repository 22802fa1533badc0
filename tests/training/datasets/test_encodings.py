"""Text files in the encodings that people have."""

from pathlib import Path

import pytest
from sources import Import, table

from training.datasets.format import DatasetError


@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-16", ""),
        ("utf-16-le", ""),
        ("utf-16-be", ""),
        ("cp1251", "posts.csv is not UTF-8; it was read as cp1251 (Cyrillic)."),
    ],
)
def test_cyrillic_hashtags_are_read_in_any_usual_encoding(
    import_csv: Import, encoding: str, note: str
) -> None:
    imported = import_csv("tags,caption", "#Собака #лес,прогулка", encoding=encoding)
    assert imported.hashtags == [["собака", "лес"]]
    assert [line for line in imported.summary.lines() if "not UTF-8" in line] == (
        [note + " If letters look wrong, save the file as UTF-8 and run this again."]
        if note
        else []
    )


def test_western_letters_of_an_old_encoding_are_read_and_told(
    run_import: Import, tmp_path: Path
) -> None:
    source = table(tmp_path / "p.csv", "tags", "#café #münchen", "#niño", encoding="latin-1")
    imported = run_import(source)
    assert imported.hashtags == [["café", "münchen"], ["niño"]]
    assert any("read as cp1252 (Western)" in line for line in imported.summary.lines())


def test_utf_8_with_a_broken_byte_loses_only_the_broken_hashtag(
    run_import: Import, tmp_path: Path
) -> None:
    source = tmp_path / "posts.csv"
    source.write_bytes("tags\n#лес #дом\n#сад".encode() + b" #ab\xffc\n")
    imported = run_import(source)
    assert imported.hashtags == [["лес", "дом"], ["сад", "ab"]]
    assert any("UTF-8 with broken bytes" in line for line in imported.summary.lines())


def test_a_spreadsheet_that_is_no_text_says_so(run_import: Import, tmp_path: Path) -> None:
    source = tmp_path / "posts.csv"
    source.write_bytes(b"PK\x03\x04\x00\x00" + bytes(range(1, 256)) * 4)
    with pytest.raises(DatasetError, match="save it as CSV"):
        run_import(source)


def test_a_stray_zero_byte_does_not_make_a_table_no_text(
    run_import: Import, tmp_path: Path
) -> None:
    source = tmp_path / "posts.csv"
    source.write_bytes("image,tags,likes\n,#sea #mo\0on,5\n,#закат,6\n".encode())
    imported = run_import(source)
    assert imported.hashtags == [["sea", "mo"], ["закат"]]
