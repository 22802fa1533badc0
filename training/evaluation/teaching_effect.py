"""How well teaching works: a bundle that has never met something is taught it by a few photos.

python -m training.evaluation.teaching_effect --dataset DIR --hashtag tiger
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

from recommenders.bundle import BundleError, load
from recommenders.engine import Engine
from recommenders.hashtags import HashtagError, normalise
from training.datasets.format import DatasetError, Problems
from training.evaluation.metrics import measure
from training.finetuning.run import FineTuned, Taught, fine_tune
from training.fitting.fit import Report, lengths_of
from training.fitting.pipeline import fit_dataset
from training.fitting.prepare import Photos, embed_posts, get_backbone, posts_of
from training.fitting.vocabulary import matrix
from training.terminal import (
    CACHE,
    WEIGHTS_DIR,
    Cache,
    WeightsDir,
    figures_table,
    reporting,
    tool,
)

TOP = 10
AT = 5


@dataclass(frozen=True)
class Recommended:
    """How a backend recommends the hashtag, and what else it knows.

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
    """Figures by stage ("as fitted", "at once", "fine-tuned") and backend."""

    stages: dict[str, dict[str, Recommended]]
    fine_tuned: FineTuned


def measure_teaching(
    dataset: Path,
    hashtag: str,
    out: Path,
    *,
    backbone: str,
    taught: int,
    others: int,
    alone: bool,
    weights_dir: Path,
    cache_dir: Path,
    report: Report,
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

    def photos_of(split: str) -> Photos:
        return embed_posts(
            posts_of(dataset, split),
            [network],
            cache_dir,
            mirrored=False,
            report=report,
            problems=Problems(),
        )

    train, test = photos_of("train"), photos_of("test")
    carrying = [row for row, post in enumerate(train.posts) if hashtag in post.hashtags]
    if len(carrying) < taught + others:
        raise DatasetError(
            f"{dataset} has {len(carrying)} photos with #{hashtag} to teach by; it takes "
            f"{taught + others}."
        )
    rows = [int(row) for row in np.random.default_rng(0).permutation(carrying)]
    try:
        bundle = load(out)
    except BundleError:
        fit_dataset(
            dataset,
            out,
            backbone=backbone,
            weights_dir=weights_dir,
            cache_dir=cache_dir,
            without=(hashtag,),
            report=report,
        )
        bundle = load(out)
    asked = {backbone: train.features[backbone][rows[taught : taught + others]]}

    def figures(engine: Engine) -> dict[str, Recommended]:
        return {
            backend: _recommended(engine, backend, hashtag, asked, test)
            for backend in engine.backends
        }

    lessons = rows[:taught]
    labels = [(hashtag,) if alone else train.posts[row].hashtags for row in lessons]
    features = train.features[backbone][lessons].astype(np.float32)
    labelled: dict[Hashable, tuple[dict[str, NDArray[np.float32]], Sequence[str]]] = {
        row: ({backbone: vector}, tags)
        for row, vector, tags in zip(lessons, features, labels, strict=True)
    }
    engine = Engine(bundle, {backbone: network})
    stages = {"as fitted": figures(engine)}
    engine.learn(labelled)
    stages["at once"] = figures(engine)
    tuned = fine_tune(
        bundle,
        Taught(lessons, features, [dict.fromkeys(tags, 1.0) for tags in labels]),
        f"{bundle.model.rpartition('-')[0]}-2",
        classifier=network.classifier,
        report=report,
    )
    # As in the bot, ALS is taught again by the version that was fine-tuned.
    engine = Engine(tuned.bundle, {backbone: network})
    engine.learn(labelled)
    stages["fine-tuned"] = figures(engine)
    return Teaching(stages, tuned)


def main(
    dataset: Annotated[Path, typer.Option(help="A folder with posts.jsonl.", show_default=False)],
    hashtag: Annotated[str, typer.Option(help="What is to be unknown.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option(help="The bundle without it.", show_default="data/teaching-HASHTAG"),
    ] = None,
    photos: Annotated[int, typer.Option(min=8, help="How many are taught.")] = 40,
    others: Annotated[int, typer.Option(min=1, help="How many others are asked about.")] = 20,
    alone: Annotated[
        bool, typer.Option("--alone", help="Teach this hashtag and no other of the photos'.")
    ] = False,
    backbone: Annotated[str, typer.Option(help="Whose features.")] = "efficientnet_lite0",
    cache: Cache = CACHE,
    weights_dir: WeightsDir = WEIGHTS_DIR,
) -> None:
    """Measure what teaching does with something that a bundle has never met.

    Fits a bundle without the posts of a hashtag, teaches it some of their photos, at once and by
    fine-tuning, and asks about others; the test split tells what that cost.
    """
    try:
        hashtag = normalise(hashtag)
    except HashtagError as error:
        raise typer.BadParameter(f"{hashtag!r}: {error}", param_hint="--hashtag") from error
    with reporting() as report:
        teaching = measure_teaching(
            dataset,
            hashtag,
            out or Path("data") / f"teaching-{hashtag}",
            backbone=backbone,
            taught=photos,
            others=others,
            alone=alone,
            weights_dir=weights_dir,
            cache_dir=cache,
            report=report,
        )
    table = figures_table(
        f"#{hashtag}, taught by {photos} photos, asked about {others} others",
        ("others get it in ten", "elsewhere too", "recall@5 on the test split"),
    )
    for stage, figures in teaching.stages.items():
        for backend, figure in figures.items():
            table.add_row(
                f"{backend}, {stage}",
                f"{figure.others:.2f}",
                f"{figure.elsewhere:.3f}",
                f"{figure.recall:.4f}",
            )
    console = Console()
    console.print(table)
    console.print(teaching.fine_tuned.reason, highlight=False, soft_wrap=True)


def _recommended(
    engine: Engine,
    backend: str,
    hashtag: str,
    asked: dict[str, NDArray[np.floating]],
    test: Photos,
) -> Recommended:
    def recommend(features: dict[str, NDArray[np.floating]]) -> list[list[str]]:
        answers = engine.recommend(features, backend, top=TOP, style="relevant")
        return [[recommended.tag for recommended in answer] for answer in answers]

    answers = recommend({name: rows.astype(np.float32) for name, rows in test.features.items()})
    truth = [[tag for tag in post.hashtags if tag != hashtag] for post in test.posts]
    without = [row for row, post in enumerate(test.posts) if hashtag not in post.hashtags]
    return Recommended(
        others=_share(hashtag, recommend(asked)),
        elsewhere=_share(hashtag, [answers[row] for row in without]),
        recall=_recall(answers, truth, [*engine.hashtags, hashtag]),
    )


def _share(hashtag: str, answers: Sequence[Sequence[str]]) -> float:
    return sum(hashtag in answer for answer in answers) / max(len(answers), 1)


def _recall(answers: list[list[str]], truth: list[list[str]], hashtags: Sequence[str]) -> float:
    vocabulary = list(dict.fromkeys(hashtags))
    columns = {tag: column for column, tag in enumerate(vocabulary)}
    top = np.full((len(answers), AT), -1, np.intp)
    for row, answer in enumerate(answers):
        top[row, : len(answer[:AT])] = [columns[tag] for tag in answer[:AT]]
    return measure(top, matrix(truth, vocabulary).toarray() > 0, lengths_of(truth))["recall"]


if __name__ == "__main__":
    tool(main)()
