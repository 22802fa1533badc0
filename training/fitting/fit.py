"""Fitted backends as parts of a bundle."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommenders.als import AlsRecommender, ClassEvidence
from recommenders.backbones.backbone import Backbone
from recommenders.nearest import unit
from training.features.examples import Examples
from training.fitting.als import factorise, photo_space, projected
from training.fitting.head import FittedHead
from training.fitting.plan import Plan

Floats = NDArray[np.float32]
Array = NDArray[Any]


@dataclass
class Part:
    """One part of a bundle: settings and arrays."""

    settings: dict[str, Any]
    arrays: dict[str, Array]


def fit_als(
    examples: Examples,
    backbone: Backbone,
    plan: Plan,
    class_counts: csr_matrix | None = None,
) -> tuple[AlsRecommender, Part]:
    """Fits ALS; ``class_counts`` (classes, V) are hashtags of the classifier's classes."""
    name = backbone.name
    space = photo_space(examples.features[name], plan.als)
    photo_factors, hashtag_factors = factorise(examples.counts, plan.als)
    photos = projected(space, examples.features[name])
    if name in examples.mirrored:
        photos = np.concatenate([photos, projected(space, examples.mirrored[name])])
        photo_factors = np.concatenate([photo_factors, photo_factors])
    arrays: dict[str, Array] = {
        "mean": space.mean,
        "components": space.components.astype(np.float16),
        "photos": compact(photos),
        "photo_factors": photo_factors.astype(np.float16),
        "hashtag_factors": hashtag_factors.astype(np.float16),
    }
    use = replace(plan.als_use, alpha=plan.als.alpha, regularization=plan.als.regularization)
    classes = None
    if class_counts is not None and backbone.classifier is not None:
        arrays["class_hashtags"], arrays["class_weights"] = _table(class_counts)
        classes = ClassEvidence(*backbone.classifier, class_counts)
    recommender = AlsRecommender(
        name,
        space,
        unit(arrays["photos"].astype(np.float32)),
        arrays["photo_factors"].astype(np.float32),
        hashtag_factors,
        use,
        classes,
    )
    return recommender, Part({"backbone": name, **asdict(use)}, arrays)


def _table(counts: csr_matrix) -> tuple[NDArray[np.int32], NDArray[np.float16]]:
    """A sparse matrix as columns and weights, (rows, most in a row); weight 0 fills up."""
    width = int(np.diff(counts.indptr).max(initial=1))
    columns = np.zeros((counts.shape[0], width), np.int32)
    weights = np.zeros((counts.shape[0], width), np.float16)
    for row in range(counts.shape[0]):
        inside = slice(counts.indptr[row], counts.indptr[row + 1])
        columns[row, : inside.stop - inside.start] = counts.indices[inside]
        weights[row, : inside.stop - inside.start] = counts.data[inside]
    return columns, weights


def compact(vectors: Floats) -> NDArray[np.int8]:
    """Unit vectors as whole numbers, each row's largest 127: scaling a row back recovers them."""
    largest = np.maximum(np.abs(vectors).max(axis=1, keepdims=True), 1e-12)
    return np.asarray(np.round(vectors / largest * 127), np.int8)


def head_part(backbone: str, fitted: FittedHead, hashtags_per_post: float) -> Part:
    """A fitted head as a part of a bundle."""
    head = fitted.head
    return Part(
        {
            "backbone": backbone,
            "scale": fitted.scale,
            "hashtags_per_post": hashtags_per_post,
            "classes": head.classes,
            "temperature": head.temperature,
            "groups": head.groups,
        },
        {
            "weight1": head.weight1.astype(np.float16),
            "bias1": head.bias1,
            "weight2": head.weight2.astype(np.float16),
            "bias2": head.bias2,
            "vectors": fitted.vectors.astype(np.float16),
            "prior": fitted.prior,
        },
    )
