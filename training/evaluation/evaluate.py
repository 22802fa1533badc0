"""Measures a bundle on a dataset's split, beside baselines fitted in the same run."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommenders.arrays import Floats
from recommenders.engine import Engine
from training.datasets.albums import whole_posts
from training.datasets.format import DatasetError, Post, Problems, spelt_alike
from training.evaluation import baselines
from training.evaluation.metrics import bootstrap, empty_accuracy, measure, top_columns
from training.features.compute import batches
from training.fitting.prepare import Embedded, embed_posts, get_backbone
from training.fitting.splits import posts_of
from training.fitting.vectors import aligned, train_vectors
from training.fitting.vocabulary import lengths_of, matrix, vocabulary
from training.plurals import counted
from training.progress import Progress, silent

_BATCH = 512


@dataclass(frozen=True)
class Evaluation:
    """Figures of a bundle's backends and of the baselines on a split.

    Attributes:
        backends: figures by backend and baseline.
        intervals: 95 % bootstrap intervals of the same figures.
        empty_accuracy: what ``accuracy`` is for answers without a hashtag.
    """

    dataset: str
    split: str
    at: int
    photos: int
    backends: dict[str, dict[str, float]]
    intervals: dict[str, dict[str, tuple[float, float]]]
    empty_accuracy: float
    problems: list[str]

    def as_json(self) -> dict[str, Any]:
        """The object that ``evaluate --json`` writes."""
        figures = asdict(self)
        del figures["problems"]
        return figures


@dataclass(frozen=True)
class Answers:
    """The answers of every backend and baseline to the photos of a split, and the truth.

    Attributes:
        posts: those of the split whose photos could be read.
        features: the split's, (n, dims) by backbone.
        hashtags: the V that can be recommended: the bundle's, which may have been fitted elsewhere,
            then others of the training split, which baselines know.
        truth: (n, V) bool, which of them the photos carry.
        lengths: (n,) hashtags of each photo, those outside ``hashtags`` included.
        tops: by backend and baseline (n, top) columns of ``hashtags``, best first; -1 where there
            were fewer.
        problems: what could not be read and whether figures flatter, as lines for people.
    """

    engine: Engine
    dataset: str
    split: str
    posts: list[Post]
    features: dict[str, NDArray[np.float16]]
    hashtags: list[str]
    truth: NDArray[np.bool_]
    lengths: NDArray[np.intp]
    tops: dict[str, NDArray[np.intp]]
    problems: list[str]

    def measured(self, at: int) -> Evaluation:
        """The figures of the first ``at`` hashtags, with intervals."""
        firsts = {name: top[:, :at] for name, top in self.tops.items()}
        known, albums = (self.truth, self.lengths), [post.album for post in self.posts]
        return Evaluation(
            dataset=self.dataset,
            split=self.split,
            at=at,
            photos=len(self.posts),
            backends={k: measure(top, *known) for k, top in firsts.items()},
            intervals={k: bootstrap(top, *known, albums) for k, top in firsts.items()},
            empty_accuracy=empty_accuracy(self.truth),
            problems=self.problems,
        )


def answer_split(
    dataset: Path,
    model_dir: Path | None,
    *,
    split: str = "test",
    top: int,
    weights_dir: Path | None = None,
    cache_dir: Path,
    progress: Progress = silent,
) -> Answers:
    """Answers a split's photos by every backend of a bundle, and by baselines fitted in this run.

    Hashtags are in the order of relevance alone (style relevant). Answers in chats are made of it,
    but heed likes too (style balanced) and leave out what is too improbable to show.

    Args:
        model_dir: the bundle; None for the starter.
        top: how many hashtags each photo of the split gets.

    Raises:
        BundleError, DatasetError, WeightsError: a sentence that says what is missing.
    """
    engine = Engine.load(model_dir, weights_dir)
    problems = Problems()
    loaded = [get_backbone(name, weights_dir) for name in sorted(engine.all_backbones)]

    def split_of(which: str, problems: Problems | None = None) -> list[Post]:
        # Spelt as the bundle spells them, answers and what photos carry are the same hashtags.
        return spelt_alike(posts_of(dataset, which, problems), engine.hashtags)

    def photos_of(which: str, problems: Problems) -> tuple[list[Post], Embedded]:
        posts, features, _ = embed_posts(
            split_of(which, problems),
            loaded,
            cache_dir,
            progress=progress,
            problems=problems,
        )
        return posts, features

    posts, features = photos_of(split, problems)
    train_posts = split_of("train")
    learnt = not set(train_posts).isdisjoint(posts)
    if learnt:
        problems.notes.append(
            f"Figures of the {split!r} split may flatter: fits and the baselines learn from it."
        )
    # By the training split's alone, nothing else would count that a bundle fitted elsewhere knows.
    hashtags = list(
        dict.fromkeys([*engine.hashtags, *vocabulary(post.hashtags for post in train_posts)])
    )
    truth = matrix([post.hashtags for post in posts], hashtags).toarray() > 0
    if not truth.any():
        raise DatasetError(
            f"No hashtag of {dataset.name}'s {split!r} split occurs in its training posts or in "
            "the bundle, so there is nothing to measure."
        )
    tops = tops_of_backends(engine, features, hashtags, top, progress)
    train, train_features = photos_of("train", Problems())
    if not learnt and (copies := _copies(features, train_features)):
        problems.notes.append(
            f"In training too: {counted(copies, 'photo')} of the {split!r} split. Figures may "
            "flatter; `tag4pic train import` merges copies."
        )
    tops |= _baselines(engine, train, train_features, features, hashtags, top, progress)
    return Answers(
        engine=engine,
        dataset=dataset.name,
        split=split,
        posts=posts,
        features=features,
        hashtags=hashtags,
        truth=truth,
        lengths=lengths_of(posts),
        tops=tops,
        problems=problems.lines(),
    )


def _copies(features: Embedded, others: Embedded) -> int:
    """How many photos have the very features of one of the others."""

    def digest(row: NDArray[np.float16]) -> bytes:
        return blake2b(row.tobytes(), digest_size=16).digest()

    name = next(iter(features))
    known = {digest(row) for row in others[name]}
    return sum(digest(row) in known for row in features[name])


def tops_of_backends(
    engine: Engine,
    features: Embedded,
    hashtags: Sequence[str],
    top: int,
    progress: Progress = silent,
) -> dict[str, NDArray[np.intp]]:
    """The most relevant hashtags that a bundle's backends have for photos.

    Args:
        features: (n, dims) by backbone.
        hashtags: V of them, the bundle's among them.

    Returns:
        By backend (n, top) columns of ``hashtags``, best first; -1 where there were fewer.
    """
    columns = {tag: column for column, tag in enumerate(hashtags)}
    photos = len(next(iter(features.values())))
    tops: dict[str, NDArray[np.intp]] = {}
    for backend in engine.backends:
        progress(f"answers of {backend}", 0, photos)
        tops[backend] = np.full((photos, top), -1, np.intp)
        for rows in batches(photos, _BATCH):
            block = {name: values[rows] for name, values in features.items()}
            answers = engine.recommend(block, backend, top=top, style="relevant")
            for row, answer in enumerate(answers, rows.start):
                tops[backend][row, : len(answer)] = [columns[hashtag.tag] for hashtag in answer]
            progress(f"answers of {backend}", rows.stop, photos)
    return tops


def _baselines(
    engine: Engine,
    posts: list[Post],
    features: Embedded,
    test: Embedded,
    hashtags: list[str],
    top: int,
    progress: Progress,
) -> dict[str, NDArray[np.intp]]:
    """The baselines' answers to ``test``, fitted on ``features`` and ``posts``."""
    counts = matrix([post.hashtags for post in posts], hashtags)
    # Each has one backbone, which may be several joined; only ``both`` may have two.
    backbone = {name: engine.backbones[name][0] for name in engine.backends if name != "both"}
    als = backbone.get("als", next(iter(backbone.values())))
    w2v = backbone.get("w2v", als)
    tops: dict[str, NDArray[np.intp]] = {}

    def add(name: str, scores: Floats) -> None:
        tops[name] = top_columns(scores, top)
        progress("baselines", len(tops), 3)

    progress("baselines", 0, 3)
    add("popularity", baselines.popularity(counts, len(test[als])))
    add("als_seed", baselines.als_seed(features[als], counts, test[als]))
    try:
        tags, vectors = train_vectors(whole_posts(posts))
    except DatasetError:  # no post has two hashtags: any vectors are as good
        draw = np.random.default_rng(0)
        tags, vectors = hashtags, draw.standard_normal((len(hashtags), 150), np.float32)
    vectors = aligned(hashtags, tags, vectors)
    add("w2v_seed", baselines.w2v_seed(features[w2v], counts, vectors, test[w2v]))
    return tops
