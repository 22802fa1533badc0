"""How long training takes: photos embedded a second, and a fit from cached features."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import torch
from scipy.sparse import csr_matrix

from bot.benchmark.costs import run_command
from bot.benchmark.plain import EagerNetwork, decoded
from bot.benchmark.rows import Clock, Figure, Row
from recommenders.arrays import Floats
from recommenders.backbones.backbone import Backbone, load_backbone
from training.datasets.format import Post, write_posts
from training.evaluation.baselines import als_seed, w2v_seed
from training.evaluation.compare import Spent
from training.features.cache import FeatureCache
from training.features.compute import embed
from training.fitting.vectors import train_vectors

SECTION = "training"

_BACKBONE = "efficientnet_lite0"
_HASHTAGS = 400
_KINDS = 40
"""Photos of one kind have similar features and the same few hashtags."""
_PLAIN_SHARE = 16
"""One photo in this many is embedded in the plain way, which takes long."""


def measure(
    settings: Mapping[str, str],
    photos: Sequence[bytes],
    folder: Path,
    *,
    embedded: int,
    posts: int,
    doing: Callable[[str], None],
) -> Iterator[Row]:
    """Rows of embedding and of a fit.

    Args:
        settings: as returned by ``costs.settings_of_commands``.
        photos: to embed, repeatedly.
        folder: where the dataset and its features are created.
        embedded: how many photos are embedded.
        posts: how many posts the fit has.
        doing: is called with what is measured next.

    Raises:
        CommandError: where the fit fails.
    """
    torch.set_num_threads(1)  # for the plain way
    weights_dir = Path(settings["WEIGHTS_DIR"])
    backbone, network = load_backbone(_BACKBONE, weights_dir), EagerNetwork(_BACKBONE, weights_dir)
    files = _files(folder / "photos", photos, embedded)
    few = files[:: min(_PLAIN_SHARE, embedded)]
    ours, plain = Clock(), Clock()

    def plainly(some: Sequence[Path]) -> None:
        doing(f"embedding {len(few)} photos in the plain way")
        with plain.running():
            for file in some:
                network.of_photo(decoded(file.read_bytes()))

    # Half before and half after, so that other load on the machine affects both ways alike.
    plainly(few[::2])
    before = Spent.now()
    with ours.running():
        embed(
            files,
            backbone,
            folder / "embedded",
            progress=lambda _, done, of: doing(f"embedding, {done:,} of {of:,} photos"),
        )
    spent = Spent.now() - before
    plainly(few[1::2])
    yield Row(
        SECTION,
        f"embedding, {_BACKBONE}",
        "photos/s",
        Figure(embedded / ours.wall[0], cpu=1000 * spent.cpu / embedded),
        Figure(len(few) / sum(plain.wall), cpu=1000 * sum(plain.cpu) / len(few)),
        f"{embedded} photos, a process a core",
    )
    yield from _fit(settings, backbone, folder, posts, doing)


def _files(folder: Path, photos: Sequence[bytes], count: int) -> list[Path]:
    """``count`` files that differ for the cache, by bytes after the end of the picture."""
    folder.mkdir()
    files = []
    for number in range(count):
        file = folder / f"{number}.jpg"
        file.write_bytes(photos[number % len(photos)] + number.to_bytes(4, "big"))
        files.append(file)
    return files


def _fit(
    settings: Mapping[str, str],
    backbone: Backbone,
    folder: Path,
    count: int,
    doing: Callable[[str], None],
) -> Iterator[Row]:
    features, posts = _posts(backbone, folder / "dataset", folder / "cache", count)
    doing(f"a fit of {count:,} posts")
    costs = run_command(
        [
            *("bot.cli", "train", "fit", "--dataset", "dataset", "--out", "fitted"),
            *("--backbone", _BACKBONE, "--cache", "cache", "--no-mirrored"),
        ],
        folder,
        settings,
    )
    doing(f"a fit of {count:,} posts in the plain way")
    clock = Clock()
    with clock.running():
        tags, vectors = train_vectors(posts)
        counts = _counts(posts, tags)
        als_seed(features, counts, features[:1])
        w2v_seed(features, counts, vectors, features[:1])
    plain = Figure(clock.wall[0], cpu=clock.cpu[0])
    note = "both models, fusion, categories, chosen and fitted again; plainly two models, once"
    ours = Figure(costs.wall, cpu=costs.cpu)
    yield Row(SECTION, f"fit of {count:,} posts", "s", ours, plain, note)
    if costs.megabytes is not None:
        yield Row(SECTION, f"memory of the fit of {count:,} posts", "MB", Figure(costs.megabytes))


def _posts(
    backbone: Backbone, dataset: Path, cache_dir: Path, count: int
) -> tuple[Floats, list[Post]]:
    """Writes a dataset with features in the cache, so that its files need not be photos."""
    draw = np.random.default_rng(0)
    kinds = draw.gamma(0.5, 1.0, (_KINDS, backbone.dims))
    dataset.mkdir()
    features = np.empty((count, backbone.dims), np.float16)
    posts, digests = [], []
    for number in range(count):
        kind = number % _KINDS
        features[number] = kinds[kind] + draw.gamma(0.5, 0.5, backbone.dims)
        image = dataset / f"{number}.jpg"
        image.write_bytes(str(number).encode())
        digests.append(hashlib.sha256(image.read_bytes()).digest())
        near = (kind * _HASHTAGS // _KINDS + draw.geometric(0.2, 6)) % _HASHTAGS
        posts.append(Post(tuple(dict.fromkeys(f"hashtag{tag}" for tag in near)), image=image))
    with closing(FeatureCache(cache_dir, backbone)) as cache:
        cache.put(zip(digests, features, strict=True))
    write_posts(dataset, posts)
    return features.astype(np.float32), posts


def _counts(posts: Sequence[Post], tags: Sequence[str]) -> csr_matrix:
    columns = {tag: column for column, tag in enumerate(tags)}
    places = [(row, columns[tag]) for row, post in enumerate(posts) for tag in post.hashtags]
    rows, of_rows = zip(*places, strict=True)
    shape = (len(posts), len(tags))
    return csr_matrix((np.ones(len(rows), np.float32), (rows, of_rows)), shape)
