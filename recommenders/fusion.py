"""The backend ``both``: fuses several sources' evidence into one probability.

A fused bundle carries gradient boosted trees (Friedman 2001), fitted on photos held out from every
source (``training.fitting.fusion``). For a photo and a hashtag they take each source's evidence, as
it is and relative to the hashtag's own share (a relevance of 0.25 says nothing about a hashtag that
a quarter of all photos carry), and how familiar the sources are with such photos. They give the
probability that the hashtag fits. Bundles without trees are blended.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recommenders.als import Recognition
from recommenders.arrays import Array, Floats
from recommenders.bundle import Bundle, Part
from recommenders.bundle_reading import number, reads_settings, within

EVIDENCE = (
    "als",
    "als_relative",
    "w2v",
    "w2v_relative",
    "classes",
    "classes_relative",
    "share",
    "nearest",
    "near",
    "surest_class",
    "surest_w2v",
    "surest_als",
)
"""The trees' inputs: each source's log-odds; these minus the log-odds of the hashtag's share; and,
for the photo, the cosine of the nearest known photo, the mean of the ten nearest, and the largest
probability of a class and relevance of a hashtag."""

BY_RELEVANCE, BY_RATIO, BY_CLASSES, BY_WORDS = 80, 60, 30, 40
"""How many hashtags of a photo are scored: the best by the sum of the sources, by how much likelier
than usual both backends find them, by the classes, and the nearest to the caption's words. The
others have no evidence."""

LEVEL = 10
"""How many of ALS's best hashtags set the level, in the blend, of hashtags only ALS has learnt."""

_LEAST = 1e-5
_LEAST_CLASS = 1e-3


@dataclass(frozen=True)
class Sources:
    """The evidence of each source for n photos.

    Attributes:
        als, w2v: relevance (n, V) float32.
        classes: (n, V) float32, the sum over ImageNet's classes of the class's probability times
            the hashtag's relevance given that class; zeros without a classifier.
        surest_class: (n,) float32, the largest probability of a class.
        cosines: as in ``Recognition``.
    """

    als: Floats
    w2v: Floats
    classes: Floats
    surest_class: Floats
    cosines: Floats


def sources_of(als: Recognition, w2v: Floats, known: int) -> Sources:
    """The evidence of ALS and Word2Vec (n, V or more) for the first ``known`` hashtags."""
    return Sources(
        als.scores[:, :known],
        w2v[:, :known],
        als.class_sums[:, :known],
        als.surest_class,
        als.cosines,
    )


@dataclass(frozen=True)
class Trees:
    """Gradient boosted trees as arrays, (trees, nodes) each; node 0 is a tree's root.

    Attributes:
        feature: int16, index of the evidence that a node tests; -1 for a leaf.
        threshold: float32; evidence up to it goes left.
        left, right: int16, the child nodes; a leaf's are itself.
        value: float32, what a leaf adds to the log-odds.
        start: the log-odds to which the leaves are added.
    """

    feature: NDArray[np.int16]
    threshold: Floats
    left: NDArray[np.int16]
    right: NDArray[np.int16]
    value: Floats
    start: float

    def probabilities(self, evidence: Floats) -> Floats:
        """Evidence (m, ``len(EVIDENCE)``) to probabilities (m,) float32."""
        return np.asarray(1 / (1 + np.exp(-self.log_odds(evidence))), np.float32)

    def log_odds(self, evidence: Floats) -> Floats:
        """Evidence (m, ``len(EVIDENCE)``) to log-odds (m,) float32."""
        steps = self._steps
        values = np.ascontiguousarray(evidence).ravel()
        first = np.arange(len(evidence))[:, None] * evidence.shape[1]
        node = np.broadcast_to(steps.roots, (len(evidence), len(steps.roots)))
        for _ in range(steps.depth):
            goes_left = values.take(first + steps.feature.take(node)) <= steps.threshold.take(node)
            node = steps.children.take(2 * node + goes_left)
        return np.asarray(self.start + steps.value.take(node).sum(axis=1), np.float32)

    @cached_property
    def _steps(self) -> "_Steps":
        trees, nodes = self.feature.shape
        roots = np.arange(trees) * nodes
        children = np.stack([self.right, self.left], axis=2) + roots[:, None, None]
        feature = self.feature.ravel()
        depth, level = 0, roots
        while depth < nodes and (feature[level] >= 0).any():
            depth, level = depth + 1, np.unique(children.reshape(-1, 2)[level])
        return _Steps(
            roots,
            depth,
            np.maximum(feature, 0).astype(np.intp),
            self.threshold.ravel(),
            children.ravel(),
            self.value.ravel(),
        )


