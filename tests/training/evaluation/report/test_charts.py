"""Charts, where the page alone would not tell that they are wrong."""

import re
from importlib.resources import files

import numpy as np

from training.evaluation.report.charts import Line, line_chart


def test_the_number_of_hashtags_below_a_photo_is_not_faded() -> None:
    css = (files("training.evaluation.report") / "page.css").read_text(encoding="utf-8")
    rules = re.findall(r"^([^{}\n]+) \{([^}]*)\}", css, re.MULTILINE)
    assert [selector for selector, body in rules if "opacity: 0.3;" in body] == ["rect.count"]


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
