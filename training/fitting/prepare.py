"""A dataset made ready to fit on: its posts, the features of their photos, hashtags and vectors."""

import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recommenders.arrays import Floats
from recommenders.backbones.backbone import Backbone, join, load_backbone
from recommenders.backbones.registry import JOINT, names_of
from recommenders.backbones.weights import WeightsError, download, find
from recommenders.machine import free_memory
from training.datasets.format import VALIDATION, DatasetError, Post, Problems, read_posts
from training.features.compute import batches, embed
from training.features.examples import Examples
from training.fitting.plan import Plan
from training.fitting.vectors import hashtag_vectors
from training.fitting.vocabulary import lengths_of, matrix, vocabulary
from training.progress import Progress, silent

Embedded = dict[str, NDArray[np.float16]]
"""Features (n, dims) by backbone."""

DEFAULT_BACKBONES = {"als": "mobilenet_v2", "w2v": "resnet50"}
"""The published recipes."""

TEST_SHARE = 0.1
"""Of the posts of a dataset that names no split."""


@dataclass(frozen=True)
class TrainingSet:
    """A dataset's training posts, ready to fit on.

    Attributes:
        posts: all that have hashtags, with or without a photo.
        photos: those whose photo could be read and has a hashtag of the vocabulary.
        hashtags: the vocabulary, V of them.
        examples: the photos as arrays.
        backbone_of: the name of each backend's backbone.
        backbones: by name.
        vectors: by model (V, dims): see ``hashtag_vectors``.
        problems: posts and photos that were left out.
    """

    posts: list[Post]
    photos: list[Post]
    hashtags: list[str]
    examples: Examples
    backbone_of: dict[str, str]
    backbones: dict[str, Backbone]
    vectors: dict[str, Floats]
    problems: Problems

    @property
    def hashtags_per_post(self) -> float:
        """How many hashtags the post of a photo carries, on average."""
        return float(np.mean(lengths_of([post.hashtags for post in self.photos])))


def prepare(
    dataset: Path,
    plan: Plan,
    *,
    backend: str = "all",
    backbone: str | None = None,
    weights_dir: Path | None = None,
    cache_dir: Path,
    min_count: int = 1,
    mirrored: bool = True,
    fetch: bool = True,
    without: Collection[str] = (),
    progress: Progress = silent,
) -> TrainingSet:
    """Everything before the fit; arguments and errors as ``fit_dataset``."""
    problems = Problems()
    posts = [
        post
        for post in posts_of(dataset, "train", problems)
        if post.hashtags and not set(without).intersection(post.hashtags)
    ]
    training_set = prepare_photos(
        posts,
        backend=backend,
        backbone=backbone,
        weights_dir=weights_dir,
        cache_dir=cache_dir,
        min_count=min_count,
        mirrored=mirrored,
        fetch=fetch,
        problems=problems,
        progress=progress,
    )
    vectors = hashtag_vectors(posts, training_set.hashtags, plan, progress)
    return replace(training_set, vectors=vectors)


def backbones_of(backend: str, backbone: str | None) -> dict[str, str]:
    """The backbone's name of each backend that is fitted; arguments as for ``fit_dataset``."""
    return {
        name: JOINT.join(names_of(backbone or DEFAULT_BACKBONES[name]))
        for name in ("als", "w2v")
        if backend in (name, "all")
    }


def prepare_photos(
    posts: list[Post],
    *,
    backend: str,
    backbone: str | None,
    weights_dir: Path | None,
    cache_dir: Path,
    min_count: int,
    mirrored: bool,
    fetch: bool,
    problems: Problems,
    progress: Progress = silent,
) -> TrainingSet:
    """Posts made ready to fit on, but for the hashtags' vectors."""
    backbone_of = backbones_of(backend, backbone)
    backbones = {
        name: get_backbone(name, weights_dir, fetch=fetch)
        for name in dict.fromkeys(backbone_of.values())
    }
    photos, features, flipped = embed_posts(
        posts,
        list(backbones.values()),
        cache_dir,
        mirrored=mirrored,
        progress=progress,
        problems=problems,
    )
    hashtags = vocabulary((post.hashtags for post in photos), min_count)
    if not hashtags:
        raise DatasetError(
            f"No hashtag is carried by at least {min_count} photos. Lower --min-count."
        )
    examples = Examples(features, matrix([post.hashtags for post in photos], hashtags), flipped)
    carrying = np.flatnonzero(np.diff(examples.counts.indptr))
    if len(carrying) < 2:
        raise DatasetError(
            "Only one post has a photo that can be read and a hashtag; some are fitted on and some "
            "held back for choosing, so there must be two at least. Add posts."
        )
    if len(carrying) < len(photos):
        photos, examples = [photos[row] for row in carrying], examples.rows(carrying)
    return TrainingSet(
        posts,
        photos,
        hashtags,
        examples,
        backbone_of,
        backbones,
        {},
        problems,
    )


