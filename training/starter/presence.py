"""How many people are in a photo, fitted on what captions and sets tell about photos.

Each caption is a vote for one person, none or several; words such as hat and smiling are votes for
a close-up, since nobody writes them about a small figure. Sets of dishes or rooms show nobody.
``tables/presence_*.csv`` has the words, the sets, and the hashtags that presuppose people.
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from recommenders.arrays import Floats, unit
from recommenders.backbones.backbone import Backbone
from recommenders.people import PRESENCE, People
from training.starter.sources import TaggedPhoto
from training.starter.word_tables import (
    presence_of_sets,
    presence_words,
    presupposing_hashtags,
)

LEAST = {"somebody": 0.5, "close_up": 0.1, "several": 0.3}
"""Below this probability, what a hashtag presupposes counts as absent.

Chosen on 420 photos of the check, counted by eye: somebody is detected in 96 of 100, and in 3 where
nobody is; one close up in 83 and in 1.
"""

SET_CERTAINTY = 0.5
"""The weight of a photo known by its set alone, relative to one with captions."""

CLOSE_FROM, CLOSE_TO = 0.2, 0.8
"""Shares of captions with a close-up word at which a close-up is ruled out, and certain."""

_COMPONENTS = 256
_INVERSE_REGULARIZATION = 0.1
_ITERATIONS = 500

_WORDS = re.compile(r"[a-z]+")


def starter_people(
    photos: Sequence[TaggedPhoto], features: Floats, backbone: Backbone, hashtags: Sequence[str]
) -> People:
    """Fits how many people are in a photo, on the photos whose captions or sets tell.

    Args:
        features: (n, dims) of the photos.
        hashtags: the vocabulary.
    """
    presence = presence_of(photos)
    telling = presence.any(axis=1)
    weight, bias = fit_people(features[telling], presence[telling])
    known = frozenset(hashtags)
    presuppose = {tag: key for tag, key in presupposing_hashtags().items() if tag in known}
    return People(backbone.name, weight, bias, presuppose, LEAST)


def fit_people(features: Floats, presence: Floats) -> tuple[Floats, Floats]:
    """Fits multinomial logistic regression: weight (4, dims) and bias (4,) float32 of ``People``.

    PCA first removes the directions in which photos hardly differ; both steps are stored as one
    linear map.

    Args:
        features: (n, dims) of photos.
        presence: (n, 4), how certain each of ``PRESENCE`` is for each photo; a
            row's sum is the photo's weight. No column may be all zeros.
    """
    rows, columns = np.nonzero(presence)
    # More threads would add the same numbers in another order.
    with threadpool_limits(1):
        pca = PCA(min(_COMPONENTS, *features.shape), svd_solver="covariance_eigh")
        points = pca.fit_transform(unit(features).astype(np.float64))
        scale = 1 / np.maximum(points.std(axis=0).mean(), 1e-12)
        model = LogisticRegression(C=_INVERSE_REGULARIZATION, max_iter=_ITERATIONS)
        model.fit(points[rows] * scale, columns, sample_weight=presence[rows, columns])
    weight = model.coef_ @ pca.components_ * scale
    bias = model.intercept_ - weight @ pca.mean_
    return np.asarray(weight, np.float32), np.asarray(bias, np.float32)


def presence_of(photos: Sequence[TaggedPhoto]) -> Floats:
    """(n, 4) float32, how certain each of ``PRESENCE`` is; zeros where it is unknown."""
    words, sets = presence_words(), presence_of_sets()
    presence = np.zeros((len(photos), len(PRESENCE)), np.float32)
    for row, photo in enumerate(photos):
        if photo.captions:
            presence[row] = _by_captions(photo.captions, words)
            continue
        for of_set, words_of_set, who in sets:
            if photo.set == of_set and (not words_of_set or words_of_set & photo.words):
                presence[row, PRESENCE.index(who)] = SET_CERTAINTY
    return presence


def _by_captions(captions: Sequence[str], words: Mapping[str, frozenset[str]]) -> Floats:
    nobody = one = several = close = 0
    for caption in captions:
        tokens = _WORDS.findall(caption.lower())
        persons = sum(token in words["one"] for token in tokens)
        if persons > 1 or not words["several"].isdisjoint(tokens):
            several += 1
        elif persons:
            one += 1
        else:
            nobody += 1
        close += not words["close_up"].isdisjoint(tokens)
    count = len(captions)
    close_up = np.clip((close / count - CLOSE_FROM) / (CLOSE_TO - CLOSE_FROM), 0, 1)
    shares = np.array([nobody, one * close_up, one * (1 - close_up), several]) / count
    return shares.astype(np.float32)
