"""Fitting the fusion of ``both``: gradient boosted trees on photos held out from every source.

The trees (scikit-learn's, Friedman 2001) predict from the sources' evidence which hashtags a photo
carries. So they learn how far to trust each source: for common and rare hashtags, on photos that it
knows much or little about. They go into the bundle as arrays.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.ensemble import GradientBoostingClassifier

from recommenders.als import AlsRecommender, Recognition
from recommenders.arrays import Floats
from recommenders.fusion import EVIDENCE, Fusion, Sources, Trees, sources_of
from training.datasets.albums import first_pictures
from training.features.compute import batches
from training.features.examples import Features
from training.fitting.choosing import Scored
from training.fitting.plan import FusionPlan
from training.progress import Progress, silent

_ROWS = 256
"""Photos at a time."""

_MOST_BYTES = 2**28
"""Of cached scores: those of 5,000 photos for 13,000 hashtags."""

SourcesOf = Callable[[slice], Sources]
"""The sources' evidence about a slice of photos."""


class ScoredAls(Scored):
    """ALS's scores of photos and how they came about, cached where memory allows.

    Searching neighbours among very many photos takes most of the time of choosing.
    """

    def __init__(self, recommender: AlsRecommender, features: Features) -> None:
        super().__init__(recommender, features)
        self._als = recommender
        self._cache: dict[tuple[int, int], Recognition] = {}
        self._bytes = 0

    def __getitem__(self, rows: slice) -> Floats:
        return self.recognised(rows).scores

    def recognised(self, rows: slice) -> Recognition:
        """ALS's evidence about a slice of the photos."""
        place = (rows.start, rows.stop)
        if place not in self._cache:
            recognition = self._als.recognised(np.asarray(self.features[rows], np.float32))
            self._bytes += recognition.scores.nbytes
            if self._bytes > _MOST_BYTES:
                return recognition
            self._cache[place] = recognition
        return self._cache[place]


def sources_by_rows(als: ScoredAls, w2v: Scored, hashtags: int) -> SourcesOf:
    """The evidence of two recommenders about photos, computed on demand.

    Args:
        als, w2v: of the same photos.
        hashtags: the size of the vocabulary.
    """
    return lambda rows: sources_of(als.recognised(rows), w2v[rows], hashtags)


def one_after_another(parts: Sequence[tuple[int, SourcesOf]]) -> SourcesOf:
    """The evidence about several recommenders' photos, one after another.

    Args:
        parts: how many photos, and the evidence about them.
    """

    def of(rows: slice) -> Sources:
        blocks, start = [], 0
        for count, sources in parts:
            first, last = max(rows.start - start, 0), min(rows.stop - start, count)
            if first < last:
                blocks.append(sources(slice(first, last)))
            start += count
        return Sources(
            **{
                field.name: np.concatenate([getattr(block, field.name) for block in blocks])
                for field in fields(Sources)
            }
        )

    return of


