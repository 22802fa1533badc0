"""The starter bundle: what the bot knows before anybody has taught it anything.

Everyday photos with captions, stock photos with words and one photo of each ImageNet class become
posts through the tables of ``training.starter.word_tables``; hashtag vectors are learnt
from real posts and those together. Only numbers go into the bundle.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommenders.als import AlsSettings
from recommenders.backbones.backbone import Backbone, load_backbone
from recommenders.bundle import Bundle, save
from recommenders.engine import Engine
from recommenders.nearest import unit
from recommenders.ranking import adjusted
from training.datasets.format import DatasetError, Post
from training.evaluation.caption_hits import Naming, content_words, naming
from training.evaluation.metrics import top_columns
from training.features.compute import embed
from training.features.examples import Examples
from training.finetuning.replay import held_out, replay_part
from training.fitting import class_head, knowledge
from training.fitting.fit import Part, fit_als, head_part
from training.fitting.head import FittedHead, fit_w2v, head_recommender
from training.fitting.plan import AlsPlan, HeadPlan, Plan
from training.fitting.vectors import hashtag_vectors
from training.fitting.vocabulary import matrix, vocabulary
from training.progress import Progress, silent
from training.starter.word_tables import (
    class_hashtags,
    communities,
    generic,
    word_table,
    words_of_captions,
)

Floats = NDArray[np.float32]

BACKBONE = "efficientnet_lite0"
MODEL = "starter-1"

PLAN = Plan(
    als=AlsPlan(
        variance=0.85, damping=0.3, factors=256, alpha=20.0, regularization=0.1, iterations=10
    ),
    als_use=AlsSettings(neighbours=100, sharpness=12.0, class_weight=0.9, class_power=2.5),
    head=HeadPlan(hidden=512, epochs=12, stop_after=9),
)

RANKING: dict[str, dict[str, float]] = {
    "als": {"popularity_exponent": 0.1, "diversity": 0.9},
    "w2v": {"popularity_exponent": 0.15, "diversity": 1.0},
    "both": {"popularity_exponent": 0.25, "diversity": 0.85, "als_weight": 0.7},
}
CLASS_TEMPERATURE, CLASS_SCALE = 1.0, 8.0
"""Of the head for every ImageNet backbone: chosen with ``carry_over``."""

REHEARSED = 1_200
"""Photos that the bundle carries for fine-tuning: 1.7 MB."""

PREFERRED = ("resnet50",)
"""Backbones that Word2Vec moves to as soon as their weights are in place."""

SHARED_WORDS = 0.3
"""Caption words count when this share of the captions have them."""

STOCK_CERTAINTY = 0.8
"""How certain a stock photo's word is beside a word that every caption has."""

HASHTAGS_A_PHOTO = 12
"""Weaker evidence than the twelve best hashtags only blurs the factors."""

HELD_OUT = 5
"""One in so many everyday photos is held out for the check."""


@dataclass(frozen=True)
class Source:
    """A photo to learn from: its file, and the hashtags that the tables give it, with weights."""

    image: Path
    hashtags: dict[str, float]
    words: frozenset[str] = frozenset()
    held_out: bool = False


def sources(
    data: Path, shared_by: int = 2
) -> tuple[list[Source], list[dict[str, float]], list[Post]]:
    """Reads the photos' evidence, the classes' hashtags, and real posts for vectors.

    Args:
        shared_by: captions that must have a word for it to name what is in a held-out photo.

    Raises:
        DatasetError: where the folder is not the data to build from.
    """
    captions = _rows(data / "flickr8k" / "captions.jsonl")
    stock = _rows(data / "corel5k" / "posts.jsonl")
    samples = _rows(data / "imagenet_samples" / "classes.jsonl")
    dull = generic()
    of_captions, of_words = word_table("captions.csv", "scenes.csv"), word_table("corel.csv")
    classes = [_best(row, dull) for row in class_hashtags()]
    found = []
    for row in captions:
        words = words_of_captions(row["captions"])
        sure = {word: share for word, share in words.items() if share >= SHARED_WORDS}
        found.append(
            Source(
                data / "flickr8k" / row["image"],
                _best(of_captions.hashtags(sure), dull),
                content_words(row["captions"], shared_by),
                _held_out(row["image"]),
            )
        )
    for row in stock:
        if row["split"] == "train":
            sure = dict.fromkeys(row["hashtags"], STOCK_CERTAINTY)
            found.append(
                Source(data / "corel5k" / row["image"], _best(of_words.hashtags(sure), dull))
            )
    found.extend(
        Source(data / "imagenet_samples" / row["image"], classes[row["class_index"]])
        for row in samples
    )
    posts = [Post(tuple(line.split())) for line in _lines(data / "harrison" / "tag_list.txt")]
    posts += [Post(tuple(row["hashtags"])) for row in _rows(data / "instagram_2019/posts.jsonl")]
    return found, classes, posts


