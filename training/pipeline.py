"""A dataset to a bundle in one go: features, both backends, their blend, knowledge, metrics."""

import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommenders.backbones import Backbone, load_backbone
from recommenders.bundle import Bundle, save
from recommenders.engine import blend
from recommenders.weights import WeightsError, download, find
from training import knowledge
from training.datasets import DatasetError, Post, Problems, read
from training.features import embed
from training.fit import (
    AT,
    Examples,
    Part,
    Plan,
    Report,
    choose_blend,
    choose_exponent,
    fit_als,
    fit_w2v,
    head_part,
    head_recommender,
    lengths_of,
    scores_of,
    validation_rows,
)
from training.metrics import measure, top_columns
from training.projection import side_by_side
from training.replay import held_out, replay_part
from training.similar import MODELS, aligned, train_vectors
from training.vocabulary import matrix, popularity, vocabulary

Floats = NDArray[np.float32]

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
    """Whether a post belongs to a split.

    Args:
        named: whether the dataset names splits; where it does not, a tenth of the photos, told by
            their names, are the test split. The pictures of one album stay together: they carry
            the same hashtags.
    """
    if named:
        return (post.split or "train") == split
    key = post.album or (post.image.name if post.image else " ".join(post.hashtags))
    test = zlib.crc32(key.encode()) % 1000 < TEST_SHARE * 1000
    return (split == "test") == test


def posts_of(folder: Path, split: str, problems: Problems | None = None) -> list[Post]:
    """The posts of a dataset's split."""
    posts = read(folder, problems)
    named = any(post.split for post in posts)
    chosen = [post for post in posts if is_split(post, split, named)]
    if not chosen:
        raise DatasetError(f"{folder} has no post in its {split!r} split.")
    return chosen


def get_backbone(name: str, weights_dir: Path | None, *, fetch: bool = False) -> Backbone:
    """A backbone; with ``fetch`` its weights are downloaded where they are missing."""
    if fetch and find(name, weights_dir) is None:
        if weights_dir is None:
            raise WeightsError(f"No folder to download {name} into: set WEIGHTS_DIR.")
        download(name, weights_dir)
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
    pictured = [post for post in posts if post.image is not None and post.hashtags]
    paths = [post.image for post in pictured if post.image is not None]
    if not paths:
        raise DatasetError(
            "No post has both a photo and hashtags; there is nothing to learn photos from. "
            "`tag4pic train fit --backend tags` learns from hashtags alone."
        )
    found: dict[tuple[str, bool], NDArray[np.float16]] = {}
    readable = np.ones(len(paths), np.bool_)
    for backbone in backbones:
        for flipped in (False, True) if mirrored else (False,):
            doing = f"{backbone.name}{' of mirrored photos' if flipped else ''}"
            features, usable = embed(
                paths,
                backbone,
                cache_dir,
                flipped=flipped,
                progress=lambda done, total, doing=doing: report(doing, done, total),  # type: ignore[misc]
                problems=problems if not found else None,
            )
            found[backbone.name, flipped] = features
            readable &= usable
    rows = np.flatnonzero(readable)
    if not len(rows):
        raise DatasetError("None of the photos can be read. " + " ".join(problems.lines()))
    return Photos(
        [pictured[row] for row in rows],
        {name: values[rows] for (name, flipped), values in found.items() if not flipped},
        {name: values[rows] for (name, flipped), values in found.items() if flipped},
    )


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


def fit_dataset(
    dataset: Path,
    out: Path,
    *,
    backend: str = "all",
    backbone: str | None = None,
    weights_dir: Path | None = None,
    cache_dir: Path,
    plan: Plan | None = None,
    min_count: int = 1,
    mirrored: bool = True,
    fetch: bool = True,
    without: Collection[str] = (),
    report: Report = silent,
) -> Bundle:
    """Fits a bundle on a dataset's training posts and writes it.

    Args:
        backend: ``als``, ``w2v`` or ``all``.
        backbone: for both backends; None for each one's default.
        min_count: posts that must carry a hashtag for it to be learnt.
        mirrored: learn from the photos mirrored left to right too.
        fetch: download official weights that are missing.
        without: hashtags whose posts are left out, to measure how it learns them later.

    Raises:
        DatasetError, WeightsError: a sentence that says what is missing.
    """
    plan = plan or Plan()
    prepared = prepare(
        dataset,
        backend=backend,
        backbone=backbone,
        weights_dir=weights_dir,
        cache_dir=cache_dir,
        seed=plan.seed,
        min_count=min_count,
        mirrored=mirrored,
        fetch=fetch,
        without=without,
        report=report,
    )
    posts, photos, hashtags = prepared.posts, prepared.photos, prepared.hashtags
    examples, vectors, loaded = prepared.examples, prepared.vectors, prepared.backbones
    parts, settings, metrics = fit_parts(
        examples, photos.posts, prepared.names, loaded, vectors, plan, report
    )
    parts["ranking"] = Part(
        settings["ranking"],
        {
            "popularity": popularity(examples.counts),
            "rating": knowledge.rating(posts, hashtags),
        },
    )
    report("categories and similar hashtags", 0, 1)
    known_settings, known_arrays = knowledge.knowledge(posts, hashtags, vectors, seed=plan.seed)
    parts["knowledge"] = Part(known_settings, known_arrays)
    report("categories and similar hashtags", 1, 1)
    bundle = Bundle(
        model=f"{out.name}-1",
        hashtags=hashtags,
        backbones={name: loaded[name].sha256 for name in loaded},
        settings={
            **{name: value for name, value in settings.items() if name != "ranking"},
            **{name: part.settings for name, part in parts.items()},
        },
        arrays={name: part.arrays for name, part in parts.items()},
        metrics=metrics,
        provenance={
            "dataset": dataset.name,
            "posts": len(posts),
            "photos": len(photos.posts),
            "problems": dict(prepared.problems.counts),
            "fitted_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "seed": plan.seed,
        },
    )
    save(bundle, out)
    return bundle


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


