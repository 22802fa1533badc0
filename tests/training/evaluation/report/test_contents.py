"""Which photos the report shows."""

from pathlib import Path
from typing import Any, cast

import numpy as np

from training.datasets.format import Post
from training.evaluation.evaluate import Answers
from training.evaluation.report.contents import best_and_worst


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
