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
from recommenders.backbones.recipe import CLASSES
from recommenders.backbones.registry import dims
from recommenders.bundle import Bundle, Part
from recommenders.bundle_reading import number, reads_settings, whole

_ABOVE_ZERO = 1e-6


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


def w2v_part(
    backbone: str,
    head: ProjectionHead,
    vectors: Floats,
    prior: Floats,
    scale: float,
    hashtags_per_post: float,
) -> Part:
    """The part ``w2v``; arguments as for ``Word2VecRecommender``."""
    return Part(
        {
            "backbone": backbone,
            "scale": scale,
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
            "vectors": vectors.astype(np.float16),
            "prior": prior,
        },
    )


@reads_settings
def read_w2v(bundle: Bundle) -> Word2VecRecommender:
    """What ``w2v_part`` wrote."""
    settings = bundle.settings["w2v"]
    backbone = str(settings["backbone"])
    vectors = read_vectors(bundle)
    weight1 = bundle.floats("w2v", "weight1", None, dims(backbone))
    head = ProjectionHead(
        weight1,
        bundle.floats("w2v", "bias1", len(weight1)),
        bundle.floats("w2v", "weight2", vectors.shape[1], len(weight1)),
        bundle.floats("w2v", "bias2", vectors.shape[1]),
        whole(settings, "classes", 0),
        number(settings, "temperature", 1.0, least=_ABOVE_ZERO),
        whole(settings, "groups", 1, least=1),
    )
    return Word2VecRecommender(
        backbone,
        head,
        vectors,
        bundle.floats("w2v", "prior", len(vectors)),
        number(settings, "scale"),
        number(settings, "hashtags_per_post", least=_ABOVE_ZERO),
    )


def read_vectors(bundle: Bundle) -> Floats:
    """The hashtag vectors (V, d) of the part ``w2v``, float32, as they were fitted."""
    return bundle.floats("w2v", "vectors", len(bundle.hashtags), None)


@reads_settings
def read_directions(bundle: Bundle) -> Floats:
    """Unit vectors (V, d) of the hashtags as Word2Vec compares them; (0, 1) without Word2Vec."""
    if "w2v" not in bundle.arrays:
        return np.zeros((0, 1), np.float32)
    return directions(read_vectors(bundle), whole(bundle.settings["w2v"], "groups", 1, least=1))


def class_head_part(head: ClassHead) -> Part:
    """The part ``w2v_classes``: Word2Vec on other backbones, with the vectors of ``w2v``."""
    return Part(
        {
            "backbones": list(head.backbones),
            "scale": head.scale,
            "hashtags_per_post": head.hashtags_per_post,
            "temperature": head.temperature,
        },
        {"weight2": head.weight2.astype(np.float16), "bias2": head.bias2, "prior": head.prior},
    )


@reads_settings
def read_class_head(bundle: Bundle) -> ClassHead | None:
    """What ``class_head_part`` wrote; None where the bundle has no such part."""
    settings = bundle.settings.get("w2v_classes")
    if settings is None:
        return None
    width = read_vectors(bundle).shape[1]
    return ClassHead(
        tuple(settings.get("backbones", ())),
        bundle.floats("w2v_classes", "weight2", width, CLASSES),
        bundle.floats("w2v_classes", "bias2", width),
        bundle.floats("w2v_classes", "prior", len(bundle.hashtags)),
        number(settings, "scale"),
        number(settings, "temperature", least=_ABOVE_ZERO),
        number(settings, "hashtags_per_post", least=_ABOVE_ZERO),
    )


def _chance_among(shares: Floats, draws: float) -> Floats:
    """The probability to be drawn at least once in ``draws``, from that of one draw."""
    return np.asarray(-np.expm1(draws * np.log1p(-np.minimum(shares, 1 - 1e-6))), np.float32)
