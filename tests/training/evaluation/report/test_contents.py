"""Which photos the report shows, and what the styles earn on them."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from recommenders.engine import Engine
from recommenders.fusion import Fusion, Trees, fusion_part
from tests.colours import colour_bundle, colour_engine, picture
from training.datasets.format import Post
from training.evaluation.evaluate import Answers
from training.evaluation.report.contents import (
    STYLES,
    best_and_worst,
    fused_reliability,
    style_figures,
)
from training.evaluation.report.sections import likes as likes_section


def answers_of(engine: Engine, colours: list[str]) -> Answers:
    """Answers of ``both`` to a photo of each colour, which carries the first of its hashtags."""
    rows = engine.features([picture(colour) for colour in colours], engine.backbones["both"])
    tags = [(f"{colour}1",) for colour in colours]
    top = np.argsort(-engine.scores(rows, "both"), axis=1)[:, :5]
    return Answers(
        engine=engine,
        dataset="d",
        split="test",
        posts=[Post(one, Path("a.jpg")) for one in tags],
        features={name: values.astype(np.float16) for name, values in rows.items()},
        hashtags=engine.hashtags,
        truth=np.array([[tag in one for tag in engine.hashtags] for one in tags]),
        lengths=np.ones(len(tags), np.intp),
        tops={"both": top},
        problems=[],
    )


def test_the_fusions_probabilities_stand_beside_what_photos_carry() -> None:
    bundle = colour_bundle(per_colour=4)
    count = len(bundle.hashtags)
    # One leaf: every hashtag of every photo has a probability of a half.
    number, value = np.zeros((1, 1), np.int16), np.zeros((1, 1), np.float32)
    trees = Trees(number - np.int16(1), value, number, number, value, 0.0)
    share = np.full(count, 0.1, np.float32)
    fused = bundle.with_parts({"fusion": fusion_part(Fusion(trees, share, np.zeros_like(share)))})
    found = fused_reliability(answers_of(colour_engine(fused), ["red", "blue"]))
    assert found is not None
    (judged,), (first,) = found[0].bins, found[1].bins
    assert (judged.count, judged.predicted) == (2 * count, 0.5)
    assert judged.observed == pytest.approx(1 / count)
    assert first.count == 10


def test_a_blend_gives_no_probabilities_to_judge() -> None:
    assert fused_reliability(answers_of(colour_engine(), ["red"])) is None


def test_styles_are_judged_by_the_likes_of_the_photos_they_answer() -> None:
    answers = answers_of(colour_engine(colour_bundle(rated=True)), ["red", "blue"])
    assert style_figures(answers, "both") == []  # nobody knows what these photos earned
    earned = {"red": 8, "blue": 2}
    tags = {colour: tuple(f"{colour}{n}" for n in range(1, 41)) for colour in earned}
    posts = [Post(tags[colour], Path("a.jpg"), likes=likes) for colour, likes in earned.items()]
    figures = style_figures(replace(answers, posts=posts), "both")
    assert {row.style: row.likes for row in figures} == dict.fromkeys(STYLES, 5.0)


@pytest.mark.parametrize(("favoured", "beyond_chance"), [(1, False), (10, True)])
def test_a_style_earns_more_only_beyond_chance(favoured: int, beyond_chance: bool) -> None:
    """Style popular prefers every second hashtag; its posts get ``favoured`` times the likes."""
    colours = ["red", "green", "blue"] * 40
    answers = answers_of(colour_engine(colour_bundle(rated=True)), colours)
    said = []
    for seed in range(20):
        random = np.random.default_rng(seed)
        posts = []
        for colour in colours:
            numbers = random.integers(10, size=3) * 2 + random.integers(1, 3)
            likes = 10 ** random.uniform(1, 3) * (1 if numbers[0] % 2 else favoured)
            tags = tuple({f"{colour}{number}" for number in numbers})
            posts.append(Post(tags, Path("a.jpg"), likes=int(likes)))
        figures = style_figures(replace(answers, posts=posts), "both")
        said.append("no more likes here than by chance" not in likes_section(figures))
    assert sum(said) >= 18 if beyond_chance else sum(said) <= 2


def test_of_photos_answered_alike_those_with_more_to_find_stand_first() -> None:
    carried = [("a",), ("a", "b", "c"), ("d",), ("d", "e", "f")]
    posts = [Post(tags, Path(f"{row}.jpg")) for row, tags in enumerate(carried)]
    hashtags = list("abcdefghi")
    top = np.array([[0, 1, 2], [0, 1, 2], [6, 7, 8], [6, 7, 8]])
    answers = Answers(
        engine=cast(Any, None),
        dataset="d",
        split="test",
        posts=posts,
        features={},
        hashtags=hashtags,
        truth=np.array([[tag in tags for tag in hashtags] for tags in carried]),
        lengths=np.array([len(tags) for tags in carried]),
        tops={"als": top},
        problems=[],
    )
    best, worst = best_and_worst(answers, "als", 3)
    assert [photo.image.stem for photo in best] == ["1", "0"]
    assert [photo.image.stem for photo in worst] == ["3", "2"]
