"""The starter's categories: ten heads that people know, with finer ones below.

``tables/categories.csv`` names them and the hashtags that lead each. Every other hashtag joins the
category whose leaders stand in rows with it in the other tables. This needs nothing but the
vocabulary and the tables, so ``python -m training.starter.category_table`` updates a bundle in a
second.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from recommenders.arrays import Floats
from recommenders.bundle import STARTER, Bundle, BundleError, load, save
from recommenders.category import Category
from recommenders.hashtag_tables import knowledge_part, read_knowledge
from training.fitting.categories import Categories
from training.starter.word_tables import (
    POSITION_DECAY,
    CategoryRow,
    category_rows,
    forbidden_pairs,
    hashtag_rows,
)
from training.terminal import tool

LEAST_SHARE = 0.5
"""The least share of a hashtag's votes that a category must have to get it."""

PASSES = 2
"""Hashtags placed by the first pass vote in the second, for those in no row with a leader."""

PLACED = 0.5
"""The weight of a placed hashtag's vote relative to a leader's."""

Votes = dict[str, dict[int, float]]
"""By hashtag, the votes for each category, by its number."""


def categories_in_tables(hashtags: Sequence[str]) -> Categories:
    """The categories of the tables, for a vocabulary. The same vocabulary gives the same ones."""
    # Rows of no category last, so that the others' numbers are those of the categories.
    table = sorted(category_rows(), key=lambda row: not row.head)
    known = set(hashtags)
    places = [number for number, row in enumerate(table) if row.category or not row.head]
    leaders: Votes = {}
    for number in places:
        for position, tag in enumerate(table[number].hashtags):
            leaders.setdefault(tag, {})[number] = 1 - position / 1_000
    homes = {tag: max(votes, key=lambda n: (votes[n], -n)) for tag, votes in leaders.items()}
    weights = {tag: max(votes.values()) for tag, votes in leaders.items()}
    placed: Votes = {}
    for _ in range(PASSES):
        placed = _placed(_votes(leaders, placed), known - leaders.keys())
    for tag, votes in placed.items():
        ((homes[tag], share),) = votes.items()
        weights[tag] = PLACED * share
    inside = {tag: home for tag, home in homes.items() if tag in known and table[home].head}
    leading = [tuple(tag for tag in row.hashtags if tag in known) for row in table]
    for tag in _conflicting(inside, weights, leading):
        del inside[tag]
    return Categories(
        tuple(_category(row, tags) for row, tags in zip(table, leading, strict=True) if row.head),
        np.array([inside.get(tag, -1) for tag in hashtags], np.int32),
        _weights(hashtags, inside, weights),
    )


def with_table_categories(bundle: Bundle) -> Bundle:
    """A bundle with the categories of the tables instead of its own.

    Raises:
        BundleError: if it has no part ``knowledge``.
    """
    tables = read_knowledge(bundle)
    if tables is None:
        raise BundleError(f"Bundle {bundle.model} knows nothing about categories.")
    of_tables = categories_in_tables(bundle.hashtags)
    grouped = replace(
        tables,
        categories=of_tables.categories,
        silhouette=of_tables.silhouette,
        category_of=of_tables.of_hashtag,
        category_weight=of_tables.weight,
    )
    return bundle.with_parts({"knowledge": knowledge_part(grouped)})


def _category(row: CategoryRow, leaders: tuple[str, ...]) -> Category:
    name = row.category or row.head
    titles = {"en": name, "ru": row.russian}
    return Category(name, leaders, titles=titles, head=row.head if row.category else None)


def _votes(leaders: Votes, placed: Votes) -> Votes:
    """Each hashtag's votes: by the hashtags that stand in rows of the tables with it."""
    of_tag: Votes = {
        tag: {number: PLACED * share for number, share in votes.items()}
        for tag, votes in placed.items()
    }
    for tag, votes in leaders.items():
        of_tag[tag] = dict.fromkeys(votes, 1 / len(votes))
    result: Votes = {}
    for row in hashtag_rows():
        of_row: dict[int, float] = {}
        for position, tag in enumerate(row):
            _add(of_row, of_tag.get(tag, {}), POSITION_DECAY**position)
        for position, tag in enumerate(row):
            _add(result.setdefault(tag, {}), of_row, POSITION_DECAY**position)
    return result


def _add(total: dict[int, float], votes: Mapping[int, float], factor: float) -> None:
    for number, vote in votes.items():
        total[number] = total.get(number, 0.0) + factor * vote


def _placed(votes: Votes, tags: Set[str]) -> Votes:
    """By hashtag the category with most of its votes, and its share of them.

    The share is lowered if there are few votes.
    """
    result: Votes = {}
    for tag in sorted(tags & votes.keys()):
        of_tag = votes[tag]
        total = sum(of_tag.values())
        best = max(of_tag, key=lambda number: (of_tag[number], -number), default=-1)
        if total and of_tag[best] / total >= LEAST_SHARE:
            result[tag] = {best: of_tag[best] / (total + 1)}
    return result


def _conflicting(
    homes: Mapping[str, int], weights: Mapping[str, float], leaders: Sequence[Sequence[str]]
) -> list[str]:
    """Hashtags that must not stand beside a weightier one of their category."""
    not_beside: dict[str, set[str]] = {}
    for pair in forbidden_pairs():
        for group, other in (pair, reversed(pair)):
            for tag in group:
                not_beside.setdefault(tag, set()).update(set(other) - {tag})
    shown = [set(tags) for tags in leaders]
    left_out = []
    for tag in sorted(not_beside.keys() & homes.keys(), key=lambda tag: (-weights[tag], tag)):
        beside = shown[homes[tag]]
        if not_beside[tag] & beside:
            left_out.append(tag)
        else:
            beside.add(tag)
    return left_out


def _weights(
    hashtags: Sequence[str], homes: Mapping[str, int], weights: Mapping[str, float]
) -> Floats:
    return np.array([weights[tag] if tag in homes else 0 for tag in hashtags], np.float32)


def main(
    bundle: Annotated[
        Path, typer.Option(metavar="DIR", help="The bundle.", show_default="the one that ships")
    ] = STARTER,
) -> None:
    """Write the tables' categories into an existing bundle."""
    save(with_table_categories(load(bundle)), bundle)


if __name__ == "__main__":
    tool(main)()
