"""Prepares a dataset for a fit: posts, photos' features, the vocabulary and its vectors."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recommenders.arrays import Floats
from recommenders.backbones.backbone import Backbone, join, load_backbone
from recommenders.backbones.network import takes_its_side
from recommenders.backbones.recipe import UnknownBackboneError
from recommenders.backbones.registry import (
    JOINT,
    at_side,
    names_of,
    recipe_of,
    without_side,
)
from recommenders.backbones.weights import WeightsError, download, find
from recommenders.machine import free_memory
from training.datasets.albums import whole_posts
from training.datasets.format import DatasetError, Location, Post, Problems
from training.datasets.post_counts import PostCounts, read_post_counts
from training.features.changes import AS_IT_IS, MIRRORED, Change
from training.features.compute import batches
from training.features.examples import Examples
from training.fitting.fit_engine import ONE_MACHINE, FitEngine
from training.fitting.plan import PhotosPlan, Plan
from training.fitting.splits import posts_of
from training.fitting.vectors import aligned
from training.fitting.vocabulary import frequencies, lengths_of, matrix, vocabulary
from training.progress import Progress, silent

Embedded = dict[str, NDArray[np.float16]]
"""Features (n, dims) by backbone."""

DEFAULT_BACKBONES = {"als": "mobilenet_v2", "w2v": "resnet50"}
"""The published recipes."""


@dataclass(frozen=True)
class Networks:
    """The networks to fit on, and where their weights and features are.

    Attributes:
        cache_dir: of features.
        weights_dir: of official weights.
        backend: what to fit: ``als``, ``w2v`` or ``all``.
        backbone: for both backends; None for each one's default.
        fetch: download official weights that are missing.
    """

    cache_dir: Location
    weights_dir: Path | None = None
    backend: str = "all"
    backbone: str | None = None
    fetch: bool = True

    def names(self) -> dict[str, str]:
        """The backbone's name by backend to fit."""
        return {
            backend: self.backbone or DEFAULT_BACKBONES[backend]
            for backend in ("als", "w2v")
            if self.backend in (backend, "all")
        }

    def load(self, name: str) -> Backbone:
        """Loads a backbone; errors as ``get_backbone``."""
        return get_backbone(name, self.weights_dir, fetch=self.fetch)


@dataclass(frozen=True)
class TrainingSet:
    """A dataset's training posts, ready to fit on.

    Attributes:
        posts: all that have hashtags, with or without a photo; an album is one.
        photos: those whose photo could be read and that have a hashtag of the vocabulary; each
            picture of an album is one.
        hashtags: the vocabulary, V of them.
        examples: the photos as arrays.
        backbone_of: the name of each backend's backbone.
        backbones: by name.
        vectors: by model (V, dims): see ``hashtag_vectors``.
        problems: posts and photos that were left out.
        post_counts: a platform's counts for the posts' hashtags; None where unknown.
        engine: computes the fit.
    """

    posts: list[Post]
    photos: list[Post]
    hashtags: list[str]
    examples: Examples
    backbone_of: dict[str, str]
    backbones: dict[str, Backbone]
    vectors: dict[str, Floats]
    problems: Problems
    post_counts: PostCounts | None = None
    engine: FitEngine = ONE_MACHINE

    def with_vectors_of(self, plan: Plan, progress: Progress = silent) -> "TrainingSet":
        """The same photos and hashtags, with vectors learnt by another plan."""
        vectors = hashtag_vectors(self.posts, self.hashtags, plan, progress, engine=self.engine)
        return replace(self, vectors=vectors)

    @property
    def hashtags_per_post(self) -> float:
        """The mean number of hashtags of a photo's post."""
        return float(np.mean(lengths_of(self.photos)))


def prepare(
    dataset: Location,
    plan: Plan,
    networks: Networks,
    *,
    post_counts: Path | None = None,
    engine: FitEngine = ONE_MACHINE,
    progress: Progress = silent,
) -> TrainingSet:
    """Everything before the fit; arguments and errors as ``fit_dataset``."""
    problems = Problems()
    posts = posts_of(dataset, "train", problems, engine)
    counted = None if post_counts is None else counts_of_posts(post_counts, posts, progress)
    photos = prepare_photos(
        posts, plan, networks, problems=problems, engine=engine, progress=progress
    )
    return replace(photos, post_counts=counted).with_vectors_of(plan, progress)


