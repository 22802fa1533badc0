"""A world of concepts whose features are drawn by a seed, and a bundle fitted on some of them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recommenders import bundle as bundles
from recommenders.backbones.backbone import load_backbone
from recommenders.bundle import Bundle
from recommenders.bundle_parts import ranking_part
from training.datasets.format import Post
from training.features.examples import Examples
from training.fitting import knowledge
from training.fitting.als import AlsFit
from training.fitting.fit import Plan
from training.fitting.head import HeadSettings
from training.fitting.pipeline import fit_parts
from training.fitting.prepare import hashtag_vectors, silent
from training.fitting.vocabulary import matrix, popularity, vocabulary

BACKBONE = "efficientnet_lite0"
DIMS = 1280

GROUPS = ("animals", "travel", "food", "sports", "city")
CONCEPTS = tuple(f"{group}{number}" for group in GROUPS for number in range(6))
UNKNOWN = "zebra"
"""A concept that no bundle is fitted on; it is one of the animals."""

PLAN = Plan(
    als=AlsFit(factors=32, iterations=8), head=HeadSettings(hidden=64, epochs=8, stop_after=8)
)


def hashtags_of(concept: str) -> tuple[str, ...]:
    """What people post with it: its name, a community, its group."""
    group = "animals" if concept == UNKNOWN else concept[:-1]
    return concept, f"{concept}lovers", group


def features_of(concept: str, photos: int, seed: int) -> NDArray[np.float32]:
    """Features (photos, 1280) of different photos of a concept."""
    group = "animals" if concept == UNKNOWN else concept[:-1]
    draw = np.random.default_rng([seed, *concept.encode()])
    look = _direction(concept) + _direction(group) + 0.8 * draw.standard_normal((photos, DIMS))
    return np.maximum(look, 0).astype(np.float32)


def photos_of(
    concepts: Sequence[str], each: int, seed: int
) -> tuple[NDArray[np.float32], list[tuple[str, ...]]]:
    """Features of photos of several concepts, and their hashtags."""
    features = np.concatenate([features_of(concept, each, seed) for concept in concepts])
    return features, [hashtags_of(concept) for concept in concepts for _ in range(each)]


def concept_bundle(path: Path, *, each: int = 16) -> Path:
    """Fits and writes a bundle that knows ``CONCEPTS``; returns ``path``."""
    features, said = photos_of(CONCEPTS, each, seed=0)
    posts = [Post(tags) for tags in said]
    hashtags = vocabulary(said)
    backbone = load_backbone(BACKBONE, None)
    examples = Examples({BACKBONE: features}, matrix(said, hashtags))
    vectors = hashtag_vectors(posts, hashtags, 0, silent)
    parts, settings, metrics = fit_parts(
        examples,
        posts,
        {"als": BACKBONE, "w2v": BACKBONE},
        {BACKBONE: backbone},
        vectors,
        PLAN,
        silent,
    )
    parts["ranking"] = ranking_part(
        popularity(examples.counts),
        knowledge.rating(posts, hashtags),
        settings["ranking"]["default_backend"],
    )
    parts["knowledge"] = knowledge.knowledge(posts, hashtags, vectors, k=5)
    bundle = Bundle(
        model=f"{path.name}-1",
        hashtags=hashtags,
        backbones={BACKBONE: backbone.sha256},
        settings={"both": settings["both"]},
        metrics=metrics,
        provenance={"photos": len(said), "fitted_at": "2026-01-01T00:00:00+00:00"},
    )
    bundles.save(bundle.with_parts(parts), path)
    return path


def _direction(name: str) -> NDArray[np.float64]:
    return np.random.default_rng(list(name.encode())).standard_normal(DIMS)
