"""A projection head for any ImageNet backbone, by way of the ImageNet classes.

Layer one is the backbone's own classifier; layer two maps the 1,000 classes to hashtag vectors. It
starts as the ConSE construction (Norouzi et al. 2014), the mean vector of each class's hashtags,
which needs no photo, and may be fitted on top of one backbone's class probabilities. Either way
layer two depends on no backbone, so it works with any.
"""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix

from recommenders.arrays import Floats, unit
from recommenders.bundle import Part
from recommenders.w2v import ClassHead, ProjectionHead, class_head_part
from training.features.examples import Features
from training.fitting.head import FittedHead, fit_head
from training.fitting.plan import HeadPlan

FIT = HeadPlan(
    hidden=0, frozen=True, vector_rate=0.0, dropout=0.0, weight_decay=0.0, epochs=12, stop_after=12
)


def fit_class_head(
    classifier: tuple[Floats, Floats],
    class_vectors: Floats,
    vectors: Floats,
    popularity: Floats,
    temperature: float,
    scale: float,
    features: Features,
    counts: csr_matrix,
) -> FittedHead:
    """The construction, with layer two and the prior then fitted on photos of its backbone.

    Args:
        classifier: of some backbone, weight (1000, dims) and bias (1000,).
        class_vectors: (1000, d), mean vectors of the classes' hashtags.
        vectors: (V, d) hashtag vectors.
        popularity: (V,) above 0.
        features, counts: (n, dims) and (n, V) of the photos.
    """
    weight, bias = classifier
    head = ProjectionHead(
        weight,
        bias,
        class_vectors.T.copy(),
        np.zeros(vectors.shape[1], np.float32),
        len(weight),
        temperature,
    )
    start = FittedHead(head, vectors, np.log(popularity).astype(np.float32), scale, [])
    return fit_head(features, counts, start, FIT, lambda _: 0.0)


def class_part(fitted: FittedHead, per_post: float, backbones: Sequence[str]) -> Part:
    """The part ``w2v_classes`` of a bundle, for the first of ``backbones`` with weights in place.

    It lacks the classifier, and the vectors, which are those of the part ``w2v``.
    """
    return class_head_part(
        ClassHead(
            tuple(backbones),
            fitted.head.weight2,
            fitted.head.bias2,
            fitted.prior,
            fitted.scale,
            fitted.head.temperature,
            per_post,
        )
    )


def mean_vectors(class_counts: csr_matrix, vectors: Floats) -> Floats:
    """(classes, d) unit float32: the weighted mean of each class's hashtag vectors."""
    return unit(np.asarray(class_counts @ unit(vectors), np.float32))