def prepare_photos(
    posts: list[Post],
    plan: Plan,
    networks: Networks,
    *,
    problems: Problems,
    engine: FitEngine = ONE_MACHINE,
    progress: Progress = silent,
) -> TrainingSet:
    """A training set without the hashtags' vectors; arguments and errors as ``fit_dataset``."""
    used_by = {
        backend: backbone_of(name, plan.photos) for backend, name in networks.names().items()
    }
    backbones = {name: networks.load(name) for name in dict.fromkeys(used_by.values())}
    changes = changes_of(plan.photos)
    photos, features, copies = embed_posts(
        posts,
        list(backbones.values()),
        networks.cache_dir,
        changes=changes,
        progress=progress,
        problems=problems,
        engine=engine,
    )
    posts = whole_posts(post for post in posts if post.hashtags)
    hashtags = vocabulary((post.hashtags for post in whole_posts(photos)), plan.min_count)
    if not hashtags:
        raise DatasetError(
            f"No hashtag is on {plan.min_count} or more posts with a photo. Lower min_count."
        )
    examples = Examples(
        features,
        matrix([post.hashtags for post in photos], hashtags),
        copies.get(MIRRORED, {}),
        [copies[change] for change in changes if change.jitter],
    )
    carrying = np.flatnonzero(np.diff(examples.counts.indptr))
    if len(carrying) < 2:
        raise DatasetError(
            "Only one post has both a readable photo and a hashtag. At least two are needed, one "
            "to fit on and one to hold out. Add posts."
        )
    if len(carrying) < len(photos):
        for row in np.flatnonzero(np.diff(examples.counts.indptr) == 0):
            problems.add(
                f"all its hashtags are on fewer than {plan.min_count} posts", _name(photos[row])
            )
        photos, examples = [photos[row] for row in carrying], examples.rows(carrying)
    return TrainingSet(
        posts,
        photos,
        hashtags,
        examples,
        used_by,
        backbones,
        {},
        problems,
        engine=engine,
    )


def hashtag_vectors(
    posts: Sequence[Post],
    hashtags: Sequence[str],
    plan: Plan,
    progress: Progress = silent,
    *,
    engine: FitEngine = ONE_MACHINE,
) -> dict[str, Floats]:
    """Vectors (V, dims) of a vocabulary by the engine's models; empty if no post has two hashtags.

    A hashtag that is too rare for ``vectors.min_count``, or stands beside no other, has zeros.

    Raises:
        DatasetError: where all are too rare.
    """
    counts = frequencies(post.hashtags for post in posts)
    if max(counts.values(), default=plan.vectors.min_count) < plan.vectors.min_count:
        raise DatasetError(
            f"No hashtag is on {plan.vectors.min_count:,} or more posts. Lower vectors.min_count."
        )
    vectors: dict[str, Floats] = {}
    for model in engine.models:
        try:
            tags, learnt = engine.train_vectors(
                posts, model, plan.vectors, seed=plan.seed, progress=progress
            )
        except DatasetError:
            return {}
        vectors[model] = aligned(hashtags, tags, learnt)
    return vectors


def counts_of_posts(path: Path, posts: Sequence[Post], progress: Progress) -> PostCounts:
    """Reads a platform's counts of the posts' hashtags from a file."""
    return read_post_counts(path, {tag for post in posts for tag in post.hashtags}, progress)


def _name(post: Post) -> str:
    """The file name of its photo, for messages."""
    return post.image.name if post.image else ""


def backbone_of(name: str, photos: PhotosPlan) -> str:
    """The shortest name of a backbone with the plan's input size.

    Raises:
        UnknownBackboneError: where there is none.
    """
    return JOINT.join(names_of(name)) if photos.side is None else at_side(name, photos.side)


