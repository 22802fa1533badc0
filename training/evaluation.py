"""How good a bundle is on a dataset's split, beside baselines fitted in the same run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommenders.engine import Engine
from training import baselines
from training.datasets import Problems
from training.fit import Report, lengths_of
from training.metrics import bootstrap, measure, top_columns
from training.pipeline import Photos, embed_posts, get_backbone, posts_of, silent
from training.similar import aligned, train_vectors
from training.vocabulary import matrix, vocabulary

Floats = NDArray[np.float32]

FIGURES = ("precision", "recall", "p@1", "label_precision", "label_recall", "label_f1", "n_plus")


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found.

    Attributes:
        backends: figures by backend and baseline.
        intervals: 95 % bootstrap intervals of the same figures.
    """

    dataset: str
    split: str
    at: int
    photos: int
    backends: dict[str, dict[str, float]]
    intervals: dict[str, dict[str, tuple[float, float]]]
    problems: list[str]

    def as_json(self) -> dict[str, Any]:
        """The object that ``evaluate --json`` writes."""
        return {
            "dataset": self.dataset,
            "split": self.split,
            "at": self.at,
            "photos": self.photos,
            "backends": self.backends,
            "intervals": self.intervals,
        }


def evaluate(
    dataset: Path,
    model_dir: Path | None,
    *,
    split: str = "test",
    at: int = 5,
    weights_dir: Path | None = None,
    cache_dir: Path,
    with_baselines: bool = True,
    report: Report = silent,
) -> Evaluation:
    """Measures every backend of a bundle as a user meets it: the lists that ``recommend`` gives.

    Args:
        model_dir: the bundle; None for the starter.
        at: how many hashtags count.
        with_baselines: fit ``popularity``, ``als_seed`` and ``w2v_seed`` on the training split.
    """
    engine = Engine.load(model_dir, weights_dir)
    problems = Problems()
    names = sorted({name for needed in engine.backbones.values() for name in needed})
    loaded = [get_backbone(name, weights_dir) for name in names]

    def photos_of(which: str) -> Photos:
        return embed_posts(
            posts_of(dataset, which, problems),
            loaded,
            cache_dir,
            mirrored=False,
            report=report,
            problems=problems,
        )

    test = photos_of(split)
    train_posts = posts_of(dataset, "train")
    # Judged by what training knew: hashtags of the bundle and of the training split alike.
    hashtags = list(
        dict.fromkeys([*engine.hashtags, *vocabulary(post.hashtags for post in train_posts)])
    )
    columns = {tag: column for column, tag in enumerate(hashtags)}
    truth = matrix([post.hashtags for post in test.posts], hashtags).toarray() > 0
    lengths = lengths_of([post.hashtags for post in test.posts])
    tops: dict[str, NDArray[np.intp]] = {}
    for backend in engine.backends:
        top = np.full((len(test.posts), at), -1, np.intp)
        answers = engine.recommend(test.features, backend, top=at, style="relevant")
        for row, answer in enumerate(answers):
            top[row, : len(answer)] = [columns[hashtag.tag] for hashtag in answer]
        tops[backend] = top
    if with_baselines:
        tops |= _baselines(engine, photos_of("train"), test, hashtags, at, report)
    return Evaluation(
        dataset=dataset.name,
        split=split,
        at=at,
        photos=len(test.posts),
        backends={name: measure(top, truth, lengths) for name, top in tops.items()},
        intervals={name: bootstrap(top, truth, lengths) for name, top in tops.items()},
        problems=problems.lines(),
    )


def _baselines(
    engine: Engine, train: Photos, test: Photos, hashtags: list[str], at: int, report: Report
) -> dict[str, NDArray[np.intp]]:
    counts = train.examples(hashtags).counts
    backbone = {name: engine.backbones[name][0] for name in engine.backends if name != "both"}
    als = backbone.get("als", next(iter(backbone.values())))
    w2v = backbone.get("w2v", als)
    report("baselines", 0, 3)
    scores: dict[str, Floats] = {"popularity": baselines.popularity(counts, len(test.posts))}
    report("baselines", 1, 3)
    scores["als_seed"] = baselines.als_seed(train.features[als], counts, test.features[als])
    report("baselines", 2, 3)
    tags, vectors = train_vectors(train.posts)
    scores["w2v_seed"] = baselines.w2v_seed(
        train.features[w2v], counts, aligned(hashtags, tags, vectors), test.features[w2v]
    )
    report("baselines", 3, 3)
    return {name: top_columns(values, at) for name, values in scores.items()}