def mean_class_sums(als: AlsRecommender, features: Features, weights: Floats) -> Floats:
    """(V,) float32: the classes' evidence for each hashtag, averaged over photos (n, dims)."""
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
        weights: (n,) of the photos.
    """
    examples = _examples(sources, truth, share, class_share, plan, weights, progress)
    return Fusion(_trees(examples, plan, progress), share, class_share)


class CrossFitted:
    """Fused scores of held-out photos, each by a fusion fitted on the other half of them.

    It is fitted on ``plan.most`` of the photos; other arguments as for ``fit_fusion``.

    Args:
        albums: (n,) each photo's album, None for a photo of its own; an album is in one half.
    """

    def __init__(
        self,
        sources: SourcesOf,
        truth: csr_matrix,
        share: Floats,
        class_share: Floats,
        plan: FusionPlan,
        progress: Progress = silent,
        albums: Sequence[str | None] | None = None,
    ) -> None:
        self._sources, self._photos, self._plan = sources, int(truth.shape[0]), plan
        self._progress = progress
        self._is_even = _every_other(albums or [None] * self._photos)
        learnt = np.zeros(self._photos, np.float32)
        learnt[np.random.default_rng([plan.seed, 1]).permutation(self._photos)[: plan.most]] = 1
        self._examples = _examples(sources, truth, share, class_share, plan, learnt, progress)
        self._fusions = [
            Fusion(_trees(self._examples.of(half), plan, progress), share, class_share)
            for half in (~self._is_even, self._is_even)
        ]

    def __len__(self) -> int:
        return self._photos

    def __getitem__(self, rows: slice) -> Floats:
        """Probabilities (m, V) of a slice of the photos."""
        block = self._sources(rows)
        even, odd = (fusion.scores(block) for fusion in self._fusions)
        return np.where(self._is_even[rows, None], even, odd)

    def trees_of_all(self) -> Trees:
        """The trees of a fusion that is fitted on both halves."""
        return _trees(self._examples, self._plan, self._progress)


@dataclass(frozen=True)
class _Examples:
    """Rows to fit trees on: m pairs of a photo and a hashtag.

    Attributes:
        evidence: (m, ``len(EVIDENCE)``) float32.
        carried: (m,) whether the photo carries the hashtag.
        counts: (m,) weights.
        photo: (m,) the photo's number.
    """

    evidence: Floats
    carried: NDArray[np.bool_]
    counts: NDArray[np.floating]
    photo: NDArray[np.intp]

    def of(self, photos: NDArray[np.bool_]) -> "_Examples":
        """Those of some photos."""
        rows = photos[self.photo]
        return _Examples(
            self.evidence[rows], self.carried[rows], self.counts[rows], self.photo[rows]
        )


def _every_other(albums: Sequence[str | None]) -> NDArray[np.bool_]:
    """(n,) whether a photo is in the first half: every other album or photo of its own is."""
    _, numbers = np.unique(first_pictures(albums), return_inverse=True)
    return np.asarray(numbers % 2 == 0)


def _examples(
    sources: SourcesOf,
    truth: csr_matrix,
    share: Floats,
    class_share: Floats,
    plan: FusionPlan,
    weights: Floats | None,
    progress: Progress,
) -> _Examples:
    """Pairs to fit on; arguments as for ``fit_fusion``."""
    untrained = Fusion(_no_trees(), share, class_share)
    photos = truth.shape[0]
    weights = np.ones(photos, np.float32) if weights is None else weights
    generator = np.random.default_rng(plan.seed)
    evidence, carried, counts, photo = [], [], [], []
    for rows in batches(photos, _ROWS):
        progress("evidence for the fusion", rows.start, photos)
        block = sources(rows)
        columns = untrained.candidates(block)
        labels = np.take_along_axis(truth[rows].toarray() != 0, columns, axis=1)
        # A sample of the many negatives is enough, weighted up.
        chosen = labels | (generator.random(labels.shape) < plan.negatives)
        chosen &= weights[rows, None] > 0
        evidence.append(untrained.evidence(block, columns)[chosen])
        carried.append(labels[chosen])
        count = np.where(labels, 1.0, 1 / plan.negatives) * weights[rows, None]
        counts.append(count[chosen])
        photo.append(rows.start + np.nonzero(chosen)[0])
    return _Examples(*map(np.concatenate, (evidence, carried, counts, photo)))


def _trees(examples: _Examples, plan: FusionPlan, progress: Progress) -> Trees:
    progress("fusion", 0, 1)
    trees = fit_trees(examples.evidence, examples.carried, examples.counts, plan)
    progress("fusion", 1, 1)
    return trees


def fit_trees(
    evidence: Floats, carried: NDArray[np.bool_], counts: NDArray[np.floating], plan: FusionPlan
) -> Trees:
    """Gradient boosted trees that give the probability of ``carried``.

    Args:
        evidence: (m, ``len(EVIDENCE)``).
        carried: (m,).
        counts: (m,) the rows' weights.
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
    """A single leaf of value 0."""
    number, value = np.zeros((1, 1), np.int16), np.zeros((1, 1), np.float32)
    return Trees(number - np.int16(1), value, number, number, value, 0.0)
