"""Which layout a source has."""

from pathlib import Path

import pytest
from sources import Import, photo, table

from training.datasets.format import DatasetError


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nothing", "does not exist"),
        ("archive.zip", "Unpack it"),
        ("notes.docx", "notes.docx cannot be imported"),
        ("empty/", "is empty"),
        ("strange/file.bin", "has no known layout"),
    ],
)
def test_a_source_that_is_not_understood_says_what_can_be_imported(
    run_import: Import, tmp_path: Path, name: str, sentence: str
) -> None:
    path = tmp_path / name
    if name.endswith("/"):
        path.mkdir()
    elif name != "nothing":
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"\x00\x01")
    source = path.parent if name.startswith("strange") else path
    with pytest.raises(DatasetError) as error:
        run_import(source)
    assert sentence in str(error.value)


def test_a_kind_that_does_not_exist_names_those_that_do(run_import: Import, source: Path) -> None:
    with pytest.raises(
        DatasetError, match="dataset, harrison, instagram, instaloader, csv, keywords"
    ):
        run_import(source, kind="flickr")


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("csv", "has no CSV file"),
        ("harrison", "has no data_list.txt"),
        ("dataset", "has no posts.jsonl"),
        ("instagram", "has no posts exported by Instagram"),
    ],
)
def test_a_source_that_is_not_of_the_kind_it_is_said_to_be_is_one_sentence(
    run_import: Import, tmp_path: Path, kind: str, sentence: str
) -> None:
    photo(tmp_path / "s" / "a.jpg", 1)
    with pytest.raises(DatasetError, match=sentence):
        run_import(tmp_path / "s", kind=kind)
    with pytest.raises(DatasetError, match="does not exist"):
        run_import(tmp_path / "nowhere", kind=kind)


def test_several_tables_in_a_folder_ask_for_one(run_import: Import, source: Path) -> None:
    table(source / "more.csv", "tags", "dog")
    with pytest.raises(DatasetError, match=r"several tables \(more.csv, posts.csv\)"):
        run_import(source)
    assert run_import(source / "posts.csv").summary.posts == 3
