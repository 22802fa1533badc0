"""How well teaching works: a bundle that has never met something is taught it by a few photos."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recommenders.bundle import BundleError, load
from recommenders.engine import Engine
from training.datasets.format import DatasetError, Post, Problems
from training.evaluation.metrics import measure
from training.finetuning.run import FineTuned, Taught, fine_tune
from training.fitting.pipeline import fit_dataset
from training.fitting.plan import Plan
from training.fitting.prepare import Embedded, embed_posts, get_backbone, posts_of
from training.fitting.vocabulary import lengths_of, matrix
from training.progress import Progress

TOP = 10
AT = 5


@dataclass(frozen=True)
class Recommended:
    """How a backend says the hashtag, and what else it knows.

    Attributes:
        others: the share of other photos of it that get the hashtag in the first ten.
        elsewhere: the share of test photos without it that get it there too.
        recall: of the test split's hashtags, the taught one left out, in the first five.
    """

    others: float
    elsewhere: float
    recall: float


@dataclass(frozen=True)
class Teaching:
    """Figures by backend: of the bundle as fitted, taught at once, and fine-tuned."""

    before: dict[str, Recommended]
    at_once: dict[str, Recommended]
    tuned: dict[str, Recommended]
    fine_tuned: FineTuned
    taught: int
    others: int


def measure_teaching(
    dataset: Path,
    hashtag: str,
    out: Path,
    *,
    backbone: str = "efficientnet_lite0",
    taught: int = 40,
    others: int = 20,
    alone: bool = False,
    weights_dir: Path | None = None,
    cache_dir: Path,
    report: Progress,
) -> Teaching:
    """Fits a bundle without the posts of a hashtag, teaches it some of them, measures on others.

    Args:
        out: the bundle of the fit, taken as it is where it is there.
        taught, others: photos of the hashtag that are taught, and that are asked about.
        alone: they are taught with this hashtag and no other.

    Raises:
        DatasetError: where there are not enough photos of the hashtag.
    """
    network = get_backbone(backbone, weights_dir)

    def photos_of(split: str) -> tuple[list[Post], Embedded]:
        posts, features, _ = embed_posts(
            posts_of(dataset, split),
            [network],
            cache_dir,
            mirrored=False,
            progress=report,
            problems=Problems(),
        )
        return posts, features

    posts, known = photos_of("train")
    test = photos_of("test")
    rows = [row for row, post in enumerate(posts) if hashtag in post.hashtags]
    if len(rows) < taught + others:
        raise DatasetError(
            f"{dataset} has {len(rows)} photos with #{hashtag} to teach by; it takes "
            f"{taught + others}."
        )
    rows = [int(row) for row in np.random.default_rng(0).permutation(rows)]
    try:
        bundle = load(out)
    except BundleError:
        fit_dataset(
            dataset,
            out,
            backbone=backbone,
            weights_dir=weights_dir,
            cache_dir=cache_dir,
            plan=Plan(),
            without=(hashtag,),
            progress=report,
        )
        bundle = load(out)
    asked = {backbone: known[backbone][rows[taught : taught + others]]}

    def figures(engine: Engine) -> dict[str, Recommended]:
        return {
            backend: _recommended(engine, backend, hashtag, asked, *test)
            for backend in engine.backends
        }

    lessons = rows[:taught]
    tags = [(hashtag,) if alone else posts[row].hashtags for row in lessons]
    features = known[backbone][lessons].astype(np.float32)
    engine = Engine(bundle, {backbone: network})
    before = figures(engine)
    told: dict[Hashable, tuple[dict[str, NDArray[np.float32]], Sequence[str]]] = {
        row: ({backbone: vector}, said)
        for row, vector, said in zip(lessons, features, tags, strict=True)
    }
    engine.learn(told)
    at_once = figures(engine)
    tuned = fine_tune(
        bundle,
        Taught(lessons, features, [dict.fromkeys(said, 1.0) for said in tags]),
        f"{bundle.model.rpartition('-')[0]}-2",
        classifier=network.classifier,
        report=report,
    )
    # As in the bot, ALS is taught again by the version that was fine-tuned.
    engine = Engine(tuned.bundle, {backbone: network})
    engine.learn(told)
    return Teaching(before, at_once, figures(engine), tuned, taught, others)


def _recommended(
    engine: Engine,
    backend: str,
    hashtag: str,
    asked: dict[str, NDArray[np.floating]],
    posts: Sequence[Post],
    features: Embedded,
) -> Recommended:
    def answers(features: dict[str, NDArray[np.floating]]) -> list[list[str]]:
        found = engine.recommend(features, backend, top=TOP, style="relevant")
        return [[one.tag for one in answer] for answer in found]

    said = answers({name: rows.astype(np.float32) for name, rows in features.items()})
    truth = [[tag for tag in post.hashtags if tag != hashtag] for post in posts]
    without = [row for row, post in enumerate(posts) if hashtag not in post.hashtags]
    return Recommended(
        others=_share(hashtag, answers(asked)),
        elsewhere=_share(hashtag, [said[row] for row in without]),
        recall=_recall(said, truth, [*engine.hashtags, hashtag]),
    )


def _share(hashtag: str, answers: Sequence[Sequence[str]]) -> float:
    return sum(hashtag in answer for answer in answers) / max(len(answers), 1)


def _recall(said: list[list[str]], truth: list[list[str]], hashtags: Sequence[str]) -> float:
    known = list(dict.fromkeys(hashtags))
    columns = {tag: column for column, tag in enumerate(known)}
    top = np.full((len(said), AT), -1, np.intp)
    for row, answer in enumerate(said):
        top[row, : len(answer[:AT])] = [columns[tag] for tag in answer[:AT]]
    return measure(top, matrix(truth, known).toarray() > 0, lengths_of(truth))["recall"]
