"""The Word2Vec backend: a photo's features projected into the space of hashtag vectors.

Hashtag vectors are skip-gram's (Mikolov et al. 2013) over posts' hashtags; a projection head of two
linear layers maps features into their space, and hashtags are ranked by their cosine with a learned
scale and a prior. Layer one's first units may be an ImageNet classifier whose softmax weights one
vector per class: the ConSE construction (Norouzi et al. 2014), which needs no training photos and
works with every ImageNet backbone.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommenders.arrays import Floats, softmax, unit


@dataclass(frozen=True)
class ProjectionHead:
    """Two linear layers, features to the space of hashtag vectors.

    Attributes:
        weight1, bias1: (hidden, dims), (hidden,) float32; the first ``classes`` units are a softmax
            over ImageNet's classes, the others ReLUs.
        weight2, bias2: (vector, hidden), (vector,) float32.
        classes: how many units are the classifier's; 0 when there is none.
        temperature: divides the classifier's logits.
        groups: an ensemble of so many heads, concatenated, each with its own slice of the vectors;
            cosines are the means over them.
    """

    weight1: Floats
    bias1: Floats
    weight2: Floats
    bias2: Floats
    classes: int = 0
    temperature: float = 1.0
    groups: int = 1

    def hidden(self, features: NDArray[np.floating]) -> Floats:
        """Layer one: (n, dims) to (n, hidden) float32."""
        raw = features.astype(np.float32) @ self.weight1.T + self.bias1
        hidden = np.asarray(np.maximum(raw, 0), np.float32)
        if self.classes:
            hidden[:, : self.classes] = softmax(raw[:, : self.classes] / self.temperature)
        return hidden

    def project(self, features: NDArray[np.floating]) -> Floats:
        """(n, dims) to unit vectors (n, vector) float32."""
        return directions(self.hidden(features) @ self.weight2.T + self.bias2, self.groups)


@dataclass(frozen=True)
class ClassHead:
    """Layer two of a head that takes any ImageNet backbone's classifier as layer one.

    Attributes:
        backbones: the backbones to use it with, in order of preference.
        weight2, bias2: (vector, 1000), (vector,) float32.
        prior: (V,) float32.
        scale, temperature, hashtags_per_post: as in the recommender and its head.
    """

    backbones: tuple[str, ...]
    weight2: Floats
    bias2: Floats
    prior: Floats
    scale: float
    temperature: float
    hashtags_per_post: float

    def on(self, classifier: tuple[Floats, Floats]) -> ProjectionHead:
        """The whole head, with a backbone's classifier (1000, dims) and (1000,) as layer one."""
        classes = len(classifier[0])
        return ProjectionHead(*classifier, self.weight2, self.bias2, classes, self.temperature)


def directions(rows: Floats, groups: int) -> Floats:
    """Unit rows (n, d) in which all ``groups`` equal slices of a row have the same length."""
    sliced = rows.reshape(len(rows), groups, rows.shape[1] // groups)
    sliced = unit(sliced) / np.float32(groups**0.5)
    return np.asarray(sliced.reshape(rows.shape), np.float32)


class Word2VecRecommender:
    """Scores hashtags by their cosine with the projected photo.

    Args:
        backbone: the backbone whose features it takes.
        head: maps features to the space of hashtag vectors.
        vectors: (V, vector) hashtag vectors.
        prior: (V,) float32, added to the logits; initialised to the log frequency.
        scale: multiplies the cosines.
        hashtags_per_post: how many hashtags a post has on average; turns the probability of one
            draw into that of being among a post's hashtags.
    """

    def __init__(
        self,
        backbone: str,
        head: ProjectionHead,
        vectors: Floats,
        prior: Floats,
        scale: float,
        hashtags_per_post: float = 5.0,
    ) -> None:
        self.backbone = backbone
        self.head = head
        self.vectors = directions(vectors.astype(np.float32), head.groups)
        self.prior = prior
        self.scale = scale
        self.hashtags_per_post = hashtags_per_post

    def scores(self, features: NDArray[np.floating]) -> Floats:
        """Relevance (n, V) float32: the probability that a post of the photo has the hashtag."""
        logits = self.scale * (self.head.project(features) @ self.vectors.T) + self.prior
        return _chance_among(softmax(logits), self.hashtags_per_post)

    def classes_seen(self, features: NDArray[np.floating]) -> Floats | None:
        """Probabilities (n, classes) of ImageNet's classes; None where the head has none."""
        classes = self.head.classes
        return self.head.hidden(features)[:, :classes] if classes else None

    def class_affinity(self, column: int) -> Floats:
        """A hashtag's cosine with each class's vector: (classes,) float32, 0 for a taught one."""
        classes = self.head.weight2[:, : self.head.classes]
        if column >= len(self.vectors):
            return np.zeros(classes.shape[1], np.float32)
        return np.asarray(unit(classes.T) @ self.vectors[column], np.float32)


def _chance_among(shares: Floats, draws: float) -> Floats:
    """The probability to be drawn at least once in ``draws``, from that of one draw."""
    return np.asarray(-np.expm1(draws * np.log1p(-np.minimum(shares, 1 - 1e-6))), np.float32)
