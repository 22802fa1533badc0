"""CSV files as people have them."""

from pathlib import Path

import pytest
from sources import Import, photo, table

from training.datasets.format import DatasetError


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out(import_csv: Import, delimiter: str) -> None:
    header, row = ("photo", "tags", "likes"), ("a.jpg", "#dog #cat", "3")
    imported = import_csv(delimiter.join(header), delimiter.join(row))
    assert imported.rows == [{"hashtags": ["dog", "cat"], "likes": 3}]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_on_any_system(run_import: Import, tmp_path: Path, end: str) -> None:
    lines = ("tags;likes", "#dog,#cat,#sea;3", "#sun,#sky,#snow;4")
    (tmp_path / "posts.csv").write_bytes(end.join(lines).encode())
    imported = run_import(tmp_path / "posts.csv")
    assert imported.hashtags == [["dog", "cat", "sea"], ["sun", "sky", "snow"]]


def test_hidden_files_of_macos_are_no_tables(run_import: Import, source: Path) -> None:
    (source / "._posts.csv").write_bytes(b"\x00\x05\x16\x07")
    assert run_import(source).summary.kind == "csv"


def test_hashtags_without_quotes_in_the_last_column_are_all_taken(import_csv: Import) -> None:
    imported = import_csv("image,tags", "a.jpg,dog,puppy,pet", "b.jpg,cat")
    assert imported.hashtags == [["dog", "puppy", "pet"], ["cat"]]


@pytest.mark.parametrize("cell", ["close-up|sea", "close-up sea", "\"['close-up', 'sea']\""])
def test_words_with_hyphens_are_joined_in_a_column_of_keywords(
    import_csv: Import, cell: str
) -> None:
    imported = import_csv("image,keywords", f"a.jpg,{cell}")
    assert imported.hashtags == [["closeup", "sea"]]
    assert imported.summary.hyphenated == {"close-up": 1}


def test_a_hyphen_ends_a_hashtag_of_a_caption(import_csv: Import) -> None:
    imported = import_csv("image,caption", "a.jpg,look #close-up")
    assert imported.hashtags == [["close"]]
    assert not imported.summary.hyphenated


def test_a_caption_over_several_lines_is_one_row(import_csv: Import) -> None:
    imported = import_csv("caption,likes", '"one #sea', 'two #sun",7')
    assert imported.rows == [{"hashtags": ["sea", "sun"], "likes": 7}]


def test_rows_of_one_photo_are_one_post_even_where_the_photo_is_missing(
    run_import: Import, tmp_path: Path
) -> None:
    source = table(
        tmp_path / "s" / "posts.csv", "file,tag,likes", "a.jpg,dog,1", "b.jpg,cat,", "a.jpg,pet,4"
    )
    photo(tmp_path / "s" / "b.jpg", 1)
    imported = run_import(source)
    assert imported.hashtags == [["dog", "pet"], ["cat"]]
    assert imported.rows[0]["likes"] == 4
    assert (imported.summary.duplicates, imported.summary.photos_missing) == (1, 1)


def test_broken_rows_are_counted_by_reason_with_examples(import_csv: Import) -> None:
    imported = import_csv(
        "tags,likes,image",
        "dog,1,a.jpg,extra,cells",
        "cat,2,",
        "x" * 200_000 + ",1,",
        "#" + "y" * 101 + ",1,",
    )
    assert imported.hashtags == [["cat"]]
    lines = "\n".join(imported.summary.lines())
    assert "1 × more cells than the header (such as line 2)" in lines
    assert "not CSV: field larger than field limit" in lines
    assert "not a hashtag: too long" in lines


def test_a_quote_that_is_not_closed_costs_its_own_row_only(import_csv: Import) -> None:
    imported = import_csv(
        "image,tags,likes",
        'a.jpg,"#sea,1',
        "b.jpg,#sun,2",
        'c.jpg,"#sky ""blue""\n#cloud",3',
        'd.jpg,#moon "x" #tree,4',
        'e.jpg,"#rain" #wind,5',
        '"f.jpg,#snow,6',
        "g.jpg,#ice,7",
    )
    assert imported.hashtags == [
        ["sun"],
        ["sky", "cloud"],
        ["moon", "tree"],
        ["rain", "wind"],
        ["ice"],
    ]
    assert any(
        "2 × not CSV: a quote is not closed (such as line 2; line 8)" in line
        for line in imported.summary.lines()
    )


def test_russian_names_of_columns_are_understood(run_import: Import, tmp_path: Path) -> None:
    photo(tmp_path / "s" / "a.jpg", 1)
    source = table(
        tmp_path / "s" / "п.csv", "Фото;Хештеги;Лайки", "a.jpg;#закат #море;7", encoding="cp1251"
    )
    imported = run_import(source)
    assert imported.hashtags == [["закат", "море"]]
    assert imported.summary.photos == 1 and imported.rows[0]["likes"] == 7


def test_a_table_without_photos_says_so(import_csv: Import) -> None:
    imported = import_csv("address,tags", "a.jpg,dog")
    assert any("no column of photos" in line for line in imported.summary.lines())


def test_a_table_without_hashtags_names_the_columns_it_has(
    run_import: Import, tmp_path: Path
) -> None:
    source = table(tmp_path / "posts.csv", "id,price", "1,2")
    with pytest.raises(DatasetError, match=r"no column of hashtags.*It reads: id, price"):
        run_import(source)


@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"', "sep=;;", "\nsep=;"])
def test_a_line_of_excels_own_says_the_delimiter(import_csv: Import, line: str) -> None:
    imported = import_csv(line, "likes, so far;tags", "3;#dog, #cat", "many;#sun")
    assert imported.hashtags == [["dog", "cat"], ["sun"]]


def test_lines_are_counted_from_that_line_on(import_csv: Import) -> None:
    imported = import_csv("sep=;", "tags;likes", "dog;many")
    assert imported.summary.problems.examples == {"likes are not a number": ["line 3: many"]}


@pytest.mark.parametrize("title", ["image_name", "image_id", "img_path", "images", "Image Path"])
def test_columns_of_photos_have_many_names(run_import: Import, tmp_path: Path, title: str) -> None:
    photo(tmp_path / "s" / "a.jpg", 1)
    source = table(tmp_path / "s" / "posts.csv", f"{title},tags", "a.jpg,dog")
    assert run_import(source).summary.photos == 1


@pytest.mark.parametrize("name", ["7", "7.jpg"])
def test_photos_may_lie_in_a_folder_that_no_row_names(
    run_import: Import, tmp_path: Path, name: str
) -> None:
    photo(tmp_path / "s" / "other" / "9.jpg", 2)
    photo(tmp_path / "s" / "archive" / "images" / "7.jpg", 1)
    source = table(tmp_path / "s" / "posts.csv", "image_id,tags", f"{name},dog", "8,cat")
    imported = run_import(source)
    assert [row.get("image") is not None for row in imported.rows] == [True, False]
    assert (imported.summary.photos_found, imported.summary.photos_missing) == (1, 1)


NOTHING = ["NULL", "None", "nan", "NaT", "N/A", "<NA>", "NA", r"\N", "#N/A", "#NAME?", "-"]


@pytest.mark.parametrize("nothing", NOTHING)
def test_what_programs_write_for_nothing_is_nothing(import_csv: Import, nothing: str) -> None:
    imported = import_csv("image,tags,caption,likes", f"{nothing},{nothing},#dog,{nothing}")
    assert imported.rows == [{"hashtags": ["dog"]}]
    assert imported.summary.photos_missing == 0
