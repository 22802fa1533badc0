"""A dataset imported once more."""

import json
from pathlib import Path

from sources import Import, photo, table


def test_a_dataset_is_imported_with_all_it_knows(run_import: Import, tmp_path: Path) -> None:
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
    imported = run_import(folder)
    first, second = imported.rows
    assert {**first, "image": ""} == {**row, "image": ""}
    assert second == {"hashtags": ["sun"]}
    assert imported.summary.problems.counts == {"not JSON": 1}


def test_words_with_hyphens_are_joined_and_counted_where_no_sign_marks_them(
    run_import: Import, tmp_path: Path
) -> None:
    rows = ('{"hashtags": ["close-up", "#snow-white"]}', '{"hashtags": ["close-up", "sea"]}')
    imported = run_import(table(tmp_path / "posts" / "posts.jsonl", *rows).parent)
    assert imported.hashtags == [["closeup"], ["closeup", "sea"]]
    assert imported.summary.hyphenated == {"close-up": 2}
    assert imported.summary.problems.counts == {"not a hashtag: bad character": 1}
