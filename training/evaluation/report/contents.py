"""The contents of the report as plain numbers; nothing here knows HTML."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recommenders.answers import FIRST
from recommenders.arrays import Doubles
from recommenders.ratings import Uses
from training.datasets.albums import first_pictures, whole_posts
from training.evaluation.evaluate import Answers
from training.evaluation.metrics import hits_of, photo_weights
from training.evaluation.reliability import Reliability, reliability
from training.features.compute import batches
from training.fitting.ratings import median_likes, uses_and_posts

STYLES = ("relevant", "balanced", "popular")
STYLE_TOP = 10
PHOTOS = 50
"""Photos on the page: half of them answered best, half worst."""
CARRIED = 20
"""Hashtags on the page: those that most photos carry."""
_INSTEAD = 4
_BATCH = 512


@dataclass(frozen=True)
class Curve:
    """A backend's precision and recall at k = 1, 2, …, (K,) each."""

    name: str
    precision: Doubles
    recall: Doubles


@dataclass(frozen=True)
class Confusion:
    """How a hashtag that many photos carry is confused with others.

    Attributes:
        photos: how many carry it.
        recall: the share of these whose answer has it.
        precision: of the photos whose answer has it, the share that carry it; None where no
            answer has it.
        instead: wrong hashtags of the photos that carry it and whose answer lacks it, with counts.
    """

    tag: str
    photos: int
    recall: float
    precision: float | None
    instead: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class AnsweredPhoto:
    """A photo with its answer and what is true.

    Attributes:
        answer: hashtags, best first, and whether each is right.
        missed: what the photo carries beside them.
    """

    image: Path
    answer: tuple[tuple[str, bool], ...]
    missed: tuple[str, ...]


@dataclass(frozen=True)
class StyleFigures:
    """A style's first ten hashtags.

    Attributes:
        likes: the mean of the median likes of the split's posts that carry them.
        more: the 95 % interval of the share by which these likes exceed those of style relevant.
    """

    style: str
    likes: float
    precision: float
    more: tuple[float, float]


def curves(answers: Answers) -> list[Curve]:
    """Precision and recall of every backend and baseline at every k that was asked for."""
    curves = []
    for name, top in answers.tops.items():
        hits = hits_of(top, answers.truth).cumsum(axis=1)
        ks = np.arange(1, top.shape[1] + 1)
        recall = hits / np.maximum(answers.lengths, 1)[:, None]
        curves.append(Curve(name, (hits / ks).mean(axis=0), recall.mean(axis=0)))
    return curves


def confusion(answers: Answers, backend: str, at: int) -> list[Confusion]:
    """The hashtags that most photos of the split carry, and the wrong ones in their place."""
    truth = answers.truth
    top = answers.tops[backend][:, :at]
    answered = np.zeros_like(truth)
    rows, places = np.nonzero(top >= 0)
    answered[rows, top[rows, places]] = True
    carried = truth.sum(axis=0)
    rows_of_table = []
    for column in np.argsort(-carried, kind="stable")[:CARRIED]:
        if not carried[column]:
            break
        missed = truth[:, column] & ~answered[:, column]
        wrong = (answered[missed] & ~truth[missed]).sum(axis=0)
        instead = [c for c in np.argsort(-wrong, kind="stable")[:_INSTEAD] if wrong[c]]
        answers_with_it = int(answered[:, column].sum())
        right = int((answered[:, column] & truth[:, column]).sum())
        rows_of_table.append(
            Confusion(
                answers.hashtags[column],
                int(carried[column]),
                right / int(carried[column]),
                right / answers_with_it if answers_with_it else None,
                tuple((answers.hashtags[c], int(wrong[c])) for c in instead),
            )
        )
    return rows_of_table


