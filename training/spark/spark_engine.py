"""The engine that computes a fit's steps with Spark.

Heads, the choices on held-out photos and the fusion are fitted on the driver, by the code for one
machine.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recommenders.arrays import Floats
from recommenders.backbones.backbone import Backbone
from training.datasets.format import Location, Post, Problems
from training.features.changes import Change
from training.fitting.knobs import PlanError
from training.fitting.plan import Model, Plan, VectorsPlan, changed
from training.progress import Progress
from training.spark import mllib, photo_features
from training.spark.dataset_files import DatasetFiles, read_posts

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


MODELS: tuple[Model, ...] = ("skipgram",)


def check_plan(plan: Plan) -> None:
    """Refuses a plan with a knob that Spark cannot honour.

    Raises:
        PlanError: names the knob.
    """
    instead = "Leave it out, or fit without --engine spark."
    if plan.vectors.model not in MODELS:
        raise PlanError(
            f"vectors.model={plan.vectors.model} does not work with Spark, whose Word2Vec is "
            f"skip-gram. {instead}"
        )
    if "vectors.negative" in changed(plan):
        raise PlanError(
            "vectors.negative does not work with Spark, whose Word2Vec uses hierarchical softmax "
            f"and draws no negatives. {instead}"
        )
    if plan.als.alpha <= 1:
        raise PlanError(
            f"als.alpha={plan.als.alpha:g} does not work with Spark, where it must be above 1. "
            f"{instead}"
        )


class SparkEngine:
    """A ``training.fitting.fit_engine.FitEngine``.

    Args:
        session: see ``training.spark.session``.
        chunk: photos whose features are cached at a time.
    """

    models = MODELS

    def __init__(self, session: "SparkSession", chunk: int = photo_features.CHUNK) -> None:
        self._session, self._chunk = session, chunk
        self._files: DatasetFiles | None = None
        self.photo_space = partial(mllib.photo_space, session)
        self.factorise = partial(mllib.factorise, session)
        self.k_means = partial(mllib.k_means, session)

    @property
    def name(self) -> str:
        return f"spark {self._session.version}"

    def read_posts(self, dataset: Location, problems: Problems | None) -> list[Post]:
        """Reads ``posts.parquet`` or ``posts.jsonl``; photos are those of the dataset read last."""
        posts, self._files = read_posts(self._session, dataset, problems)
        return posts

    def embed(
        self,
        paths: Sequence[Path],
        backbone: Backbone,
        cache_dir: Location,
        *,
        change: Change,
        progress: Progress,
        problems: Problems,
    ) -> tuple[NDArray[np.float16], NDArray[np.bool_]]:
        assert self._files is not None, "photos are a dataset's: read its posts first"
        return photo_features.embed(
            self._session,
            self._files,
            paths,
            backbone,
            cache_dir,
            change=change,
            progress=progress,
            problems=problems,
            chunk=self._chunk,
        )

    def train_vectors(
        self,
        posts: Sequence[Post],
        model: Model,
        plan: VectorsPlan,
        *,
        seed: int,
        progress: Progress,
    ) -> tuple[list[str], Floats]:
        doing = f"Word2Vec, {model}"
        progress(doing, 0, 1)
        tags, vectors = mllib.train_vectors(self._session, posts, plan, seed=seed)
        progress(doing, 1, 1)
        return tags, vectors