@dataclass(frozen=True)
class _Steps:
    """All trees flattened into one array of nodes.

    Attributes:
        roots: the trees' first nodes.
        depth: steps after which every path has reached a leaf.
        feature, threshold, value: by node, as in ``Trees``.
        children: a node's right child at twice its index, its left child after that.
    """

    roots: NDArray[np.intp]
    depth: int
    feature: NDArray[np.intp]
    threshold: Floats
    children: NDArray[np.intp]
    value: Floats


@dataclass(frozen=True)
class Fusion:
    """Fuses sources into probabilities.

    Attributes:
        trees: see ``Trees``.
        share: (V,) float32, share of the photos that carry each hashtag.
        class_share: (V,) float32, the classes' mean evidence over all photos.
    """

    trees: Trees
    share: Floats
    class_share: Floats

    def scores(self, sources: Sources, nearness: Floats | None = None) -> Floats:
        """Probabilities (n, V) float32; 0 for hashtags without evidence.

        Args:
            nearness: (n, V) to the captions' words; the nearest are scored too.
        """
        columns = self.candidates(sources)
        if nearness is not None:
            near = _largest(nearness, BY_WORDS)
            is_near = np.take_along_axis(nearness, near, axis=1) > 0
            columns = np.concatenate([columns, np.where(is_near, near, columns[:, :1])], axis=1)
        scores = np.zeros(sources.als.shape, np.float32)
        np.put_along_axis(scores, columns, self.scores_of(sources, columns), axis=1)
        return scores

    def scores_of(self, sources: Sources, columns: NDArray[np.intp]) -> Floats:
        """Probabilities (n, C) of hashtags (n, C)."""
        flat = self.evidence(sources, columns).reshape(-1, len(EVIDENCE))
        return self.trees.probabilities(flat).reshape(columns.shape)

    def contributions(self, sources: Sources, columns: NDArray[np.intp]) -> dict[str, Floats]:
        """What each source adds to the log-odds of hashtags (n, C), by its name: (n, C) float32.

        A source adds the difference to neutral evidence, the hashtag's own share. ``share`` adds,
        with all sources neutral, the difference to a hashtag of the median share.
        """
        evidence = self.evidence(sources, columns)
        share = evidence[..., EVIDENCE.index("share")]
        neutral_values = {
            "als": share,
            "w2v": share,
            "classes": np.log(self.class_share[columns] + _LEAST_CLASS),
        }
        neutral = evidence.copy()
        for source, value in neutral_values.items():
            neutral[..., EVIDENCE.index(source)] = value
            neutral[..., EVIDENCE.index(f"{source}_relative")] = 0
        usual = neutral.copy()
        median = log_odds(np.median(self.share, keepdims=True))[0]
        for name in ("share", "als", "w2v"):
            usual[..., EVIDENCE.index(name)] = median

        def total(of: Floats) -> Floats:
            return self.trees.log_odds(of.reshape(-1, len(EVIDENCE))).reshape(columns.shape)

        whole = total(evidence)
        added = {}
        for source in neutral_values:
            without = evidence.copy()
            own = [EVIDENCE.index(source), EVIDENCE.index(f"{source}_relative")]
            without[..., own] = neutral[..., own]
            added[source] = whole - total(without)
        return {**added, "share": total(neutral) - total(usual)}

    def candidates(self, sources: Sources) -> NDArray[np.intp]:
        """Columns (n, C) of the hashtags to score, possibly with repeats."""
        relevance = sources.als + sources.w2v + sources.classes
        ratio = np.log(np.maximum(sources.als, _LEAST)) + np.log(np.maximum(sources.w2v, _LEAST))
        criteria = (
            (relevance, BY_RELEVANCE),
            (ratio - 2 * np.log(self.share), BY_RATIO),
            (sources.classes, BY_CLASSES),
        )
        return np.concatenate([_largest(values, count) for values, count in criteria], axis=1)

    def evidence(self, sources: Sources, columns: NDArray[np.intp]) -> Floats:
        """Evidence (n, C, ``len(EVIDENCE)``) of hashtags (n, C)."""
        share = log_odds(self.share)[columns]
        als = log_odds(np.take_along_axis(sources.als, columns, axis=1))
        w2v = log_odds(np.take_along_axis(sources.w2v, columns, axis=1))
        classes = np.log(np.take_along_axis(sources.classes, columns, axis=1) + _LEAST_CLASS)
        of_photo = (
            sources.cosines[:, 0],
            sources.cosines.mean(axis=1),
            sources.surest_class,
            sources.w2v.max(axis=1),
            sources.als.max(axis=1),
        )
        return np.stack(
            [
                *(als, als - share, w2v, w2v - share),
                *(classes, classes - np.log(self.class_share[columns] + _LEAST_CLASS), share),
                *(np.broadcast_to(values[:, None], columns.shape) for values in of_photo),
            ],
            axis=2,
            dtype=np.float32,
        )


