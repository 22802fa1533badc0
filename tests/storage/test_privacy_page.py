"""The page on privacy has a word on every column there is."""

import re
from pathlib import Path

import pytest
from sqlalchemy import Table

import storage.database  # noqa: F401, since it knows all tables
from storage.tables import Base

PAGE = Path(__file__).parents[2] / "docs" / "privacy.md"


def paragraphs() -> dict[str, str]:
    """By table."""
    parts = re.split(r"^\*\*(\w+)\*\*", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {
        name: text.split("\n\n")[0] for name, text in zip(parts[1::2], parts[2::2], strict=True)
    }


@pytest.mark.parametrize("table", Base.metadata.sorted_tables, ids=lambda table: table.name)
def test_every_column_has_a_word_on_the_page_of_privacy(table: Table) -> None:
    named = set(re.findall(r"`(\w+)`", paragraphs().get(table.name, "")))
    missing = {column.name for column in table.columns} - named
    assert missing == set(), f"docs/privacy.md says nothing of {table.name}: {sorted(missing)}"


def test_the_page_names_no_table_that_is_gone() -> None:
    assert paragraphs().keys() <= Base.metadata.tables.keys()
