"""Hashtags that are too rare or too common."""

from pathlib import Path

import pytest
from sources import Import

from training.datasets.format import DatasetError


def test_rare_hashtags_are_dropped_and_posts_left_without_are_counted(
    run_import: Import, source: Path
) -> None:
    imported = run_import(source, min_count=2)
    assert imported.hashtags == [["pet"], ["pet"]]
    assert set(imported.summary.rare) == {"dog", "puppy", "cat", "bird"}
    assert imported.summary.emptied == 1


def test_the_most_popular_hashtags_are_capped(run_import: Import, source: Path) -> None:
    imported = run_import(source, cap=0.5)
    assert imported.summary.common == {"pet": 2}
    assert imported.hashtags == [["dog", "puppy"], ["cat"], ["bird"]]


def test_thresholds_that_leave_nothing_say_which_to_change(
    run_import: Import, source: Path
) -> None:
    with pytest.raises(DatasetError, match="Lower min-count or raise the cap"):
        run_import(source, min_count=50)