def fusion_part(fusion: Fusion) -> Part:
    """The part ``fusion``."""
    trees = fusion.trees
    return Part(
        {"start": trees.start},
        {
            "feature": trees.feature,
            "threshold": trees.threshold,
            "left": trees.left,
            "right": trees.right,
            "value": trees.value,
            "share": fusion.share,
            "class_share": fusion.class_share,
        },
    )


@reads_settings
def read_fusion(bundle: Bundle) -> Fusion | None:
    """What ``fusion_part`` wrote; None where ``both`` is blended.

    It covers the vocabulary of the fit; hashtags added by fine-tuning come after those.
    """
    if "fusion" not in bundle.arrays:
        return None
    feature = bundle.array("fusion", "feature", None, None)
    shape = feature.shape
    nodes = shape[1]
    share = bundle.floats("fusion", "share", None)
    return Fusion(
        Trees(
            within(bundle, feature, -1, len(EVIDENCE)),
            bundle.floats("fusion", "threshold", *shape),
            within(bundle, bundle.array("fusion", "left", *shape), 0, nodes),
            within(bundle, bundle.array("fusion", "right", *shape), 0, nodes),
            bundle.floats("fusion", "value", *shape),
            number(bundle.settings["fusion"], "start", least=-np.inf),
        ),
        share,
        bundle.floats("fusion", "class_share", len(share)),
    )


def blend(als: Floats, w2v: Floats, als_weight: float) -> Floats:
    """The power mean, with exponent ½, of two backends' relevance.

    It rewards agreement more than the arithmetic mean does, but one backend alone still counts; on
    Corel5k's validation photos it beat both the arithmetic and the geometric mean. Hashtags that
    only ALS has learnt keep their relevance relative to ALS's best others.

    Args:
        als: relevance (n, V + taught) float32.
        w2v: relevance (n, V) float32.
        als_weight: from 0 (Word2Vec alone) to 1.

    Returns:
        (n, V + taught) float32.
    """
    known = w2v.shape[1]
    blended = als.copy()
    blended[:, :known] = (
        als_weight * np.sqrt(als[:, :known]) + (1 - als_weight) * np.sqrt(w2v)
    ) ** 2
    if known < als.shape[1]:
        best = _largest(als[:, :known], LEVEL)
        alone = np.take_along_axis(als, best, axis=1).sum(axis=1)
        together = np.take_along_axis(blended, best, axis=1).sum(axis=1)
        blended[:, known:] *= np.minimum(together / np.maximum(alone, 1e-6), 1)[:, None]
    return blended


def blend_contributions(
    als: Floats, w2v: Floats, als_weight: float, share: Floats
) -> dict[str, Floats]:
    """What each backend adds to the log-odds of the blend, like ``Fusion.contributions``.

    Args:
        als, w2v, share: (n, C) relevance and shares of the same hashtags.
    """

    def of(als: Floats, w2v: Floats) -> Floats:
        return log_odds(blend(als, w2v, als_weight))

    whole = of(als, w2v)
    return {"als": whole - of(share, w2v), "w2v": whole - of(als, share)}


def log_odds(probabilities: Array) -> Floats:
    """Log-odds of probabilities, float32; 0 and 1 are clipped to stay finite."""
    clipped = np.clip(probabilities, _LEAST, 1 - _LEAST)
    return np.asarray(np.log(clipped / (1 - clipped)), np.float32)


def raised(scores: Floats, gains: Floats) -> Floats:
    """Scores with gains added to their log-odds; scores of 0 stay 0."""
    after = 1 / (1 + np.exp(-(log_odds(scores) + gains)))
    return np.where((scores > 0) & (gains != 0), after, scores)


def _largest(values: Floats, count: int) -> NDArray[np.intp]:
    count = min(count, values.shape[1])
    return np.argpartition(-values, count - 1, axis=1)[:, :count]
