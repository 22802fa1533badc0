"""CSV files as people have them."""

from pathlib import Path

import pytest
from importing_sources import hashtags, photo, rows, table

from training.datasets.format import DatasetError
from training.datasets.importing import import_posts


@pytest.mark.parametrize(
    ("encoding", "told"),
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
    tmp_path: Path, encoding: str, told: str
) -> None:
    source = table(
        tmp_path / "posts.csv", "tags,caption", "#Собака #лес,прогулка", encoding=encoding
    )
    summary = import_posts(source, tmp_path / "to")
    assert hashtags(tmp_path / "to") == [["собака", "лес"]]
    assert [note for note in summary.lines() if "not UTF-8" in note][:1] == (
        [told + " If letters look wrong, save the file as UTF-8 and import again."] if told else []
    )


def test_western_letters_of_an_old_encoding_are_read_and_told(tmp_path: Path) -> None:
    source = table(tmp_path / "p.csv", "tags", "#café #münchen", "#niño", encoding="latin-1")
    summary = import_posts(source, tmp_path / "to")
    assert hashtags(tmp_path / "to") == [["café", "münchen"], ["niño"]]
    assert any("read as cp1252 (Western)" in line for line in summary.lines())


def test_utf_8_with_a_broken_byte_loses_only_the_broken_hashtag(tmp_path: Path) -> None:
    source = tmp_path / "posts.csv"
    source.write_bytes("tags\n#лес #дом\n#сад".encode() + b" #ab\xffc\n")
    summary = import_posts(source, tmp_path / "to")
    assert hashtags(tmp_path / "to") == [["лес", "дом"], ["сад", "ab"]]
    assert any("UTF-8 with broken bytes" in line for line in summary.lines())


def test_a_spreadsheet_that_is_no_text_says_so(tmp_path: Path) -> None:
    source = tmp_path / "posts.csv"
    source.write_bytes(b"PK\x03\x04\x00\x00" + bytes(range(1, 256)) * 4)
    with pytest.raises(DatasetError, match="save it as CSV"):
        import_posts(source, tmp_path / "to")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out(tmp_path: Path, delimiter: str) -> None:
    header, row = ("photo", "tags", "likes"), ("a.jpg", "#dog #cat", "3")
    source = table(tmp_path / "posts.csv", delimiter.join(header), delimiter.join(row))
    import_posts(source, tmp_path / "to")
    assert rows(tmp_path / "to") == [{"hashtags": ["dog", "cat"], "likes": 3}]


@pytest.mark.parametrize(
    "cell",
    ["#dog #newyork", "dog newyork", '"dog, New York"', "dog|New York", "\"['dog', 'newyork']\"",
     '"[""dog"", ""NewYork""]"', "#Dog#NewYork", '"{dog,newyork}"'],
)  # fmt: skip
def test_hashtags_are_understood_however_a_cell_holds_them(tmp_path: Path, cell: str) -> None:
    source = table(tmp_path / "posts.csv", "hashtags,likes", f"{cell},1")
    import_posts(source, tmp_path / "to")
    assert hashtags(tmp_path / "to") == [["dog", "newyork"]]


def test_hashtags_without_quotes_in_the_last_column_are_all_taken(tmp_path: Path) -> None:
    source = table(tmp_path / "posts.csv", "image,tags", "a.jpg,dog,puppy,pet", "b.jpg,cat")
    import_posts(source, tmp_path / "to")
    assert hashtags(tmp_path / "to") == [["dog", "puppy", "pet"], ["cat"]]


def test_of_a_caption_only_the_hashtags_are_taken(tmp_path: Path) -> None:
    caption = (
        '"Our no. #1 walk! #Snow&ice, #наш_пёс. See https://a.org/#top &#39;x&#39; #café☕ #हिन्दी"'
    )
    source = table(tmp_path / "posts.csv", "caption", caption)
    import_posts(source, tmp_path / "to")
    assert hashtags(tmp_path / "to") == [["snow", "наш_пёс", "café", "हिन्दी"]]


def test_a_caption_over_several_lines_is_one_row(tmp_path: Path) -> None:
    source = table(tmp_path / "posts.csv", "caption,likes", '"one #sea', 'two #sun",7')
    import_posts(source, tmp_path / "to")
    assert rows(tmp_path / "to") == [{"hashtags": ["sea", "sun"], "likes": 7}]


@pytest.mark.parametrize(
    ("cell", "likes"),
    [("12", 12), ("1 234", 1234), ('"1,234"', 1234), ("1.5k", 1500), ("12.0", 12),
     ("2M", 2_000_000), ("-1", None), ("", None), ("n/a", None), ("many", None)],
)  # fmt: skip
def test_likes_are_read_as_people_write_them(tmp_path: Path, cell: str, likes: int | None) -> None:
    source = table(tmp_path / "posts.csv", "tags,likes", f"dog,{cell}")
    summary = import_posts(source, tmp_path / "to")
    assert rows(tmp_path / "to")[0].get("likes") == likes
    assert summary.likes_hidden == (cell == "-1")
    assert summary.problems.counts["likes are not a number"] == (cell == "many")