def build(
    data: Path,
    out: Path,
    *,
    weights_dir: Path | None = None,
    cache_dir: Path,
    check_only: bool = False,
    shared_by: int = 2,
    report: Progress = silent,
) -> dict[str, Naming]:
    """Measures the recipe on held-out photos, then fits the starter on all and writes it.

    Args:
        data: the folder with ``flickr8k``, ``corel5k``, ``imagenet_samples``, ``harrison`` and
            ``instagram_2019``.
        check_only: stop after measuring.
        shared_by: as ``sources``.

    Returns:
        By backend, how well the first five hashtags name what is in held-out everyday photos.
    """
    found, classes, posts = sources(data, shared_by)
    backbone = load_backbone(BACKBONE, weights_dir)
    features, readable = embed(
        [source.image for source in found],
        backbone,
        cache_dir,
        progress=report,
    )
    if not readable.all():
        raise DatasetError(f"{int((~readable).sum())} of the photos in {data} cannot be read.")
    held = np.array([source.held_out for source in found])
    check = _fit(found, ~held, features, classes, posts, backbone, report)
    engine = Engine(check, {BACKBONE: backbone})
    dull = generic()
    words = [source.words for source in found if source.held_out]
    figures = {}
    for backend in engine.backends:
        answers = engine.recommend({BACKBONE: features[held].astype(np.float32)}, backend, top=5)
        figures[backend] = naming([[h.tag for h in a] for a in answers], words, dull)
    if check_only:
        return figures
    bundle = _fit(found, np.ones(len(found), np.bool_), features, classes, posts, backbone, report)
    bundle.metrics = {
        "held_out_everyday_photos": {name: asdict(figure) for name, figure in figures.items()}
    }
    save(bundle, out)
    return figures


def _fit(
    found: Sequence[Source],
    used: NDArray[np.bool_],
    features: NDArray[np.float16],
    classes: Sequence[dict[str, float]],
    posts: Sequence[Post],
    backbone: Backbone,
    report: Progress,
) -> Bundle:
    rows = [row for row in range(len(found)) if used[row] and found[row].hashtags]
    evidence = [found[row].hashtags for row in rows]
    hashtags = vocabulary([*evidence, *classes])
    counts, class_counts = matrix(evidence, hashtags), matrix(classes, hashtags)
    examples = Examples({BACKBONE: features[rows].astype(np.float32)}, counts)
    everything = _all_posts(posts, evidence, classes)
    vectors = hashtag_vectors(everything, hashtags, PLAN, report)
    directions = unit(vectors["skipgram"])
    class_vectors = unit(np.asarray(class_counts @ directions, np.float32))
    popularity = _popularity(counts)
    report("ALS", 0, 1)
    _, als = fit_als(examples, backbone, PLAN, class_counts)
    report("ALS", 1, 1)
    fit_on, _ = held_out(len(rows))
    fitted = fit_w2v(
        examples.rows(fit_on),
        _few(examples),
        BACKBONE,
        directions,
        popularity,
        PLAN.head,
        classifier=backbone.classifier,
        class_vectors=class_vectors,
        progress=report,
    )
    per_post = float(np.diff(counts.indptr).mean())
    w2v = head_part(BACKBONE, fitted, per_post)
    report("head for other backbones", 0, 1)
    by_class = _class_head(examples, class_counts, backbone, fitted.vectors, popularity)
    report("head for other backbones", 1, 1)
    known_settings, known_arrays = knowledge.knowledge(
        everything, hashtags, vectors, seed=PLAN.seed
    )
    als.settings |= RANKING["als"]
    w2v.settings |= RANKING["w2v"]
    parts = {
        "als": als,
        "w2v": w2v,
        "replay": replay_part(BACKBONE, examples.features[BACKBONE], counts, most=REHEARSED),
        "w2v_classes": class_head.class_part(by_class, per_post, PREFERRED),
        "ranking": Part(
            {"default_backend": "both"},
            {"popularity": popularity, "rating": np.ones(len(hashtags), np.float32)},
        ),
        "knowledge": Part(known_settings, known_arrays),
    }
    settings: dict[str, dict[str, Any]] = {name: part.settings for name, part in parts.items()}
    return Bundle(
        model=MODEL,
        hashtags=hashtags,
        backbones={BACKBONE: backbone.sha256},
        settings={**settings, "both": dict(RANKING["both"])},
        arrays={name: part.arrays for name, part in parts.items()},
        provenance={
            "photos": len(rows),
            "built_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "from": "numbers computed from flickr8k, corel5k, one photo of each ImageNet class, "
            "HARRISON's and instagram_2019's hashtags, and tables written by hand",
        },
    )


