"""Fitting both backends and their blend on examples, from features to the parts of a bundle.

What a choice decides (popularity exponents, the blend, when the head stops) is chosen on a part of
the training photos; then everything is fitted once more on all of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from recommenders.als import AlsRecommender, AlsSettings, FittedAls
from recommenders.arrays import Floats, unit
from recommenders.backbones.backbone import Backbone
from recommenders.backbones.registry import dims
from recommenders.bundle import Part
from recommenders.bundle_parts import als_part, w2v_part, whole_numbers
from recommenders.w2v import Word2VecRecommender
from training.datasets.format import VALIDATION, Post
from training.features.examples import Examples, Picked
from training.fitting.als import AlsFit, factorise, photo_space, projected
from training.fitting.fusion import Held, Scored
from training.fitting.head import FittedHead, HeadSettings, Loss, fit_head, initial_head
from training.fitting.vocabulary import popularity as popularity_of

Report = Callable[[str, int, int], None]
"""Told (what is being done, done, total)."""

MAX_HELD = 5000
"""Photos to choose by: more would choose no better."""


@dataclass(frozen=True)
class Plan:
    """Everything that a fit can be told.

    ``heads`` projection heads are fitted apart and laid side by side; ``validation`` is the share
    of the photos that choices are made by.
    """

    als: AlsFit = field(default_factory=AlsFit)
    als_use: AlsSettings = field(default_factory=AlsSettings)
    head: HeadSettings = field(default_factory=HeadSettings)
    heads: int = 3
    validation: float = 0.1
    seed: int = 0

    def with_loss(self, loss: Loss) -> "Plan":
        """The same with another loss of the projection head."""
        return replace(self, head=replace(self.head, loss=loss))

    def with_seed(self, seed: int) -> "Plan":
        """The same with another seed everywhere."""
        return replace(
            self,
            seed=seed,
            als=replace(self.als, seed=seed),
            head=replace(self.head, seed=seed),
        )


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
    fitted = FittedAls(
        name,
        space,
        # As exact as a bundle stores them.
        unit(whole_numbers(photos).astype(np.float32)),
        photo_factors.astype(np.float16).astype(np.float32),
        hashtag_factors,
        replace(plan.als_use, alpha=plan.als.alpha, regularization=plan.als.regularization),
        None if backbone.classifier is None else class_counts,
    )
    return AlsRecommender(fitted, backbone.classifier), als_part(fitted)


def head_recommender(
    backbone: str, fitted: FittedHead, hashtags_per_post: float
) -> Word2VecRecommender:
    """A fitted head as a recommender."""
    return Word2VecRecommender(
        backbone, fitted.head, fitted.vectors, fitted.prior, fitted.scale, hashtags_per_post
    )


def head_part(backbone: str, fitted: FittedHead, hashtags_per_post: float) -> Part:
    """A fitted head as a part of a bundle."""
    return w2v_part(
        backbone, fitted.head, fitted.vectors, fitted.prior, fitted.scale, hashtags_per_post
    )


def fit_w2v(
    examples: Examples,
    held: Examples,
    backbone: str,
    vectors: Floats,
    popularity: Floats,
    plan: Plan,
    *,
    classifier: tuple[Floats, Floats] | None = None,
    class_vectors: Floats | None = None,
    report: Report | None = None,
) -> FittedHead:
    """Fits the head on ``examples``, stopping by recall on ``held``.

    Args:
        vectors: (V, d) of the skip-gram.
        popularity: (V,) above 0.
        classifier, class_vectors: of the backbone, and (classes, d): start layer one.
    """
    features, counts = examples.augmented(backbone)
    carried = np.asarray(counts.sum(axis=1)).ravel() > 0
    if not carried.all():
        rows = np.flatnonzero(carried)
        features, counts = Picked([features], rows), counts[rows]
    start = initial_head(dims(backbone), vectors, popularity, plan.head, classifier, class_vectors)
    total = np.maximum(np.asarray(held.counts.sum(axis=1)).ravel(), 1e-6)
    photo = np.arange(held.counts.shape[0])[:, None]

    def validate(fitted: FittedHead) -> float:
        top = Scored(head_recommender(backbone, fitted, 1.0), held.features[backbone]).top()
        found = np.asarray(held.counts[photo, top].sum(axis=1)).ravel()
        return float((found / total).mean())

    def progress(epoch: int, epochs: int, score: float) -> None:
        if report is not None:
            report(f"projection head, validation {score:.3f}", epoch, epochs)

    # As many threads wherever it is fitted: they could round differently when it is validated.
    with threadpool_limits(1, "blas"):
        return fit_head(features, counts, start, plan.head, validate, progress=progress)


def validation_rows(
    posts: Sequence[Post], share: float, seed: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows to fit on and rows to choose by, at most ``MAX_HELD``.

    These are of the validation split, where posts name one and others; else a share of them all,
    shuffled by a seed.
    """
    order = np.random.default_rng(seed).permutation(len(posts))
    named = np.array([posts[row].split == VALIDATION for row in order], np.bool_)
    if named.any() and not named.all():
        order = np.concatenate([order[named], order[~named]])
        held = min(int(named.sum()), MAX_HELD)
    else:
        held = max(1, min(round(len(order) * share), MAX_HELD)) if len(order) > 1 else 0
    return np.sort(order[held:]), np.sort(order[:held])


def held_back(fit_on: Examples, held: Examples, posts: Sequence[Post]) -> Held:
    """What choices are judged by: the photos of ``held``, which are those of ``posts``."""
    return Held(
        popularity_of(fit_on.counts),
        held.counts.astype(np.bool_).toarray(),
        lengths_of([post.hashtags for post in posts]),
    )


def starting_vectors(vectors: Mapping[str, Floats], hashtags: int, seed: int) -> Floats:
    """Skip-gram's vectors (V, 150); drawn ones where hashtags never stand together."""
    if "skipgram" in vectors:
        return vectors["skipgram"]
    return np.random.default_rng(seed).standard_normal((hashtags, 150)).astype(np.float32)


def lengths_of(hashtags: Sequence[Sequence[str]]) -> NDArray[np.intp]:
    """(n,) how many hashtags each post carries."""
    return np.array([len(tags) for tags in hashtags], np.intp)
