"""Engines for the steps of a fit that grow with the posts: this machine, or a Spark cluster.

The rest of a fit (heads, choices, the fusion, knowledge about hashtags) is the same code for both,
and so is the bundle. ``training.spark`` has Spark's engine.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommenders.arrays import Floats
from recommenders.backbones.backbone import Backbone
from recommenders.nearest import PhotoSpace
from training.datasets.format import Location, Post, Problems, read_posts
from training.features.changes import Change
from training.features.compute import embed
from training.features.examples import Features
from training.fitting.als import factorise, photo_space
from training.fitting.categories import Grouping, Points, k_means
from training.fitting.plan import MODELS, AlsPlan, Model, VectorsPlan
from training.fitting.vectors import train_vectors
from training.progress import Progress


class FitEngine(Protocol):
    """The steps; each is documented at the function that computes it on one machine."""

    @property
    def name(self) -> str:
        """Its name in a bundle's provenance."""

    @property
    def models(self) -> tuple[Model, ...]:
        """The models that ``train_vectors`` supports."""

    def read_posts(self, dataset: Location, problems: Problems | None) -> list[Post]:
        """See ``training.datasets.format.read_posts``."""

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
        """See ``training.features.compute.embed``."""

    def photo_space(self, features: Features, plan: AlsPlan) -> PhotoSpace:
        """See ``training.fitting.als.photo_space``."""

    def factorise(self, counts: csr_matrix, plan: AlsPlan) -> tuple[Floats, Floats]:
        """See ``training.fitting.als.factorise``."""

    def train_vectors(
        self,
        posts: Sequence[Post],
        model: Model,
        plan: VectorsPlan,
        *,
        seed: int,
        progress: Progress,
    ) -> tuple[list[str], Floats]:
        """See ``training.fitting.vectors.train_vectors``."""

    def k_means(self, points: Points, k: int, seed: int) -> Grouping:
        """See ``training.fitting.categories.k_means``."""


class OneMachine:
    """Computes in this process and its child processes."""

    name = "one machine"
    models = MODELS

    def read_posts(self, dataset: Location, problems: Problems | None) -> list[Post]:
        return read_posts(Path(dataset), problems)

    embed = staticmethod(embed)
    photo_space = staticmethod(photo_space)
    factorise = staticmethod(factorise)
    train_vectors = staticmethod(train_vectors)
    k_means = staticmethod(k_means)


ONE_MACHINE = OneMachine()
