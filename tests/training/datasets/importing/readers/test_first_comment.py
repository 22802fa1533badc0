"""Hashtags in the first comment of a post's own author, as instaloader downloads it."""

import json
from pathlib import Path

import pytest
from sources import Import, metadata, photo, table

NAME = "2023-01-05_12-33-44_UTC"
POSTED = 1672922024
ANN = {"id": "7", "username": "ann"}
STRANGER = {"id": "8", "username": "stranger"}


def comment(text: str, after: int = 20, owner: object = ANN, **more: object) -> dict[str, object]:
    return {"id": 1, "created_at": POSTED + after, "text": text, "owner": owner, **more}


def post(caption: str = "Morning swim #sea", **more: object) -> dict[str, object]:
    return {
        "shortcode": "C",
        "__typename": "GraphImage",
        "taken_at_timestamp": POSTED,
        "owner": ANN,
        "edge_media_to_caption": {"edges": [{"node": {"text": caption}}]},
        **more,
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A profile's download folder with one post in it."""
    folder = tmp_path / "downloads" / "ann"
    photo(folder / f"{NAME}.jpg", 1)
    metadata(folder / f"{NAME}.json.xz", post())
    return folder


def comments(folder: Path, *written: dict[str, object]) -> None:
    """A ``_comments.json`` as instaloader writes it, the newest first."""
    newest_first = sorted(written, key=lambda one: str(one["created_at"]), reverse=True)
    (folder / f"{NAME}_comments.json").write_text(json.dumps(newest_first, indent=4))


def test_the_authors_first_comment_adds_its_hashtags(run_import: Import, folder: Path) -> None:
    comments(folder, comment(".\n.\n#ocean #Закат"), comment("Wow #nice", 90, STRANGER))
    assert run_import(folder).hashtags == [["sea", "ocean", "закат"]]


@pytest.mark.parametrize(
    "written",
    [
        [comment("#mine", owner=STRANGER)],
        [comment("Where is that?", 5, STRANGER, answers=[comment("In #Spain")])],
        [comment("#aYearLater", 365 * 86_400)],
        [comment("#before", -60)],
        [comment("#never", 10**400)],
        [comment("#nobody", owner=None)],
        [comment("#nobody", owner={"username": ""})],
        [{"text": "#neither", "created_at": None, "owner": ANN}, comment("no hashtag")],
    ],
)
def test_other_comments_add_nothing(
    run_import: Import, folder: Path, written: list[dict[str, object]]
) -> None:
    comments(folder, *written)
    assert run_import(folder).hashtags == [["sea"]]


def test_of_the_authors_comments_the_first_with_hashtags_counts(
    run_import: Import, folder: Path
) -> None:
    comments(
        folder,
        comment("Link in bio!", 5),
        comment("#ocean", 20),
        comment("@bob you #won", 600),
    )
    assert run_import(folder).hashtags == [["sea", "ocean"]]


def test_an_account_that_changed_its_name_is_the_same(run_import: Import, folder: Path) -> None:
    comments(folder, comment("#ocean", owner={"id": 7, "username": "ann_new"}))
    assert run_import(folder).hashtags == [["sea", "ocean"]]


def test_another_account_of_the_same_name_is_another(run_import: Import, folder: Path) -> None:
    comments(folder, comment("#ocean", owner={"id": "99", "username": "ann"}))
    assert run_import(folder).hashtags == [["sea"]]


@pytest.mark.parametrize(
    "more",
    [
        {"edge_media_to_parent_comment": {"edges": [{"node": comment("#ocean")}]}},
        {"edge_media_to_comment": {"edges": [{"node": comment("#ocean")}]}},
        {
            "iphone_struct": {
                "user": {"pk": 7, "username": "ann"},
                "preview_comments": [
                    {"text": "#ocean", "created_at": POSTED + 9, "user": {"pk": 7}}
                ],
            }
        },
    ],
)
def test_comments_inside_the_metadata_count_the_same(
    run_import: Import, folder: Path, more: dict[str, object]
) -> None:
    metadata(folder / f"{NAME}.json.xz", post(**more))
    assert run_import(folder).hashtags == [["sea", "ocean"]]


def test_without_metadata_the_folders_name_is_the_authors(run_import: Import, folder: Path) -> None:
    (folder / f"{NAME}.json.xz").unlink()
    table(folder / f"{NAME}.txt", "#sea")
    comments(folder, comment("#ocean"), comment("#mine", 5, STRANGER))
    assert run_import(folder.parent).hashtags == [["sea", "ocean"]]


def test_in_a_hashtags_folder_without_metadata_nobody_is_the_author(
    run_import: Import, tmp_path: Path
) -> None:
    folder = tmp_path / "#sea"
    photo(folder / f"{NAME}.jpg", 1)
    table(folder / f"{NAME}.txt", "#sea")
    comments(folder, comment("#mine", owner={"username": "sea"}))
    assert run_import(folder).hashtags == [["sea"]]


def test_a_post_with_hashtags_in_its_comment_alone_is_no_post_without(
    run_import: Import, folder: Path
) -> None:
    (folder / f"{NAME}.json.xz").unlink()
    comments(folder, comment("#ocean"))
    assert run_import(folder).hashtags == [["ocean"]]


@pytest.mark.parametrize("damage", ["", "{", '{"text": "#x"}', '[3, null, {"owner": "ann"}]'])
def test_damaged_comments_leave_the_caption(run_import: Import, folder: Path, damage: str) -> None:
    (folder / f"{NAME}_comments.json").write_text(damage)
    assert run_import(folder).hashtags == [["sea"]]


def test_comments_that_cannot_be_read_are_counted(run_import: Import, folder: Path) -> None:
    (folder / f"{NAME}_comments.json").write_text("{")
    assert run_import(folder).summary.problems.counts == {"comments cannot be read": 1}


def test_a_time_in_a_name_that_is_no_time_stops_nothing(run_import: Import, tmp_path: Path) -> None:
    folder = tmp_path / "ann"
    photo(folder / "2023-13-45_99-99-99_UTC.jpg", 1)
    table(folder / "2023-13-45_99-99-99_UTC.txt", "#sea")
    assert run_import(folder).rows[0]["hashtags"] == ["sea"]
