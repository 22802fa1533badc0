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

from recommenders.bundle import load
from recommenders.engine import Engine, Lesson
from recommenders.hashtags import HashtagError, normalise
from training.datasets.format import DatasetError, Post, Problems
from training.evaluation.metrics import measure
from training.finetuning.run import TaughtPhotos, fine_tune
from training.fitting.pipeline import fit_dataset
from training.fitting.prepare import Embedded, embed_posts, get_backbone, posts_of
from training.fitting.vocabulary import lengths_of, matrix
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


def main(
    dataset: Annotated[Path, typer.Option(help="A folder with posts.jsonl.", show_default=False)],
    hashtag: Annotated[str, typer.Option(help="What is to be unknown.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option(
            help="The bundle without it, taken as it is where it is there.",
            show_default="data/teaching-HASHTAG",
        ),
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
    out = out or Path("data") / f"teaching-{hashtag}"
    network = get_backbone(backbone, weights_dir)
    with reporting() as progress:
        (train_posts, train_features, _), (test_posts, test_features, _) = (
            embed_posts(
                posts_of(dataset, split),
                [network],
                cache,
                progress=progress,
                problems=Problems(),
            )
            for split in ("train", "test")
        )
        carrying = [row for row, post in enumerate(train_posts) if hashtag in post.hashtags]
        if len(carrying) < photos + others:
            raise DatasetError(
                f"{dataset} has {len(carrying)} photos with #{hashtag} to teach by; it takes "
                f"{photos + others}."
            )
        rows = [int(row) for row in np.random.default_rng(0).permutation(carrying)]
        if not out.exists():
            fit_dataset(
                dataset,
                out,
                backbone=backbone,
                weights_dir=weights_dir,
                cache_dir=cache,
                without=(hashtag,),
                progress=progress,
            )
        bundle = load(out)
        asked = {backbone: train_features[backbone][rows[photos : photos + others]]}

        def figures(engine: Engine) -> dict[str, Recommended]:
            return {
                backend: _recommended(engine, backend, hashtag, asked, test_posts, test_features)
                for backend in engine.backends
            }

        lessons = rows[:photos]
        labels = [(hashtag,) if alone else train_posts[row].hashtags for row in lessons]
        features = train_features[backbone][lessons].astype(np.float32)
        labelled: dict[Hashable, Lesson] = {
            row: ({backbone: vector}, {None: tags})
            for row, vector, tags in zip(lessons, features, labels, strict=True)
        }
        engine = Engine(bundle, {backbone: network})
        stages = {"as fitted": figures(engine)}
        engine.learn(labelled)
        stages["at once"] = figures(engine)
        tuned = fine_tune(
            bundle,
            TaughtPhotos(lessons, features, [dict.fromkeys(tags, 1.0) for tags in labels]),
            f"{bundle.model.rpartition('-')[0]}-2",
            classifier=network.classifier,
            progress=progress,
        )
        # As in the bot, ALS is taught again by the version that was fine-tuned.
        engine = Engine(tuned.bundle, {backbone: network})
        engine.learn(labelled)
        stages["fine-tuned"] = figures(engine)

    table = figures_table(
        f"#{hashtag}, taught by {photos} photos, asked about {others} others",
        ("others get it in ten", "elsewhere too", "recall@5 on the test split"),
    )
    for stage, by_backend in stages.items():
        for backend, figure in by_backend.items():
            table.add_row(
                f"{backend}, {stage}",
                f"{figure.others:.2f}",
                f"{figure.elsewhere:.3f}",
                f"{figure.recall:.4f}",
            )
    console = Console()
    console.print(table)
    console.print(tuned.decision.reason, highlight=False, soft_wrap=True)


def _recommended(
    engine: Engine,
    backend: str,
    hashtag: str,
    asked: dict[str, NDArray[np.floating]],
    posts: Sequence[Post],
    features: Embedded,
) -> Recommended:
    def recommend(photos: dict[str, NDArray[np.floating]]) -> list[list[str]]:
        answers = engine.recommend(photos, backend, top=TOP, style="relevant")
        return [[recommended.tag for recommended in answer] for answer in answers]

    answers = recommend({name: rows.astype(np.float32) for name, rows in features.items()})
    truth = [[tag for tag in post.hashtags if tag != hashtag] for post in posts]
    without = [row for row, post in enumerate(posts) if hashtag not in post.hashtags]
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
