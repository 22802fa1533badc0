"""A projection head that fits every ImageNet backbone: its classes stand between photo and vectors.

Layer one is the backbone's own classifier; layer two maps the 1,000 classes to hashtag vectors. It
starts as the ConSE construction (Norouzi et al. 2014), the mean vector of each class's hashtags,
which needs no photo, and may be fitted on top of one backbone's class probabilities. Either way
nothing in it belongs to one backbone, so it carries over to another; ``backbone_transfer`` measures
how well.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from torch import nn

from recommenders.arrays import Floats, softmax, unit
from recommenders.bundle import Part
from recommenders.bundle_parts import class_head_part
from recommenders.w2v import ClassHead, ProjectionHead
from training.features.examples import Features
from training.fitting.head import FittedHead, fit_head, head_recommender
from training.fitting.plan import HeadPlan

FIT = HeadPlan(
    hidden=0, frozen=True, vector_rate=0.0, dropout=0.0, weight_decay=0.0, epochs=12, stop_after=12
)
SCALES = (5.0, 8.0, 12.0, 16.0, 24.0)


@dataclass(frozen=True)
class ClassLayer:
    """A 1,000-class layer on some backbone: weight (1000, dims) and bias (1000,) float32."""

    weight: Floats
    bias: Floats

    def probabilities(self, features: NDArray[np.floating], temperature: float = 1.0) -> Floats:
        """(n, 1000) of features (n, dims)."""
        logits = features.astype(np.float32) @ self.weight.T + self.bias
        return softmax(logits / temperature)


def constructed(
    layer: ClassLayer,
    class_vectors: Floats,
    vectors: Floats,
    popularity: Floats,
    temperature: float,
    scale: float,
) -> FittedHead:
    """The construction alone, without any photo.

    Args:
        class_vectors: (1000, d), mean vectors of the classes' hashtags.
        vectors: (V, d) hashtag vectors.
        popularity: (V,) above 0.
    """
    head = ProjectionHead(
        layer.weight,
        layer.bias,
        class_vectors.T.copy(),
        np.zeros(vectors.shape[1], np.float32),
        len(layer.weight),
        temperature,
    )
    return FittedHead(head, vectors, np.log(popularity).astype(np.float32), scale, [])


def best_scale(
    layer: ClassLayer,
    class_vectors: Floats,
    vectors: Floats,
    popularity: Floats,
    temperature: float,
    features: NDArray[np.floating],
    counts: csr_matrix,
) -> float:
    """The scale under which the construction says the photos' hashtags best (log likelihood)."""
    share = counts.multiply(1 / np.maximum(counts.sum(axis=1), 1e-6)).tocsr()

    def likelihood(scale: float) -> float:
        fitted = constructed(layer, class_vectors, vectors, popularity, temperature, scale)
        scores = head_recommender("", fitted, 1.0).scores(features)
        return float(share.multiply(np.log(np.maximum(scores, 1e-9))).sum())

    return max(SCALES, key=likelihood)


def fitted_on(start: FittedHead, features: Features, counts: csr_matrix) -> FittedHead:
    """The construction with layer two and the prior fitted on its backbone's photos."""
    return fit_head(features, counts, start, FIT, lambda _: 0.0)


def on_layer(fitted: FittedHead, layer: ClassLayer) -> FittedHead:
    """The same head on another backbone's classifier."""
    return replace(fitted, head=replace(fitted.head, weight1=layer.weight, bias1=layer.bias))


def class_part(fitted: FittedHead, per_post: float, backbones: Sequence[str]) -> Part:
    """The part ``w2v_classes`` of a bundle: everything but the classifier and the vectors, which
    are those of the part ``w2v``; for ``backbones``, the first whose weights are there."""
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


def learnt_layer(
    features: NDArray[np.floating], probabilities: Floats, *, epochs: int = 12, seed: int = 0
) -> ClassLayer:
    """A 1,000-class layer for a backbone without one, learnt from another's probabilities."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.from_numpy(np.asarray(features, np.float32))
    targets = torch.from_numpy(probabilities)
    linear = nn.Linear(inputs.shape[1], targets.shape[1])
    optimizer = torch.optim.Adam(linear.parameters(), lr=1e-3, weight_decay=1e-5)
    for _ in range(epochs):
        order = torch.randperm(len(inputs), generator=generator)
        for rows in order.split(128):  # type: ignore[no-untyped-call]
            log_share = torch.log_softmax(linear(inputs[rows]), dim=1)
            loss = -(targets[rows] * log_share).sum(dim=1).mean()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return ClassLayer(linear.weight.detach().numpy(), linear.bias.detach().numpy())


def mean_vectors(class_counts: csr_matrix, vectors: Floats) -> Floats:
    """(classes, d) unit float32: the weighted mean of each class's hashtag vectors."""
    return unit(np.asarray(class_counts @ unit(vectors), np.float32))