def best_and_worst(
    answers: Answers, backend: str, at: int
) -> tuple[list[AnsweredPhoto], list[AnsweredPhoto]]:
    """The photos that were answered best, best first, and worst, worst first.

    By the share of a photo's hashtags found among the first ``at``, then by how early they stand.
    """
    top = answers.tops[backend][:, :at]
    hits = hits_of(top, answers.truth)
    possible = np.minimum(np.maximum(answers.lengths, 1), top.shape[1])
    share = hits.sum(axis=1) / possible
    early = (hits / np.arange(1, top.shape[1] + 1)).sum(axis=1)
    half = min(PHOTOS // 2, len(top) // 2)
    # Of photos answered equally well or badly, those with more hashtags say more.
    order = np.lexsort((np.arange(len(top)), -answers.lengths, -early, -share))
    best, rest = order[: max(half, 1)], order[max(half, 1) :]
    worst = rest[np.lexsort((rest, -answers.lengths[rest], early[rest], share[rest]))][:half]

    def photos(rows: Iterable[np.intp]) -> list[AnsweredPhoto]:
        return [_answered(answers, int(row), top[row], hits[row]) for row in rows]

    return photos(best), photos(worst)


def style_figures(answers: Answers, backend: str) -> list[StyleFigures]:
    """What each style's first ten earn on the split; empty where no likes are known.

    By the likes of the split's own posts: style popular is fitted to those of training, and would
    win by them even if they were chance.
    """
    engine = answers.engine
    if not engine.rated:
        return []
    uses, post_of = uses_and_posts(whole_posts(answers.posts), answers.hashtags)
    if not uses.counts.any():
        return []
    columns = {tag: column for column, tag in enumerate(answers.hashtags)}
    chosen = np.full((len(STYLES), len(answers.posts), STYLE_TOP), -1, np.intp)
    for of_style, style in zip(chosen, STYLES, strict=True):
        for rows in batches(len(answers.posts), _BATCH):
            block = {name: values[rows] for name, values in answers.features.items()}
            lists = engine.recommend(block, backend, top=STYLE_TOP, style=style)
            for row, hashtags in enumerate(lists, rows.start):
                of_style[row, : len(hashtags)] = [columns[hashtag.tag] for hashtag in hashtags]
    precision = [float(hits_of(top, answers.truth).mean()) for top in chosen]
    likes, more = _earned(answers, uses, post_of, chosen)
    return [StyleFigures(*figures) for figures in zip(STYLES, likes, precision, more, strict=True)]


def _earned(
    answers: Answers, uses: Uses, post_of: NDArray[np.int64], chosen: NDArray[np.intp]
) -> tuple[list[float], list[tuple[float, float]]]:
    """The likes of each style, and the interval of the share by which they exceed the first's.

    Only photos for which every style has a hashtag with known likes count. In each round of the
    bootstrap the weights of the posts change the medians, too: it may be chance that a hashtag,
    which one style gives to many photos, is carried by a few posts with many likes.

    Args:
        uses, post_of: of the split's whole posts, by ``uses_and_posts``.
        chosen: (styles, n, k) columns of hashtags, -1 where there were fewer.
    """
    order = np.lexsort((uses.likes, uses.hashtag))
    post_of, likes = post_of[order], uses.likes[order]
    ends = uses.counts.cumsum()
    starts = ends - uses.counts

    known = (chosen >= 0) & (uses.counts > 0)[chosen]
    compared = known.any(axis=2).all(axis=0)
    if not compared.any():
        return [0.0] * len(chosen), [(0.0, 0.0)] * len(chosen)
    chosen, known = chosen[:, compared], known[:, compared]

    def means(medians: Doubles) -> Doubles:
        """(styles, photos)"""
        return np.asarray(medians[chosen].mean(axis=2, where=known))

    albums = [post.album for post in answers.posts]
    first_pictures_of = sorted(set(first_pictures(albums)))
    shares = []
    for weights in photo_weights(albums, np.random.default_rng(0)):
        heavier = np.append(0, weights[first_pictures_of][post_of].cumsum())
        middle = np.searchsorted(heavier, (heavier[starts] + heavier[ends]) / 2) - 1
        earned = means(likes[middle.clip(0)]) @ weights[compared]
        if earned[0] > 0:
            shares.append(earned / earned[0] - 1)
    low, high = np.quantile(shares or [[0.0] * len(chosen)], (0.025, 0.975), axis=0)
    earned = means(median_likes(uses)).mean(axis=1)
    return earned.tolist(), list(zip(low.tolist(), high.tolist(), strict=True))


def fused_reliability(answers: Answers) -> tuple[Reliability, Reliability] | None:
    """Calibration of the fusion's probabilities on the split; None if nothing is fused.

    Returns:
        That of all hashtags with a score, and of the first ``FIRST`` of every answer alone.
    """
    engine = answers.engine
    if not engine.fused:
        return None
    probabilities, carried, first, first_carried = [], [], [], []
    for rows in batches(len(answers.posts), _BATCH):
        block = {name: values[rows] for name, values in answers.features.items()}
        scores = engine.scores(block, "both")
        truth = answers.truth[rows, : scores.shape[1]]
        probabilities.append(scores[scores > 0])
        carried.append(truth[scores > 0])
        at, places = np.nonzero(answers.tops["both"][rows, :FIRST] >= 0)
        columns = answers.tops["both"][rows][at, places]
        first.append(scores[at, columns])
        first_carried.append(truth[at, columns])
    return (
        reliability(np.concatenate(probabilities), np.concatenate(carried)),
        reliability(np.concatenate(first), np.concatenate(first_carried)),
    )


def _answered(
    answers: Answers, row: int, top: NDArray[np.intp], hits: NDArray[np.bool_]
) -> AnsweredPhoto:
    post = answers.posts[row]
    assert post.image is not None  # features come of photos
    answer = tuple(
        (answers.hashtags[column], bool(hit))
        for column, hit in zip(top, hits, strict=True)
        if column >= 0
    )
    tags = {tag for tag, _ in answer}
    return AnsweredPhoto(post.image, answer, tuple(tag for tag in post.hashtags if tag not in tags))
