"""What the words of captions add, learnt from photos that have some."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recommenders.fusion import Fusion, Sources, Trees
from recommenders.words import WordsGain
from training.fitting.words import fit_words_gain

PHOTOS, HASHTAGS = 400, 8
LIKELY = 0.25
"""What the photos alone say of every hashtag."""


def certain_fusion() -> Fusion:
    """Trees that give every hashtag the same probability."""
    number, value = np.zeros((1, 1), np.int16), np.zeros((1, 1), np.float32)
    trees = Trees(number - np.int16(1), value, number, number, value, np.log(LIKELY / (1 - LIKELY)))
    share = np.full(HASHTAGS, 0.2, np.float32)
    return Fusion(trees, share, np.zeros(HASHTAGS, np.float32))


def sources(rows: slice) -> Sources:
    count = len(range(PHOTOS)[rows])
    zeros = np.zeros((count, HASHTAGS), np.float32)
    return Sources(
        zeros, zeros, zeros, np.zeros(count, np.float32), np.zeros((count, 10), np.float32)
    )


def fitted(probability_of_named: float) -> WordsGain:
    """Photos of which half of the hashtags are named, and these fit as often as is said."""
    draw = np.random.default_rng(0)
    named = draw.random((PHOTOS, HASHTAGS)) < 0.5
    chance = np.where(named, probability_of_named, LIKELY)
    truth = csr_matrix((draw.random(named.shape) < chance).astype(np.float32))
    nearness = named.astype(np.float32)
    return fit_words_gain(
        certain_fusion(), sources, list(nearness), truth, np.ones(PHOTOS, np.float32)
    )


def probability(gain: WordsGain, nearness: float) -> float:
    added = float(gain.of(np.array([nearness], np.float32))[0])
    return 1 / (1 + np.exp(-np.log(LIKELY / (1 - LIKELY)) - added))


def test_words_add_what_the_photos_alone_did_not_say() -> None:
    assert probability(fitted(0.9), 1) == pytest.approx(0.9, abs=0.02)


def test_hashtags_that_no_word_is_near_stay_as_they_are() -> None:
    assert probability(fitted(0.9), 0) == pytest.approx(LIKELY)


def test_words_that_mislead_add_nothing_rather_than_take_away() -> None:
    assert probability(fitted(0.05), 1) == pytest.approx(LIKELY, abs=1e-3)