def get_backbone(name: str, weights_dir: Path | None, *, fetch: bool = False) -> Backbone:
    """Loads a backbone; ``fetch`` downloads missing weights.

    Raises:
        UnknownBackboneError: for an unknown name, or an input size that the network cannot take.
        WeightsError: if its weights are missing or are another network's.
    """
    for one in names_of(name):
        if one != without_side(one) and not takes_its_side(recipe_of(one)):
            raise UnknownBackboneError(
                f"{without_side(one)} cannot take photos of {recipe_of(one).view.side} pixels: its "
                "layers only fit its own size. Choose another photos.side or backbone."
            )
        if fetch and find(one, weights_dir) is None:
            if weights_dir is None:
                raise WeightsError(f"There is no folder to download {one} to: set WEIGHTS_DIR.")
            download(one, weights_dir)
    return load_backbone(name, weights_dir)


def changes_of(photos: PhotosPlan) -> list[Change]:
    """The changes by which a plan augments its photos."""
    numbers = range(1, photos.jitter + 1)
    jittered = [Change(jitter=number, strength=photos.jitter_strength) for number in numbers]
    return [MIRRORED, *jittered] if photos.mirrored else jittered


def embed_posts(
    posts: Sequence[Post],
    backbones: Sequence[Backbone],
    cache_dir: Location,
    *,
    changes: Sequence[Change] = (),
    progress: Progress = silent,
    problems: Problems,
    engine: FitEngine = ONE_MACHINE,
) -> tuple[list[Post], Embedded, dict[Change, Embedded]]:
    """Features of posts' photos, and of changed copies of them.

    Returns:
        The n posts whose photo could be read; their features; and those of each changed copy.

    Raises:
        DatasetError: where no photo can be read, or their features would not fit into memory.
    """
    pictured = [(post, post.image) for post in posts if post.image is not None and post.hashtags]
    for post in posts:
        if post.image is not None and not post.hashtags:
            problems.add("photo of a post without hashtags", _name(post))
    if not pictured:
        nothing = "No post has both a photo and hashtags, so nothing can be learnt about photos."
        raise DatasetError(
            f"{problems.after(nothing)} `tag4pic train fit --backend tags` learns from hashtags "
            "alone."
        )
    _check_memory(len(pictured), sum(backbone.dims for backbone in backbones) * (1 + len(changes)))
    features: dict[tuple[str, Change], NDArray[np.float16]] = {}
    for part in {part.name: part for backbone in backbones for part in backbone.parts}.values():
        for change in (AS_IT_IS, *changes):
            features[part.name, change], readable = engine.embed(
                [path for _, path in pictured],
                part,
                cache_dir,
                change=change,
                progress=progress,
                problems=problems,
            )
            if not readable.all():  # a photo may vanish at any time
                rows = np.flatnonzero(readable)
                pictured = [pictured[row] for row in rows]
                features = {key: values[rows] for key, values in features.items()}
            if not pictured:
                raise DatasetError(problems.after("None of the photos can be read."))

    def of(change: Change) -> Embedded:
        return {
            backbone.name: _joined([features[part.name, change] for part in backbone.parts])
            for backbone in backbones
        }

    return [post for post, _ in pictured], of(AS_IT_IS), {change: of(change) for change in changes}


def _check_memory(photos: int, dims: int) -> None:
    """Refuses features that would leave the fit no memory, before hours are spent on them."""
    needed, free = 2 * photos * dims, free_memory()
    if free is not None and needed > free / 2:
        raise DatasetError(
            f"The features of {photos:,} photos take {needed / 1e9:.1f} GB. {free / 1e9:.1f} GB of "
            "memory are free, and the fit itself needs half of that. Leave out mirrored photos "
            "(--no-mirrored) or jittered copies, or use a backbone with fewer features or fewer "
            "posts."
        )


def _joined(features: Sequence[NDArray[np.float16]]) -> NDArray[np.float16]:
    """The features of a backbone's networks side by side: (n, dims) float16."""
    if len(features) == 1:
        return features[0]
    joined = np.empty((len(features[0]), sum(part.shape[1] for part in features)), np.float16)
    for rows in batches(len(joined), 4096):
        joined[rows] = join([part[rows] for part in features])
    return joined
