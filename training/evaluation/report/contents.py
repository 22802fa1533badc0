"""What the report tells, as plain numbers of answers: nothing here knows HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recommenders.knowledge import Knowledge
from training.evaluation.evaluate import Answers

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

STYLES = ("relevant", "balanced", "popular")
STYLE_TOP = 10
_INSTEAD = 4
_BATCH = 512


@dataclass(frozen=True)
class Curve:
    """A backend's precision and recall at k = 1, 2, …, (K,) each."""

    name: str
    precision: Floats
    recall: Floats


@dataclass(frozen=True)
class Confused:
    """What became of a hashtag that many photos carry.

    Attributes:
        photos: how many carry it.
        found: the share of these that were given it.
        right: of the photos that were given it, the share that carry it; None where none was.
        instead: wrong hashtags that photos got that carry it and were not given it, with counts.
    """

    tag: str
    photos: int
    found: float
    right: float | None
    instead: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Shown:
    """A photo, what was said of it and what is true.

    Attributes:
        said: hashtags, best first, and whether each is right.
        missed: what it carries beside them.
    """

    image: Path
    said: tuple[tuple[str, bool], ...]
    missed: tuple[str, ...]

    @property
    def right(self) -> int:
        """How many were right."""
        return sum(right for _, right in self.said)


@dataclass(frozen=True)
class Earned:
    """What a style's first ten earn: likes of their hashtags' training posts, and precision."""

    style: str
    likes: float
    precision: float


def curves(answers: Answers) -> list[Curve]:
    """Precision and recall of every backend and baseline at every k that was asked for."""
    found = []
    for name, top in answers.tops.items():
        hits = _hits(top, answers.truth).cumsum(axis=1)
        ks = np.arange(1, top.shape[1] + 1)
        recall = hits / np.maximum(answers.lengths, 1)[:, None]
        found.append(Curve(name, (hits / ks).mean(axis=0), recall.mean(axis=0)))
    return found


def confused(answers: Answers, backend: str, at: int, *, count: int = 20) -> list[Confused]:
    """The hashtags that most photos of the split carry, and what was said instead of them."""
    truth = answers.truth
    top = answers.tops[backend][:, :at]
    said = np.zeros_like(truth)
    rows, places = np.nonzero(top >= 0)
    said[rows, top[rows, places]] = True
    carried = truth.sum(axis=0)
    found = []
    for column in np.argsort(-carried, kind="stable")[:count]:
        if not carried[column]:
            break
        passed_over = truth[:, column] & ~said[:, column]
        wrong = (said[passed_over] & ~truth[passed_over]).sum(axis=0)
        instead = [c for c in np.argsort(-wrong, kind="stable")[:_INSTEAD] if wrong[c]]
        given = int(said[:, column].sum())
        right = int((said[:, column] & truth[:, column]).sum())
        found.append(
            Confused(
                answers.hashtags[column],
                int(carried[column]),
                right / int(carried[column]),
                right / given if given else None,
                tuple((answers.hashtags[c], int(wrong[c])) for c in instead),
            )
        )
    return found


def best_and_worst(
    answers: Answers, backend: str, at: int, *, count: int = 50
) -> tuple[list[Shown], list[Shown]]:
    """Half of ``count`` photos that were answered best, best first, and half worst, worst first.

    By the share of a photo's hashtags found among the first ``at``, then by how early they stand.
    """
    top = answers.tops[backend][:, :at]
    hits = _hits(top, answers.truth)
    possible = np.minimum(np.maximum(answers.lengths, 1), top.shape[1])
    share = hits.sum(axis=1) / possible
    early = (hits / np.arange(1, top.shape[1] + 1)).sum(axis=1)
    half = min(count // 2, len(top) // 2)
    # Of photos answered alike those with more to find say more, among the best and the worst.
    order = np.lexsort((np.arange(len(top)), -answers.lengths, -early, -share))
    best, rest = order[: max(half, 1)], order[max(half, 1) :]
    worst = rest[np.lexsort((rest, -answers.lengths[rest], early[rest], share[rest]))][:half]

    def shown(rows: Sequence[np.intp]) -> list[Shown]:
        return [_shown(answers, int(row), top[row], hits[row]) for row in rows]

    return shown(list(best)), shown(list(worst))


def earned(answers: Answers, backend: str) -> list[Earned]:
    """What each style's first ten earn on the split; empty where no likes are known."""
    engine = answers.engine
    if not Knowledge.in_bundle(engine.bundle):
        return []
    knowledge = Knowledge(engine.bundle)
    likes = np.array(
        [
            np.nan if (median := knowledge.median_likes(tag)) is None else median
            for tag in engine.bundle.hashtags
        ]
    )
    if np.isnan(likes).all():
        return []
    columns = {tag: column for column, tag in enumerate(answers.hashtags)}
    found = []
    for style in STYLES:
        means: list[float] = []
        right = said = 0
        for start in range(0, len(answers.posts), _BATCH):
            rows = slice(start, start + _BATCH)
            block = {name: values[rows] for name, values in answers.features.items()}
            given = engine.recommend(block, backend, top=STYLE_TOP, style=style)
            for row, hashtags in enumerate(given, start):
                chosen = [columns[hashtag.tag] for hashtag in hashtags]
                right += int(answers.truth[row, chosen].sum())
                said += STYLE_TOP
                known = likes[[column for column in chosen if column < len(likes)]]
                if not np.isnan(known).all():
                    means.append(float(np.nanmean(known)))
        found.append(Earned(style, float(np.mean(means)) if means else 0.0, right / said))
    return found


def _shown(answers: Answers, row: int, top: NDArray[np.intp], hits: Bools) -> Shown:
    post = answers.posts[row]
    assert post.image is not None  # features come of photos
    said = tuple(
        (answers.hashtags[column], bool(hit))
        for column, hit in zip(top, hits, strict=True)
        if column >= 0
    )
    names = {tag for tag, _ in said}
    return Shown(post.image, said, tuple(tag for tag in post.hashtags if tag not in names))


def _hits(top: NDArray[np.intp], truth: Bools) -> Bools:
    hits = (top >= 0) & np.asarray(np.take_along_axis(truth, np.maximum(top, 0), axis=1))
    return np.asarray(hits, np.bool_)
