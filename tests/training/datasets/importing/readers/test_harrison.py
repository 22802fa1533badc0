"""HARRISON's lists."""

from pathlib import Path

from sources import Import, photo, table


def harrison(folder: Path) -> Path:
    table(
        folder / "data_list.txt",
        "instagram_dataset/sea/image_50.jpg",
        "instagram_dataset/cat/image_1.jpg",
        "instagram_dataset/cat/image_2.jpg",
    )
    table(folder / "tag_list.txt", "sea trip 35mm ", "cat cute ", "")
    return folder


def test_harrisons_hashtags_serve_without_its_photos(run_import: Import, tmp_path: Path) -> None:
    imported = run_import(harrison(tmp_path / "harrison"))
    assert imported.rows == [
        {"hashtags": ["sea", "trip", "35mm"], "search_hashtag": "sea"},
        {"hashtags": ["cat", "cute"], "search_hashtag": "cat"},
    ]
    assert (
        imported.summary.kind,
        imported.summary.photos_missing,
        imported.summary.without_hashtags,
    ) == (
        "harrison",
        3,
        1,
    )
    assert sum("image_50.jpg" in line for line in imported.summary.lines()) == 1


def test_harrisons_photos_are_taken_where_they_are_there(
    run_import: Import, tmp_path: Path
) -> None:
    folder = harrison(tmp_path / "harrison")
    photo(folder / "instagram_dataset" / "cat" / "image_1.jpg", 1)
    imported = run_import(folder)
    assert imported.summary.photos == 1
    assert "image" in imported.rows[1]


def test_harrisons_lists_of_unequal_length_pair_as_far_as_they_go(
    run_import: Import, tmp_path: Path
) -> None:
    folder = harrison(tmp_path / "harrison")
    with (folder / "tag_list.txt").open("a") as file:
        file.write("left over\n")
    imported = run_import(folder)
    assert imported.summary.posts == 2
    assert imported.summary.problems.counts == {"no matching line in data_list.txt": 1}
