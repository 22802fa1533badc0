"""Hashtags, likes, dates and splits as people write them in a table."""

import pytest
from sources import Import


@pytest.mark.parametrize(
    "cell",
    ["#dog #newyork", "dog newyork", '"dog, New York"', "dog|New York", "\"['dog', 'newyork']\"",
     '"[""dog"", ""NewYork""]"', "#Dog#NewYork", '"{dog,newyork}"'],
)  # fmt: skip
def test_hashtags_are_understood_however_a_cell_holds_them(import_csv: Import, cell: str) -> None:
    imported = import_csv("hashtags,likes", f"{cell},1")
    assert imported.hashtags == [["dog", "newyork"]]


@pytest.mark.parametrize(
    "cell",
    [
        "['dog' 'New York'\n 'sea']",
        "array(['dog', 'New York', 'sea'], dtype=object)",
        "array(['dog', 'New York',\n       'sea'], dtype='<U8')",
        "['dog', 'New York', None, 'sea', nan]",
        '[""dog"", ""new york"", null, ""sea""]',
        '{dog,""New York"",sea}',
        "('#dog', '#newyork', '#sea')",
        "[np.str_('dog'), np.str_('New York'), np.str_('sea')]",
        "Index(['dog', 'New York', 'sea'], dtype='object', name='tags')",
        "np.array(['dog' 'New York'\n ... 'sea'])",
        "frozenset({'dog', 'New York', 'sea'})",
        "[['dog', 'New York'], ['sea']]",
        '[{""id"": 3, ""name"": ""dog""}, {""name"": ""New York""}, {""name"": ""sea""}]',
        "[{'text': 'dog', 'indices': [0, 4]}, {'text': 'NewYork'}, {'text': 'sea'}]",
        "{dog,New York,NULL,sea}",
    ],
)
def test_lists_are_understood_as_programs_write_them(import_csv: Import, cell: str) -> None:
    imported = import_csv("hashtags,likes", f'"{cell}",1')
    assert imported.hashtags == [["dog", "newyork", "sea"]]


@pytest.mark.parametrize(
    "cell",
    [
        "dog sun\nsea",
        "dog\r\nsun sea",
        "dog sun\n\nsea nan",
        "dog\tsun\u2028sea",
        "dog sun<br>sea",
        "dog sun_x000D_\nsea",
        r"dog sun\nsea",
        "#dog #sun_x000D_\n#sea",
        "#dog #sun<br/>#sea",
    ],
)
def test_a_line_break_between_words_parts_them(import_csv: Import, cell: str) -> None:
    imported = import_csv("hashtags,likes", f'"{cell}",1')
    assert imported.hashtags == [["dog", "sun", "sea"]]


@pytest.mark.parametrize(
    ("cell", "hashtags"),
    [
        ("sunset, beach, #nofilter", ["sunset", "beach", "nofilter"]),
        ("#sunset, beach, close-up", ["sunset", "beach", "closeup"]),
        ("['#sea', 'New York', 'sun']", ["sea", "newyork", "sun"]),
        ("{#sea,sun}", ["sea", "sun"]),
        ("#sea, nan, sun", ["sea", "sun"]),
        ("Sunset, by me #sea", ["sea"]),
        ("sunset, beach, #sea, #sun", ["sunset", "beach", "sea", "sun"]),
        ("sunset, #sea, sun", ["sunset", "sea", "sun"]),
        ("#sea, sun", ["sea", "sun"]),
        ("{sunset,#sea}", ["sunset", "sea"]),
        ("Sunset,\n#sea, #sun", ["sea", "sun"]),
        ("Wow, #sea", ["sea"]),
        ("Wow, ﹟sea", ["sea"]),
        ("Wow,, #sea", ["sea"]),
        ("10, #sea, #sun", ["sea", "sun"]),
        ("Sunset\n#sea", ["sea"]),
        ("Wow!, #sea", ["sea"]),
        ("@me, #sea", ["sea"]),
        ("#sea #sun, at last", ["sea", "sun"]),
        ("['So nice, #sea', 'sun']", ["sea", "sun"]),
    ],
)
def test_in_a_list_words_need_no_sign_though_others_have_one(
    import_csv: Import, cell: str, hashtags: list[str]
) -> None:
    assert import_csv("hashtags,likes", f'"{cell}",1').hashtags == [hashtags]


@pytest.mark.parametrize("cell", ["sea،sun", "sea、sun", "sea，sun", "sea؛ sun", "#sea；sun"])
def test_commas_of_any_script_part_hashtags(import_csv: Import, cell: str) -> None:
    assert import_csv("hashtags,likes", f"{cell},1").hashtags == [["sea", "sun"]]


def test_an_apostrophe_in_a_list_is_no_quote(import_csv: Import) -> None:
    imported = import_csv("hashtags,likes", "\"{l'amour,d'ete}\",1")
    assert imported.hashtags == [["lamour", "dete"]]


def test_of_a_caption_only_the_hashtags_are_taken(import_csv: Import) -> None:
    caption = (
        '"Our no. #1 walk! #Snow&ice, #наш_пёс. See https://a.org/#top &#39;x&#39; #café☕ #हिन्दी"'
    )
    imported = import_csv("caption", caption)
    assert imported.hashtags == [["snow", "наш_пёс", "café", "हिन्दी"]]


@pytest.mark.parametrize(
    ("cell", "likes"),
    [("12", 12), ("1 234", 1234), ('"1,234"', 1234), ("1.5k", 1500), ("12.0", 12),
     ('"12,345,678.0"', 12_345_678), ("1.234.567", 1_234_567), ('"1,234.5"', 1234),
     ("1234.000", 1234), ('"1,234.000"', 1234), ('"1234,567"', 1235),
     ("2M", 2_000_000), ("-1", None), ("", None), ("n/a", None), ("many", None)],
)  # fmt: skip
def test_likes_are_read_as_people_write_them(
    import_csv: Import, cell: str, likes: int | None
) -> None:
    imported = import_csv("tags,likes", f"dog,{cell}")
    assert imported.rows[0].get("likes") == likes
    assert imported.summary.likes_hidden == (cell == "-1")
    assert imported.summary.problems.counts["likes are not a number"] == (cell == "many")


@pytest.mark.parametrize(
    ("cell", "moment"),
    [("2019-05-06", "2019-05-06T00:00:00"), ("2019-05-06T10:20:30Z", "2019-05-06T10:20:30+00:00"),
     ("1557137000", "2019-05-06T10:03:20+00:00"), ("1557137000000", "2019-05-06T10:03:20+00:00"),
     ("06.05.2019 10:20", "2019-05-06T10:20:00"), ("20190506102030", "2019-05-06T10:20:30"),
     ("201905061020", "2019-05-06T10:20:00"), ("201905061020.0", "2019-05-06T10:20:00"),
     ("4102444801", "2100-01-01T00:00:01+00:00"), ("946684800000", "2000-01-01T00:00:00+00:00"),
     ("202113061020", None), ("99999999999999", None), ("last week", None)],
)  # fmt: skip
def test_dates_become_iso_8601(import_csv: Import, cell: str, moment: str | None) -> None:
    imported = import_csv("tags,Posted At", f"dog,{cell}")
    assert imported.rows[0].get("posted_at") == moment
    assert imported.summary.problems.counts["date is not understood"] == (moment is None)


def test_splits_keep_their_usual_names(import_csv: Import) -> None:
    splits = ("Training", "val", "TEST", "holdout", "")
    imported = import_csv("tags,split", *(f"dog,{name}" for name in splits))
    written = [row.get("split") for row in imported.rows]
    assert written == ["train", "validation", "test", None, None]
