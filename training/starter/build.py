"""The starter bundle: what the bot knows before anybody has taught it anything.

Photos of several sources become hashtags through our tables (``training.starter.sources``);
hashtag vectors are learnt from real posts and those together; ALS, a projection head and a head
for every ImageNet backbone are fitted on the photos' features. Only numbers go into the bundle.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommenders.als import AlsSettings
from recommenders.arrays import Floats, unit
from recommenders.backbones.backbone import Backbone
from recommenders.bundle import Bundle, Part
from recommenders.bundle_parts import ranking_part
from training.datasets.format import DatasetError
from training.features.examples import Examples
from training.finetuning.replay import held_out, replay_part
from training.fitting import class_head, knowledge
from training.fitting.fit import fit_als, head_part
from training.fitting.head import FittedHead, fit_w2v
from training.fitting.plan import AlsPlan, HeadPlan, Plan
from training.fitting.vectors import hashtag_vectors
from training.fitting.vocabulary import matrix, popularity, vocabulary
from training.progress import Progress
from training.starter.sources import Evidence, TaggedPhoto

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
"""Of the head for every ImageNet backbone, chosen by ``evaluation.backbone_transfer``."""

REHEARSED = 1_200
"""Photos that the bundle carries for fine-tuning: 1.7 MB."""

PREFERRED = ("resnet50",)
"""Backbones that Word2Vec moves to as soon as their weights are in place."""


def fit_starter(
    evidence: Evidence,
    rows: Sequence[int],
    features: NDArray[np.float16],
    backbone: Backbone,
    progress: Progress,
) -> Bundle:
    """The starter bundle learnt from some of the photos.

    Args:
        rows: of ``evidence.photos``, to learn from; those without hashtags are passed over.
        features: (n, dims) of all the photos.
    """
    rows = tagged(evidence.photos, rows)
    photos = [evidence.photos[row] for row in rows]
    weights = [photo.hashtags for photo in photos]
    hashtags = vocabulary([*weights, *evidence.classes])
    counts, class_counts = matrix(weights, hashtags), matrix(evidence.classes, hashtags)
    examples = Examples({BACKBONE: features[rows].astype(np.float32)}, counts)
    popular = popularity(counts)

    posts = evidence.posts_for_vectors(photos)
    vectors = hashtag_vectors(posts, hashtags, PLAN, progress)
    directions = unit(vectors["skipgram"])

    progress("ALS", 0, 1)
    _, als = fit_als(examples, backbone, PLAN, class_counts)
    progress("ALS", 1, 1)

    fit_on, _ = held_out(len(rows))
    head = fit_w2v(
        examples.rows(fit_on),
        # A few photos to show progress by; the number of epochs is fixed.
        examples.rows(np.arange(0, len(rows), 50)),
        BACKBONE,
        directions,
        popular,
        PLAN.head,
        classifier=backbone.classifier,
        class_vectors=unit(np.asarray(class_counts @ directions, np.float32)),
        progress=progress,
    )
    hashtags_per_post = float(np.diff(counts.indptr).mean())
    w2v = head_part(BACKBONE, head, hashtags_per_post)

    progress("head for other backbones", 0, 1)
    by_class = _class_head(examples, class_counts, backbone, head.vectors, popular)
    progress("head for other backbones", 1, 1)

    als.settings |= RANKING["als"]
    w2v.settings |= RANKING["w2v"]
    parts = {
        "als": als,
        "w2v": w2v,
        "replay": replay_part(BACKBONE, examples.features[BACKBONE], counts, most=REHEARSED),
        "w2v_classes": class_head.class_part(by_class, hashtags_per_post, PREFERRED),
        "ranking": ranking_part(popular, np.ones(len(hashtags), np.float32), "both"),
        "knowledge": knowledge.knowledge(posts, hashtags, vectors, seed=PLAN.seed),
        "both": Part(dict(RANKING["both"])),
    }
    bundle = Bundle(
        model=MODEL,
        hashtags=hashtags,
        backbones={BACKBONE: backbone.sha256},
        provenance={
            "photos": len(rows),
            "built_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "from": "numbers computed from flickr8k, corel5k, one photo of each ImageNet class, "
            "HARRISON's and instagram_2019's hashtags, and tables written by hand",
        },
    )
    return bundle.with_parts(parts)


def tagged(photos: Sequence[TaggedPhoto], rows: Sequence[int]) -> list[int]:
    """Those of ``rows`` whose photos have hashtags."""
    return [row for row in rows if photos[row].hashtags]


def _class_head(
    examples: Examples,
    class_counts: csr_matrix,
    backbone: Backbone,
    vectors: Floats,
    popular: Floats,
) -> FittedHead:
    """The head that fits every backbone: the construction, then layer two fitted on the photos."""
    if backbone.classifier is None:
        raise DatasetError(f"The weights of {backbone.name} have no ImageNet classifier.")
    layer = class_head.ClassLayer(*backbone.classifier)
    means = class_head.mean_vectors(class_counts, vectors)
    start = class_head.constructed(layer, means, vectors, popular, CLASS_TEMPERATURE, CLASS_SCALE)
    return class_head.fitted_on(layer, start, examples.features[BACKBONE], examples.counts)