def _class_head(
    examples: Examples,
    class_counts: csr_matrix,
    backbone: Backbone,
    vectors: Floats,
    popularity: Floats,
) -> FittedHead:
    """The head that fits every backbone: the construction, then layer two fitted on the photos."""
    if backbone.classifier is None:
        raise DatasetError(f"The weights of {backbone.name} have no ImageNet classifier.")
    layer = class_head.ClassLayer(*backbone.classifier)
    means = class_head.mean_vectors(class_counts, vectors)
    start = class_head.constructed(
        layer, means, vectors, popularity, CLASS_TEMPERATURE, CLASS_SCALE
    )
    return class_head.fitted_on(layer, start, examples.features[BACKBONE], examples.counts)


def carry_over(
    data: Path, *, weights_dir: Path | None, cache_dir: Path, report: Progress = silent
) -> dict[str, Naming]:
    """How well the head for every backbone carries over, by proxy.

    MobileNetV2 gets a 1,000-class layer learnt from EfficientNet-Lite0's probabilities on the
    photos that are not held out, and then the same head as EfficientNet-Lite0: figures on the
    held-out everyday photos of both, for the construction alone and for the fitted layer two.
    """
    found, classes, posts = sources(data)
    held = np.array([source.held_out for source in found])
    rows = [row for row in range(len(found)) if not held[row] and found[row].hashtags]
    features: dict[str, NDArray[np.float16]] = {}
    layers: dict[str, class_head.ClassLayer] = {}
    for name in (BACKBONE, "mobilenet_v2"):
        backbone = load_backbone(name, weights_dir)
        features[name], _ = embed(
            [source.image for source in found],
            backbone,
            cache_dir,
            progress=report,
        )
        if name == BACKBONE and backbone.classifier is not None:
            layers[name] = class_head.ClassLayer(*backbone.classifier)
        else:
            seen = layers[BACKBONE].probabilities(features[BACKBONE][rows])
            report("class layer of mobilenet_v2", 0, 1)
            layers[name] = class_head.learnt_layer(features[name][rows], seen)
    evidence = [found[row].hashtags for row in rows]
    hashtags = vocabulary([*evidence, *classes])
    counts, class_counts = matrix(evidence, hashtags), matrix(classes, hashtags)
    vectors = unit(
        hashtag_vectors(_all_posts(posts, evidence, classes), hashtags, PLAN, report)["skipgram"]
    )
    popularity = _popularity(counts)
    means = class_head.mean_vectors(class_counts, vectors)
    words = [source.words for source in found if source.held_out]
    figures = {}
    learn_from = features[BACKBONE][rows]
    for temperature in (CLASS_TEMPERATURE, 1.5, 2.0):
        scale = class_head.best_scale(
            layers[BACKBONE], means, vectors, popularity, temperature, learn_from, counts
        )
        start = class_head.constructed(
            layers[BACKBONE], means, vectors, popularity, temperature, scale
        )
        heads = {f"construction, T={temperature:g}, scale {scale:g}": start}
        if temperature == CLASS_TEMPERATURE:
            heads["fitted layer two"] = class_head.fitted_on(
                layers[BACKBONE], start, learn_from, counts
            )
        for doing, head in heads.items():
            for name, layer in layers.items():
                report(f"{doing} on {name}", 0, 1)
                model = head_recommender(name, class_head.on_layer(head, layer), 1.0)
                top = top_columns(adjusted(model.scores(features[name][held]), popularity, 0.1), 5)
                answers = [[hashtags[column] for column in row] for row in top]
                figures[f"{doing}: {name}"] = naming(answers, words, generic())
    return figures


def _all_posts(
    posts: Sequence[Post],
    evidence: Sequence[dict[str, float]],
    classes: Sequence[dict[str, float]],
) -> list[Post]:
    """What hashtag vectors are learnt from: real posts, the tables' posts, themes."""
    return [
        *posts,
        *(Post(tuple(weights)) for weights in (*evidence, *classes) if weights),
        *(Post(theme) for theme in communities() for _ in range(10)),
    ]


def _popularity(counts: csr_matrix) -> Floats:
    """(V,) float32: the share of the photos' evidence that each hashtag has."""
    weight = np.asarray(counts.sum(axis=0), np.float32).ravel() + np.float32(0.5)
    return np.asarray(weight / (counts.shape[0] + 1), np.float32)


def _few(examples: Examples) -> Examples:
    """A few photos to show progress by; the number of epochs is fixed."""
    return examples.rows(np.arange(0, examples.counts.shape[0], 50))


def _best(weights: dict[str, float], dull: frozenset[str]) -> dict[str, float]:
    kept = sorted(
        (item for item in weights.items() if item[0] not in dull), key=lambda i: (-i[1], i[0])
    )
    return dict(kept[:HASHTAGS_A_PHOTO])


def _held_out(image: str) -> bool:
    return crc32(image.encode()) % HELD_OUT == 0


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _lines(path)]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DatasetError(
            f"The starter is built from data that is not here: {path} ({error.strerror}). "
            "The starter that ships needs none of it."
        ) from None
