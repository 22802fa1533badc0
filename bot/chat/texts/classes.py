"""ImageNet's classes in the bot's languages, beside the English names that classifiers give."""

import csv
from collections.abc import Mapping
from pathlib import Path


def classes(language: str) -> Mapping[str, str]:
    """A class's name in a language by its English name, from the table ``classes_<language>``."""
    table = Path(__file__).parent / f"classes_{language}.csv"
    with table.open(encoding="utf-8", newline="") as lines:
        return {row["english"]: row["name"] for row in csv.DictReader(lines)}