def is_split(post: Post, split: str, named: bool) -> bool:
    """Whether a post belongs to a split; one of the validation split belongs to ``train`` too.

    Args:
        named: whether the dataset names splits; where it does not, a tenth of the photos, chosen by
            their names, are the test split. The pictures of one album stay together: they carry
            the same hashtags.
    """
    if named:
        own = post.split or "train"
        return own == split or (own == VALIDATION and split == "train")
    key = post.album or (post.image.name if post.image else " ".join(post.hashtags))
    test = zlib.crc32(key.encode()) % 1000 < TEST_SHARE * 1000
    return (split == "test") == test


def posts_of(folder: Path, split: str, problems: Problems | None = None) -> list[Post]:
    """The posts of a dataset's split."""
    posts = read_posts(folder, problems)
    named = any(post.split for post in posts)
    chosen = [post for post in posts if is_split(post, split, named)]
    if not chosen:
        raise DatasetError(f"{folder} has no post in its {split!r} split.")
    return chosen


def get_backbone(name: str, weights_dir: Path | None, *, fetch: bool = False) -> Backbone:
    """A backbone; with ``fetch`` its weights are downloaded where they are missing."""
    for one in names_of(name):
        if fetch and find(one, weights_dir) is None:
            if weights_dir is None:
                raise WeightsError(f"No folder to download {one} into: set WEIGHTS_DIR.")
            download(one, weights_dir)
    return load_backbone(name, weights_dir)


def embed_posts(
    posts: Sequence[Post],
    backbones: Sequence[Backbone],
    cache_dir: Path,
    *,
    mirrored: bool,
    progress: Progress = silent,
    problems: Problems,
) -> tuple[list[Post], Embedded, Embedded]:
    """Features of posts' photos.

    Returns:
        The posts whose photo could be read, n of them; their features; and those of the photos
        mirrored, none without ``mirrored``.

    Raises:
        DatasetError: where no photo can be read, or their features would not fit into memory.
    """
    pictured = [(post, post.image) for post in posts if post.image is not None and post.hashtags]
    if not pictured:
        raise DatasetError(
            "No post has both a photo and hashtags; there is nothing to learn photos from. "
            "`tag4pic train fit --backend tags` learns from hashtags alone."
        )
    _must_fit(len(pictured), sum(backbone.dims for backbone in backbones) * (1 + mirrored))
    features: dict[tuple[str, bool], NDArray[np.float16]] = {}
    for part in {part.name: part for backbone in backbones for part in backbone.parts}.values():
        for flipped in (False, True) if mirrored else (False,):
            features[part.name, flipped], readable = embed(
                [path for _, path in pictured],
                part,
                cache_dir,
                flipped=flipped,
                progress=progress,
                problems=problems,
            )
            if not readable.all():  # a photo may vanish at any time
                rows = np.flatnonzero(readable)
                pictured = [pictured[row] for row in rows]
                features = {key: values[rows] for key, values in features.items()}
            if not pictured:
                raise DatasetError("None of the photos can be read. " + " ".join(problems.lines()))

    def side(flipped: bool) -> Embedded:
        return {
            backbone.name: _joined([features[part.name, flipped] for part in backbone.parts])
            for backbone in backbones
        }

    return [post for post, _ in pictured], side(False), side(True) if mirrored else {}


def _must_fit(photos: int, dims: int) -> None:
    """Refuses features that would leave a fit no memory, before hours are spent on them."""
    needed, free = 2 * photos * dims, free_memory()
    if free is not None and needed > free / 2:
        raise DatasetError(
            f"The features of {photos:,} photos take {needed / 1e9:.1f} GB, and half of the "
            f"{free / 1e9:.1f} GB of memory that are free is for the fit itself. Leave out the "
            "mirrored photos (--no-mirrored), take a backbone with fewer features, or fewer posts."
        )


def _joined(features: Sequence[NDArray[np.float16]]) -> NDArray[np.float16]:
    """One backbone's features, or several ones' side by side: (n, dims) float16."""
    if len(features) == 1:
        return features[0]
    joined = np.empty((len(features[0]), sum(part.shape[1] for part in features)), np.float16)
    for rows in batches(len(joined), 4096):
        joined[rows] = join([part[rows] for part in features])
    return joined
