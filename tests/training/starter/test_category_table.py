"""The starter's categories, which come from tables."""

import numpy as np
import pytest

from recommenders.bundle import STARTER, Bundle, load
from recommenders.knowledge import Knowledge
from training.starter.category_table import categories_in_tables, with_table_categories
from training.starter.word_tables import category_rows, people


@pytest.fixture(scope="module")
def starter() -> Bundle:
    return load(STARTER)


def test_the_starter_ships_with_the_categories_of_the_tables(starter: Bundle) -> None:
    again = with_table_categories(starter)
    assert again.settings["knowledge"] == starter.settings["knowledge"]
    for name, array in starter.arrays["knowledge"].items():
        np.testing.assert_array_equal(again.arrays["knowledge"][name], array)


def test_each_category_of_the_starter_is_led_by_hashtags_that_it_knows(starter: Bundle) -> None:
    known = Knowledge(starter)
    heads = known.under(None)
    assert len(heads) == 10
    for head in heads:
        assert len(head.hashtags) >= 8 and len(known.under(head.name)) >= 6
        assert all(len(one.hashtags) >= 7 for one in known.under(head.name))


def test_no_category_of_the_starter_is_named_by_what_labels_a_person() -> None:
    labels = {tag for tag, instead in people().items() if instead != (tag,)}
    for row in category_rows():
        assert labels.isdisjoint([*row.hashtags, *row.category.split()])


def test_a_hashtag_that_no_row_names_is_in_no_category() -> None:
    homes = categories_in_tables(["latteart", "never heard", "hammer"])
    names = [homes.categories[place].name if place >= 0 else "" for place in homes.of_hashtag]
    assert names == ["coffee and tea", "", ""]
    assert homes.weight[0] > homes.weight[1] == 0


def test_a_hashtag_is_at_home_where_its_neighbours_in_the_tables_lead() -> None:
    homes = categories_in_tables(["espressomachine", "tabbycat"])
    assert [homes.categories[place].name for place in homes.of_hashtag] == [
        "coffee and tea",
        "cats",
    ]