@pytest.mark.parametrize(
    ("cell", "moment"),
    [("2019-05-06", "2019-05-06T00:00:00"), ("2019-05-06T10:20:30Z", "2019-05-06T10:20:30+00:00"),
     ("1557137000", "2019-05-06T10:03:20+00:00"), ("1557137000000", "2019-05-06T10:03:20+00:00"),
     ("06.05.2019 10:20", "2019-05-06T10:20:00"), ("last week", None)],
)  # fmt: skip
def test_dates_become_iso_8601(tmp_path: Path, cell: str, moment: str | None) -> None:
    source = table(tmp_path / "posts.csv", "tags,Posted At", f"dog,{cell}")
    summary = import_posts(source, tmp_path / "to")
    assert rows(tmp_path / "to")[0].get("posted_at") == moment
    assert summary.problems.counts["date is not understood"] == (moment is None)


def test_splits_keep_their_usual_names(tmp_path: Path) -> None:
    splits = ("Training", "val", "TEST", "holdout", "")
    source = table(tmp_path / "posts.csv", "tags,split", *(f"dog,{name}" for name in splits))
    import_posts(source, tmp_path / "to")
    written = [row.get("split") for row in rows(tmp_path / "to")]
    assert written == ["train", "validation", "test", None, None]


def test_rows_of_one_photo_are_one_post_even_where_the_photo_is_missing(tmp_path: Path) -> None:
    source = table(
        tmp_path / "s" / "posts.csv", "file,tag,likes", "a.jpg,dog,1", "b.jpg,cat,", "a.jpg,pet,4"
    )
    photo(tmp_path / "s" / "b.jpg", 1)
    summary = import_posts(source, tmp_path / "to")
    assert hashtags(tmp_path / "to") == [["dog", "pet"], ["cat"]]
    assert rows(tmp_path / "to")[0]["likes"] == 4
    assert (summary.duplicates, summary.photos_missing) == (1, 1)


def test_windows_paths_are_found(tmp_path: Path) -> None:
    photo(tmp_path / "s" / "photos" / "a.jpg", 1)
    source = table(tmp_path / "s" / "posts.csv", "image,tags", "photos\\a.jpg,dog")
    assert import_posts(source, tmp_path / "to").photos == 1


def test_broken_rows_are_counted_by_reason_with_examples(tmp_path: Path) -> None:
    source = table(
        tmp_path / "posts.csv",
        "tags,likes,image",
        "dog,1,a.jpg,extra,cells",
        "cat,2,",
        "x" * 200_000 + ",1,",
        "#" + "y" * 101 + ",1,",
    )
    summary = import_posts(source, tmp_path / "to")
    assert hashtags(tmp_path / "to") == [["cat"]]
    lines = "\n".join(summary.lines())
    assert "1 × more cells than the header (such as line 2)" in lines
    assert "not CSV: field larger than field limit" in lines
    assert "not a hashtag: too long" in lines


def test_a_quote_that_is_not_closed_costs_its_own_row_only(tmp_path: Path) -> None:
    source = table(
        tmp_path / "posts.csv",
        "image,tags,likes",
        'a.jpg,"#sea,1',
        "b.jpg,#sun,2",
        'c.jpg,"#sky ""blue""\n#cloud",3',
        'd.jpg,#moon "x" #tree,4',
        'e.jpg,"#rain" #wind,5',
        '"f.jpg,#snow,6',
        "g.jpg,#ice,7",
    )
    summary = import_posts(source, tmp_path / "to")
    assert hashtags(tmp_path / "to") == [
        ["sun"],
        ["sky", "cloud"],
        ["moon", "tree"],
        ["rain", "wind"],
        ["ice"],
    ]
    assert any(
        "2 × not CSV: a quote is not closed (such as line 2; line 8)" in line
        for line in summary.lines()
    )


def test_a_stray_zero_byte_does_not_make_a_table_no_text(tmp_path: Path) -> None:
    source = tmp_path / "posts.csv"
    source.write_bytes("image,tags,likes\n,#sea #mo\0on,5\n,#закат,6\n".encode())
    import_posts(source, tmp_path / "to")
    assert hashtags(tmp_path / "to") == [["sea", "mo"], ["закат"]]


def test_russian_names_of_columns_are_understood(tmp_path: Path) -> None:
    photo(tmp_path / "s" / "a.jpg", 1)
    source = table(
        tmp_path / "s" / "п.csv", "Фото;Хештеги;Лайки", "a.jpg;#закат #море;7", encoding="cp1251"
    )
    summary = import_posts(source, tmp_path / "to")
    assert hashtags(tmp_path / "to") == [["закат", "море"]]
    assert summary.photos == 1 and rows(tmp_path / "to")[0]["likes"] == 7


def test_a_table_without_photos_says_so(tmp_path: Path) -> None:
    source = table(tmp_path / "posts.csv", "address,tags", "a.jpg,dog")
    summary = import_posts(source, tmp_path / "to")
    assert any("no column of photos" in line for line in summary.lines())


def test_a_table_without_hashtags_names_the_columns_it_has(tmp_path: Path) -> None:
    source = table(tmp_path / "posts.csv", "id,price", "1,2")
    with pytest.raises(DatasetError, match=r"no column of hashtags.*It says: id, price"):
        import_posts(source, tmp_path / "to")
