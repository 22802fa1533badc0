"""Fitted backends as parts of a bundle."""

import numpy as np
from scipy.sparse import csr_matrix

from recommenders.als import AlsRecommender
from recommenders.als_fit import AlsSettings, ClassHashtags, FittedAls, als_part
from recommenders.arrays import unit, whole_numbers
from recommenders.backbones.backbone import Backbone
from recommenders.bundle import Part
from recommenders.w2v import w2v_part
from training.features.examples import Examples
from training.fitting.als import projected
from training.fitting.fit_engine import ONE_MACHINE, FitEngine
from training.fitting.head import FittedHead
from training.fitting.plan import Plan


def fit_als(
    examples: Examples,
    backbone: Backbone,
    plan: Plan,
    class_counts: csr_matrix | None = None,
    *,
    engine: FitEngine = ONE_MACHINE,
) -> tuple[AlsRecommender, Part]:
    """Fits ALS; ``class_counts`` (classes, V) weigh the hashtags of the classifier's classes."""
    name = backbone.name
    space = engine.photo_space(examples.features[name], plan.als)
    photo_factors, hashtag_factors = engine.factorise(examples.counts, plan.als)
    photos = projected(space, examples.features[name])
    mirrored = name in examples.mirrored
    if mirrored:
        photos = np.concatenate([photos, projected(space, examples.mirrored[name])])
        photo_factors = np.concatenate([photo_factors, photo_factors])
    fitted = FittedAls(
        name,
        space,
        # Rounded as a bundle stores them.
        unit(whole_numbers(photos).astype(np.float32)),
        photo_factors.astype(np.float16).astype(np.float32),
        hashtag_factors,
        AlsSettings(
            neighbours=plan.als.neighbours,
            sharpness=plan.als.sharpness,
            alpha=plan.als.alpha,
            regularization=plan.als.regularization,
            class_weight=plan.als.class_weight,
            class_power=plan.als.class_power,
            rows_per_photo=1 + mirrored,
        ),
        None
        if backbone.classifier is None or class_counts is None
        else ClassHashtags.of(class_counts),
    )
    return AlsRecommender(fitted, backbone.classifier), als_part(fitted)


def head_part(backbone: str, fitted: FittedHead, hashtags_per_post: float) -> Part:
    return w2v_part(
        backbone, fitted.head, fitted.vectors, fitted.prior, fitted.scale, hashtags_per_post
    )
