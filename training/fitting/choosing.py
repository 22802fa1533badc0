"""Choosing on held-out photos: how much popularity counts, and how two backends are blended.

Scores of 5,000 photos for 20,000 hashtags take 400 MB, and as much again for every value tried. So
they are computed for a few photos at a time, and only the first hashtags of each are retained.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median_high
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from recommenders.arrays import Floats
from recommenders.fusion import blend
from recommenders.ranking import adjusted
from recommenders.recommender import Recommender
from training.datasets.albums import held_apart, whole_posts
from training.datasets.format import VALIDATION, Post
from training.evaluation.metrics import measure, top_columns
from training.features.compute import batches
from training.features.examples import Examples, Features, Rows
from training.fitting.plan import ChoosingPlan, Plan
from training.fitting.vocabulary import lengths_of, popularity

Top = NDArray[np.intp]
Choice = TypeVar("Choice")

AT = 5

FEWEST = 100
"""Held-out posts from which choices are made by them; fewer choose by chance. Only how many epochs
a head is fitted is chosen by fewer, too. Fitted on 120, 240 and 500 photos of Corel5k and so
choosing by 12, 24 and 50, the blend had its first hashtag right for 0.53, 0.62 and 0.67 of 1,000
others, trees for 0.43, 0.50 and 0.63, and for 0.53, 0.63 and 0.68 an even blend without a word of
popularity, which also recalled more."""

_ROWS = 256
"""Photos at a time: neighbours' factors are (n, k, f)."""


def validation_rows(posts: Sequence[Post], plan: Plan) -> tuple[Rows, Rows]:
    """Rows of posts to fit on, and held-out rows to choose by, at most ``plan.choosing.most``.

    Held out is the validation split if some but not all posts name it, else a random share of all
    posts, by the plan's seed. The pictures of an album fall on one side, unless the dataset itself
    parts them.
    """
    order = np.random.default_rng(plan.seed).permutation(len(posts))
    named = np.array([posts[row].split == VALIDATION for row in order], np.bool_)
    if named.any() and not named.all():
        order = order[named]
        count = min(len(order), plan.choosing.most)
    elif len(order) > 1:
        count = max(1, min(round(len(order) * plan.validation), plan.choosing.most))
    else:
        count = 0
    albums = [(post.album, post.split == VALIDATION) if post.album else None for post in posts]
    return held_apart(order, albums, count)


@dataclass(frozen=True)
class HeldOut:
    """The true hashtags of held-out photos, to measure answers against.

    Attributes:
        popularity: (V,) in the photos to fit on.
        truth: (n, V) bool, which hashtags each photo carries; only those of the photos to fit on.
        lengths: (n,) how many it carries, those outside the vocabulary included.
        posts: how many posts they are; an album is one.
    """

    popularity: Floats
    truth: NDArray[np.bool_]
    lengths: NDArray[np.integer]
    posts: int

    @property
    def are_enough(self) -> bool:
        """Whether they are enough to choose by."""
        return self.posts >= FEWEST

    @classmethod
    def of(cls, fit_on: Examples, held_out: Examples, posts: Sequence[Post]) -> "HeldOut":
        """For held-out photos and their posts."""
        known = np.asarray(fit_on.counts.sum(axis=0)).ravel() > 0
        return cls(
            popularity(fit_on.counts),
            held_out.counts.astype(np.bool_).toarray() & known,
            lengths_of(posts),
            len(whole_posts(posts)),
        )

    def figures(self, top: Top) -> dict[str, float]:
        """All metrics of the photos' first hashtags (n, k)."""
        return measure(top, self.truth, self.lengths)

    def goodness(self, top: Top, *, rare: float = 0.0) -> float:
        """The criterion of all choices: recall over photos plus F1 over hashtags.

        ``rare`` is the weight of a third term, the share of hashtags recalled at least once.
        """
        figures = self.figures(top)
        recalled = figures["n_plus"] / max(int(self.truth.any(axis=0).sum()), 1)
        return figures["recall"] + figures["label_f1"] + rare * recalled


class Blocks(Protocol):
    """Relevance of photos, block by block."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice, /) -> Floats:
        """Relevance (m, V) of a slice of the photos."""


class Scored:
    """A recommender's relevance of photos, computed on demand."""

    def __init__(self, recommender: Recommender, features: Features) -> None:
        self.recommender, self.features = recommender, features

    def __len__(self) -> int:
        return len(self.features)

    def __getitem__(self, rows: slice) -> Floats:
        """Relevance (m, V) of a slice of the photos."""
        return self.recommender.scores(self.features[rows])

    def top(self) -> Top:
        """The ``AT`` most relevant hashtags of each photo, (n, AT) columns, best first."""
        return np.concatenate([top_columns(self[rows], AT) for rows in batches(len(self), _ROWS)])


def choose_exponent(
    scored: Blocks, held_out: HeldOut, plan: ChoosingPlan, *, rare: float = 0.0
) -> tuple[float, Top]:
    """The popularity exponent that does best on held-out photos, and their first hashtags."""
    plan = _choices(plan, held_out)
    tops: dict[float, list[Top]] = {exponent: [] for exponent in plan.exponents}
    for rows in batches(len(scored), _ROWS):
        scores = scored[rows]
        for exponent in plan.exponents:
            order = adjusted(scores, held_out.popularity, exponent)
            tops[exponent].append(top_columns(order, AT))
    return _best(tops, held_out, rare=rare)


def choose_blend(
    als: Scored, w2v: Scored, held_out: HeldOut, plan: ChoosingPlan
) -> tuple[dict[str, float], Top]:
    """The blend's settings that do best on held-out photos, and their first hashtags."""
    plan = _choices(plan, held_out)
    choices = [(weight, exponent) for weight in plan.als_weights for exponent in plan.exponents]
    tops: dict[tuple[float, float], list[Top]] = {choice: [] for choice in choices}
    for rows in batches(len(als), _ROWS):
        of_als, of_w2v = als[rows], w2v[rows]
        for weight in plan.als_weights:
            mixed = blend(of_als, of_w2v, weight)
            for exponent in plan.exponents:
                order = adjusted(mixed, held_out.popularity, exponent)
                tops[weight, exponent].append(top_columns(order, AT))
    (weight, exponent), top = _best(tops, held_out, rare=plan.rare)
    return {"als_weight": weight, "popularity_exponent": exponent}, top


def choose_backend(tops: Mapping[str, Top], held_out: HeldOut) -> str:
    """The backend that does best on held-out photos; ``both``, if there, where they are too few."""
    if "both" in tops and not held_out.are_enough:
        return "both"
    return max(tops, key=lambda backend: held_out.goodness(tops[backend]))


def _choices(plan: ChoosingPlan, held_out: HeldOut) -> ChoosingPlan:
    """The plan; where held-out photos are too few, with its least exponent and middle weight."""
    if held_out.are_enough:
        return plan
    middle = median_high(plan.als_weights)
    return replace(plan, exponents=(min(plan.exponents),), als_weights=(middle,))


def _best(
    tops: Mapping[Choice, list[Top]], held_out: HeldOut, *, rare: float
) -> tuple[Choice, Top]:
    """The choice with the best first hashtags; the first of equals."""
    joined = {choice: np.concatenate(blocks) for choice, blocks in tops.items()}
    best = max(joined, key=lambda choice: held_out.goodness(joined[choice], rare=rare))
    return best, joined[best]