def _seeded(plan: Plan) -> list[Plan]:
    """A plan for each of its heads."""
    return [
        replace(plan, head=replace(plan.head, seed=plan.head.seed + at)) for at in range(plan.heads)
    ]


def fit_parts(
    examples: Examples,
    posts: Sequence[Post],
    names: dict[str, str],
    loaded: dict[str, Backbone],
    vectors: dict[str, Floats],
    plan: Plan,
    report: Report,
) -> tuple[dict[str, Part], dict[str, dict[str, Any]], dict[str, Any]]:
    """Both backends with what is chosen on held-out photos, then fitted on all.

    Returns:
        Parts ``als``, ``w2v`` and ``replay``; settings of ``both`` and ``ranking``; metrics on the
        held-out photos, with ``history``: for ``w2v`` [training loss, recall at five] of every
        epoch.
    """
    fit_rows, held_rows = validation_rows(len(posts), plan.validation, plan.seed)
    fit_on, held = examples.rows(fit_rows), examples.rows(held_rows)
    truth = held.counts.toarray() > 0
    lengths = lengths_of([posts[row].hashtags for row in held_rows])
    popular = popularity(fit_on.counts)
    per_post = float(np.mean(lengths_of([post.hashtags for post in posts])))
    parts: dict[str, Part] = {}
    held_scores: dict[str, Floats] = {}
    exponents: dict[str, float] = {}
    good: dict[str, float] = {}
    history: dict[str, list[list[float]]] = {}
    if "als" in names:
        report("ALS", 0, 2)
        backbone = loaded[names["als"]]
        recommender, _ = fit_als(fit_on, backbone, plan)
        held_scores["als"] = scores_of(recommender, held.features[backbone.name])
        report("ALS", 1, 2)
        _, parts["als"] = fit_als(examples, backbone, plan)
        report("ALS", 2, 2)
    if "w2v" in names:
        backbone = loaded[names["w2v"]]
        start = vectors.get("skipgram")
        if start is None:
            generator = np.random.default_rng(plan.seed)
            start = generator.standard_normal((len(popular), 150)).astype(np.float32)
        alone = [
            fit_w2v(fit_on, held, backbone, start, popular, one, report=report)
            for one in _seeded(plan)
        ]
        fitted = side_by_side(alone)
        held_scores["w2v"] = scores_of(
            head_recommender(backbone.name, fitted, per_post), held.features[backbone.name]
        )
        history["w2v"] = [[round(loss, 5), round(score, 5)] for loss, score in fitted.history]
        # The same number of epochs once more, on all photos but those that later tell whether
        # fine-tuning forgets: nothing is left to stop by.
        rows, _ = held_out(len(posts), plan.seed)
        everybody, popular_in_all = examples.rows(rows), popularity(examples.counts)
        again = []
        for one, first in zip(_seeded(plan), alone, strict=True):
            epochs = int(np.argmax([score for _, score in first.history])) + 1
            one = replace(one, head=replace(one.head, stop_after=epochs))
            again.append(
                fit_w2v(everybody, held, backbone, start, popular_in_all, one, report=report)
            )
        fitted = side_by_side(again)
        parts["w2v"] = head_part(backbone.name, fitted, per_post)
        parts["replay"] = replay_part(
            backbone.name, examples.features[backbone.name], examples.counts, seed=plan.seed
        )
    for name, scores in held_scores.items():
        exponents[name], good[name] = choose_exponent(scores, popular, truth, lengths)
        parts[name].settings["popularity_exponent"] = exponents[name]
    settings: dict[str, dict[str, Any]] = {}
    metrics: dict[str, Any] = {"validation_photos": len(held_rows), "history": history}
    orders = {n: s / popular ** exponents[n] for n, s in held_scores.items()}
    if len(held_scores) == 2:
        chosen, good["both"] = choose_blend(
            held_scores["als"], held_scores["w2v"], popular, truth, lengths
        )
        settings["both"] = dict(chosen)
        mixed = blend(held_scores["als"], held_scores["w2v"], chosen["als_weight"])
        orders["both"] = mixed / popular ** chosen["popularity_exponent"]
    for name, order in orders.items():
        metrics[name] = measure(top_columns(np.asarray(order, np.float32), AT), truth, lengths)
    settings["ranking"] = {"default_backend": max(good, key=lambda name: good[name])}
    return parts, settings, metrics
