"""Fitting the fusion of ``both``: gradient boosted trees on photos that no source had seen.

The trees (scikit-learn's, Friedman 2001) learn from what the sources know of held-out photos which
hashtags these carry, and so how much each source is worth beside the others, for common hashtags
and rare ones, on photos it knows much or little of. Their leaves go into the bundle as arrays.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.ensemble import GradientBoostingClassifier

from recommenders.als import AlsRecommender
from recommenders.arrays import Floats
from recommenders.fusion import EVIDENCE, Fusion, Sources, Trees, sources_of
from training.features.compute import batches
from training.features.examples import Features
from training.fitting.choosing import Scored
from training.fitting.plan import FusionPlan
from training.progress import Progress, silent

_ROWS = 256
"""Photos at a time."""

SourcesOf = Callable[[slice], Sources]
"""What the sources know of a slice of photos."""


def sources_by_rows(als: Scored, w2v: Scored, hashtags: int) -> SourcesOf:
    """What two recommenders know of photos, computed as it is asked for.

    Args:
        als: an ALS recommender and features.
        w2v: a Word2Vec recommender and features of the same photos.
        hashtags: the size of the vocabulary.
    """
    recommender = als.recommender
    assert isinstance(recommender, AlsRecommender)

    def sources(rows: slice) -> Sources:
        features = np.asarray(als.features[rows], np.float32)
        return sources_of(recommender.recognised(features), w2v[rows], hashtags)

    return sources


def mean_class_sums(als: AlsRecommender, features: Features, weights: Floats | None) -> Floats:
    """(V,) float32: what the classes say of each hashtag in the mean of photos (n, dims)."""
    weights = np.ones(len(features), np.float32) if weights is None else weights
    total = sum(
        weights[rows] @ als.class_sums(features[rows])[0] for rows in batches(len(features), _ROWS)
    )
    return np.asarray(total / weights.sum(), np.float32)


def fit_fusion(
    sources: SourcesOf,
    truth: csr_matrix,
    share: Floats,
    class_share: Floats,
    plan: FusionPlan,
    *,
    weights: Floats | None = None,
    progress: Progress = silent,
) -> Fusion:
    """Fits the trees on held-out photos; deterministic for the plan's seed.

    Args:
        sources: of the held-out photos.
        truth: (n, V), not zero where a photo carries a hashtag.
        share, class_share: (V,), as of ``Fusion``.
        weights: (n,) how much each photo counts.
    """
    untrained = Fusion(_no_trees(), share, class_share)
    photos = truth.shape[0]
    weights = np.ones(photos, np.float32) if weights is None else weights
    generator = np.random.default_rng(plan.seed)
    evidence, carried, counts = [], [], []
    for rows in batches(photos, _ROWS):
        progress("evidence for the fusion", rows.start, photos)
        block = sources(rows)
        columns = untrained.candidates(block)
        labels = np.take_along_axis(truth[rows].toarray() != 0, columns, axis=1)
        # Of the many that do not fit a part is enough, each of them counting for several.
        chosen = labels | (generator.random(labels.shape) < plan.negatives)
        chosen &= weights[rows, None] > 0
        evidence.append(untrained.evidence(block, columns)[chosen])
        carried.append(labels[chosen])
        count = np.where(labels, 1.0, 1 / plan.negatives) * weights[rows, None]
        counts.append(count[chosen])
    progress("fusion", 0, 1)
    trees = fit_trees(
        np.concatenate(evidence), np.concatenate(carried), np.concatenate(counts), plan
    )
    progress("fusion", 1, 1)
    return Fusion(trees, share, class_share)


class CrossFitted:
    """Fused relevance of held-out photos, each by a fusion that was fitted on the other half."""

    def __init__(
        self,
        sources: SourcesOf,
        truth: csr_matrix,
        share: Floats,
        class_share: Floats,
        plan: FusionPlan,
        progress: Progress = silent,
    ) -> None:
        self._sources, self._photos = sources, int(truth.shape[0])
        halves = [np.arange(self._photos) % 2 == half for half in (1, 0)]
        self._fusions = [
            fit_fusion(
                sources,
                truth,
                share,
                class_share,
                plan,
                weights=half.astype(np.float32),
                progress=progress,
            )
            for half in halves
        ]

    def __len__(self) -> int:
        return self._photos

    def __getitem__(self, rows: slice) -> Floats:
        """Probabilities (m, V) of a slice of the photos."""
        block = self._sources(rows)
        even, odd = (fusion.scores(block) for fusion in self._fusions)
        is_even = np.arange(rows.start, rows.stop) % 2 == 0
        return np.where(is_even[:, None], even, odd)


def fit_trees(
    evidence: Floats, carried: NDArray[np.bool_], counts: NDArray[np.floating], plan: FusionPlan
) -> Trees:
    """Gradient boosted trees that give the probability of ``carried``.

    Args:
        evidence: (m, ``len(EVIDENCE)``).
        carried: (m,).
        counts: (m,) how much each row counts.
    """
    if carried.all() or not carried.any():
        return _no_trees()
    model = GradientBoostingClassifier(
        n_estimators=plan.trees,
        max_depth=plan.depth,
        learning_rate=plan.rate,
        subsample=plan.subsample,
        min_samples_leaf=min(plan.leaf, max(1, len(carried) // 20)),
        max_features=len(EVIDENCE) // 2,
        random_state=plan.seed,
    )
    model.fit(evidence, carried, sample_weight=counts)
    grown = [estimator.tree_ for estimator in model.estimators_[:, 0]]
    nodes = max(tree.node_count for tree in grown)
    shape = (len(grown), nodes)
    trees = Trees(
        np.full(shape, -1, np.int16),
        np.zeros(shape, np.float32),
        np.tile(np.arange(nodes, dtype=np.int16), (len(grown), 1)),
        np.tile(np.arange(nodes, dtype=np.int16), (len(grown), 1)),
        np.zeros(shape, np.float32),
        0.0,
    )
    for row, tree in enumerate(grown):
        inner = np.flatnonzero(tree.children_left >= 0)
        trees.feature[row, inner] = tree.feature[inner]
        trees.threshold[row, inner] = tree.threshold[inner]
        trees.left[row, inner] = tree.children_left[inner]
        trees.right[row, inner] = tree.children_right[inner]
        trees.value[row, : tree.node_count] = tree.value[:, 0, 0] * plan.rate
    total = float(np.average(carried, weights=counts))
    start = float(np.log(total / (1 - total)))
    return Trees(trees.feature, trees.threshold, trees.left, trees.right, trees.value, start)


def _no_trees() -> Trees:
    """One leaf that says nothing."""
    number, value = np.zeros((1, 1), np.int16), np.zeros((1, 1), np.float32)
    return Trees(number - np.int16(1), value, number, number, value, 0.0)
