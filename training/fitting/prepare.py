"""A dataset made ready to fit on: its posts, the features of their photos, hashtags and vectors."""

import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recommenders.arrays import Floats
from recommenders.backbones.backbone import Backbone, join, load_backbone
from recommenders.backbones.registry import names_of
from recommenders.backbones.weights import WeightsError, download, find
from recommenders.machine import free_memory
from training.datasets.format import VALIDATION, DatasetError, Post, Problems, read_posts
from training.features.compute import batches, embed
from training.features.examples import Examples
from training.fitting.fit import Report
from training.fitting.vectors import MODELS, aligned, train_vectors
from training.fitting.vocabulary import matrix, vocabulary

DEFAULT_BACKBONES = {"als": "mobilenet_v2", "w2v": "resnet50"}
"""The published recipes."""

TEST_SHARE = 0.1
"""Of the posts of a dataset that names no split."""


@dataclass(frozen=True)
class Photos:
    """Posts whose photos could be read, with features by backbone."""

    posts: list[Post]
    features: dict[str, NDArray[np.float16]]
    mirrored: dict[str, NDArray[np.float16]]

    def rows(self, rows: Sequence[int]) -> "Photos":
        """Some of the photos."""
        return Photos(
            [self.posts[row] for row in rows],
            {name: values[rows] for name, values in self.features.items()},
            {name: values[rows] for name, values in self.mirrored.items()},
        )

    def examples(self, hashtags: Sequence[str]) -> Examples:
        return Examples(
            dict(self.features),
            matrix([p.hashtags for p in self.posts], hashtags),
            dict(self.mirrored),
        )


def silent(doing: str, done: int, total: int) -> None:
    """A report that nobody reads."""


def is_split(post: Post, split: str, named: bool) -> bool:
    """Whether a post belongs to a split; one of the validation split belongs to ``train`` too.

    Args:
        named: whether the dataset names splits; where it does not, a tenth of the photos, told by
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
    report: Report,
    problems: Problems,
) -> Photos:
    """Features of posts' photos; posts whose photo is missing or broken are left out."""
    pictured = [(post, post.image) for post in posts if post.image is not None and post.hashtags]
    if not pictured:
        raise DatasetError(
            "No post has both a photo and hashtags; there is nothing to learn photos from. "
            "`tag4pic train fit --backend tags` learns from hashtags alone."
        )
    _must_fit(len(pictured), sum(backbone.dims for backbone in backbones) * (1 + mirrored))
    found: dict[tuple[str, bool], NDArray[np.float16]] = {}
    sides = (False, True) if mirrored else (False,)
    for part in {part.name: part for backbone in backbones for part in backbone.parts}.values():
        for flipped in sides:
            doing = f"{part.name}{' of mirrored photos' if flipped else ''}"
            found[part.name, flipped], readable = embed(
                [path for _, path in pictured],
                part,
                cache_dir,
                flipped=flipped,
                progress=lambda done, total, doing=doing: report(doing, done, total),  # type: ignore[misc]
                problems=problems,
            )
            if not readable.all():  # a photo may vanish at any time
                rows = np.flatnonzero(readable)
                pictured = [pictured[row] for row in rows]
                found = {key: values[rows] for key, values in found.items()}
            if not pictured:
                raise DatasetError("None of the photos can be read. " + " ".join(problems.lines()))

    def side(flipped: bool) -> dict[str, NDArray[np.float16]]:
        return {
            backbone.name: _joined([found[part.name, flipped] for part in backbone.parts])
            for backbone in backbones
        }

    return Photos([post for post, _ in pictured], side(False), side(True) if mirrored else {})


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


@dataclass(frozen=True)
class Prepared:
    """A dataset's training posts, ready to fit on.

    Attributes:
        posts: all that have hashtags, with or without a photo.
        photos: those whose photo could be read, with their features.
        hashtags: the vocabulary, V of them.
        examples: the photos as arrays.
        names: backend to backbone.
        backbones: by name.
        vectors: by model (V, 150): see ``hashtag_vectors``.
        problems: posts and photos that were left out.
    """

    posts: list[Post]
    photos: Photos
    hashtags: list[str]
    examples: Examples
    names: dict[str, str]
    backbones: dict[str, Backbone]
    vectors: dict[str, Floats]
    problems: Problems


def prepare(
    dataset: Path,
    *,
    backend: str = "all",
    backbone: str | None = None,
    weights_dir: Path | None = None,
    cache_dir: Path,
    seed: int = 0,
    min_count: int = 1,
    mirrored: bool = True,
    fetch: bool = True,
    without: Collection[str] = (),
    report: Report = silent,
) -> Prepared:
    """Everything before the fit; arguments and errors as ``fit_dataset``."""
    problems = Problems()
    posts = [
        post
        for post in posts_of(dataset, "train", problems)
        if post.hashtags and not set(without).intersection(post.hashtags)
    ]
    names = {
        name: backbone or DEFAULT_BACKBONES[name]
        for name in ("als", "w2v")
        if backend in (name, "all")
    }
    loaded = {
        name: get_backbone(name, weights_dir, fetch=fetch) for name in dict.fromkeys(names.values())
    }
    photos = embed_posts(
        posts, list(loaded.values()), cache_dir, mirrored=mirrored, report=report, problems=problems
    )
    hashtags = vocabulary((post.hashtags for post in photos.posts), min_count)
    if not hashtags:
        raise DatasetError(
            f"No hashtag is carried by at least {min_count} photos. Lower --min-count."
        )
    known = set(hashtags)
    keep = [i for i, post in enumerate(photos.posts) if known.intersection(post.hashtags)]
    if len(keep) < len(photos.posts):
        photos = photos.rows(keep)
    if len(keep) < 2:
        raise DatasetError(
            "Only one post has a photo that can be read and a hashtag; some are fitted on and some "
            "held back for choosing, so there must be two at least. Add posts."
        )
    return Prepared(
        posts,
        photos,
        hashtags,
        photos.examples(hashtags),
        names,
        loaded,
        hashtag_vectors(posts, hashtags, seed, report),
        problems,
    )


def hashtag_vectors(
    posts: Sequence[Post], hashtags: Sequence[str], seed: int, report: Report
) -> dict[str, Floats]:
    """Skip-gram and CBOW vectors (V, 150) of a vocabulary; empty where posts have one hashtag."""
    found: dict[str, Floats] = {}
    for model in MODELS:
        try:
            tags, vectors = train_vectors(
                posts,
                model=model,
                seed=seed,
                progress=lambda done, total, model=model: report(f"Word2Vec, {model}", done, total),  # type: ignore[misc]
            )
        except DatasetError:
            return {}
        found[model] = aligned(hashtags, tags, vectors)
    return found
