"""What the report shows, where its page alone would not tell that it is wrong."""

import re
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from training.datasets.format import Post
from training.evaluation.evaluate import Answers
from training.evaluation.report.charts import Line, line_chart
from training.evaluation.report.contents import Earned, best_and_worst
from training.evaluation.report.page import _likes


def test_of_photos_answered_alike_those_with_more_to_find_stand_first() -> None:
    carried = [("a",), ("a", "b", "c"), ("d",), ("d", "e", "f")]
    posts = [Post(tags, Path(f"{row}.jpg")) for row, tags in enumerate(carried)]
    hashtags = list("abcdefghi")
    top = np.array([[0, 1, 2], [0, 1, 2], [6, 7, 8], [6, 7, 8]])
    answers = Answers(
        engine=cast(Any, None),
        dataset="d",
        split="test",
        train=[],
        posts=posts,
        features={},
        hashtags=hashtags,
        truth=np.array([[tag in tags for tag in hashtags] for tags in carried]),
        lengths=np.array([len(tags) for tags in carried]),
        tops={"als": top},
        problems=[],
    )
    best, worst = best_and_worst(answers, "als", 3)
    assert [shown.image.stem for shown in best] == ["1", "0"]
    assert [shown.image.stem for shown in worst] == ["3", "2"]


def test_names_of_lines_that_end_together_stand_apart_and_beyond_all_lines() -> None:
    ends = {"als": 0.86, "w2v": 0.87, "both": 0.88, "als_seed": 0.82, "popularity": 0.4}
    lines = [Line(name, [(0.1, 0.8, ""), (x, 0.15, "")]) for name, x in ends.items()]
    chart = line_chart(lines, "recall", "precision")
    names = {
        name: (float(x), float(y))
        for x, y, name in re.findall(r'class="name[^"]*" x="(.+?)" y="(.+?)"[^>]*>(\w+)<', chart)
    }
    furthest = max(float(x) for x in re.findall(r' cx="(.+?)"', chart))
    together = [place for name, place in names.items() if name != "popularity"]
    assert all(x > furthest for x, _ in together)
    heights = sorted(y for _, y in together)
    assert min(np.diff(heights)) > 12
    assert names["popularity"][0] < furthest


def test_names_of_lines_that_end_at_the_top_stay_on_the_chart() -> None:
    lines = [Line(name, [(1, 0.2, ""), (5, 1.0, "")]) for name in "abcdef"]
    chart = line_chart(lines, "hashtags", "recall", whole_x=True)
    heights = sorted(float(y) for y in re.findall(r'class="name[^"]*" x=".+?" y="(.+?)"', chart))
    assert heights[0] >= 10 and min(np.diff(heights)) > 12


@pytest.mark.parametrize(
    ("likes", "precision", "told"),
    [
        (114.0, 0.49, "earns 14.0% more likes for 2.0% of the precision"),
        (114.0, 0.50, "earns 14.0% more likes and loses no precision"),
        (114.0, 0.40, "loses over 15% of the precision"),
        (90.0, 0.50, "earns no more likes"),
    ],
)
def test_the_report_says_whether_style_popular_is_worth_it(
    likes: float, precision: float, told: str
) -> None:
    rows = [Earned("relevant", 100.0, 0.5), Earned("popular", likes, precision)]
    assert told in _likes(rows)
