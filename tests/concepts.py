"""A world of concepts whose features are drawn by a seed, and a bundle fitted on some of them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recommenders import bundle as bundles
from recommenders.backbones.backbone import load_backbone
from training.datasets.format import Post, Problems
from training.features.examples import Examples
from training.fitting.pipeline import fit_bundle
from training.fitting.plan import AlsPlan, HeadPlan, Plan
from training.fitting.prepare import TrainingSet, hashtag_vectors
from training.fitting.vocabulary import matrix, vocabulary

BACKBONE = "efficientnet_lite0"
DIMS = 1280

GROUPS = ("animals", "travel", "food", "sports", "city")
CONCEPTS = tuple(f"{group}{number}" for group in GROUPS for number in range(6))
UNKNOWN = "zebra"
"""A concept that no bundle is fitted on; it is one of the animals."""

PLAN = Plan(
    als=AlsPlan(factors=32, iterations=8),
    head=HeadPlan(hidden=64, epochs=8, stop_after=8),
    categories=5,
)


def hashtags_of(concept: str) -> tuple[str, ...]:
    """What people post with it: its name, a community, its group."""
    return concept, f"{concept}lovers", _group_of(concept)


def features_of(concept: str, photos: int, seed: int) -> NDArray[np.float32]:
    """Features (photos, 1280) of different photos of a concept."""
    draw = np.random.default_rng([seed, *concept.encode()])
    noise = 0.8 * draw.standard_normal((photos, DIMS))
    features = _direction(concept) + _direction(_group_of(concept)) + noise
    return np.maximum(features, 0).astype(np.float32)


def photos_of(
    concepts: Sequence[str], each: int, seed: int
) -> tuple[NDArray[np.float32], list[tuple[str, ...]]]:
    """Features of photos of several concepts, and their hashtags."""
    features = np.concatenate([features_of(concept, each, seed) for concept in concepts])
    return features, [hashtags_of(concept) for concept in concepts for _ in range(each)]


def concept_bundle(path: Path) -> Path:
    """Fits and writes a bundle that knows ``CONCEPTS``; returns ``path``."""
    features, labels = photos_of(CONCEPTS, 16, seed=0)
    posts = [Post(tags) for tags in labels]
    hashtags = vocabulary(labels)
    training_set = TrainingSet(
        posts=posts,
        photos=posts,
        hashtags=hashtags,
        examples=Examples({BACKBONE: features}, matrix(labels, hashtags)),
        backbone_of={"als": BACKBONE, "w2v": BACKBONE},
        backbones={BACKBONE: load_backbone(BACKBONE, None)},
        vectors=hashtag_vectors(posts, hashtags, PLAN),
        problems=Problems(),
    )
    bundle = fit_bundle(training_set, PLAN, f"{path.name}-1")
    provenance = {"photos": len(posts), "fitted_at": "2026-01-01T00:00:00+00:00"}
    bundles.save(replace(bundle, provenance=provenance), path)
    return path


def _group_of(concept: str) -> str:
    return "animals" if concept == UNKNOWN else concept[:-1]


def _direction(name: str) -> NDArray[np.float64]:
    return np.random.default_rng(list(name.encode())).standard_normal(DIMS)
