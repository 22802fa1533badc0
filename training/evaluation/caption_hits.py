"""Do hashtags name what is in a photo? Figures for photos that have captions instead of hashtags.

A hashtag names a photo when it contains a content word that at least two of the photo's captions
share (dogsofinstagram names a dog). Lift is how much more often the first five name their own photo
than another one: a list that is the same for every photo has lift 1.
"""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

_WORD = re.compile(r"[a-z]+")
_MIN_LETTERS = 3
_ROUNDS = 5
# fmt: off
_FUNCTION_WORDS = frozenset({
    "about", "above", "across", "against", "all", "along", "and", "another", "any", "are",
    "around", "being", "both", "down", "each", "for", "four", "from", "front", "has", "have",
    "her", "him", "his", "how", "into", "its", "just", "near", "next", "not", "off", "one",
    "onto", "other", "out", "over", "she", "some", "that", "the", "their", "them", "there",
    "they", "this", "three", "through", "two", "under", "very", "was", "were", "what", "while",
    "who", "with",
})
# fmt: on


@dataclass(frozen=True)
class Naming:
    """Of the first five hashtags: share of photos with a name among them (``hit``), share that
    are names (``precision``), ``lift``, and share that are generic (``generic``)."""

    photos: int
    hit: float
    precision: float
    lift: float
    generic: float


def content_words(captions: Sequence[str], shared_by: int = 2) -> frozenset[str]:
    """Words of three letters and more that at least ``shared_by`` captions have."""
    counts = Counter(word for caption in captions for word in set(_WORD.findall(caption.lower())))
    return frozenset(
        word
        for word, count in counts.items()
        if count >= shared_by and len(word) >= _MIN_LETTERS and word not in _FUNCTION_WORDS
    )


def naming(
    answers: Sequence[Sequence[str]],
    words: Sequence[Collection[str]],
    generic: Collection[str],
    *,
    at: int = 5,
    seed: int = 0,
) -> Naming:
    """Figures of answers (hashtags of each photo, best first) for photos with these words."""
    own = np.array([_share(a[:at], w, at) for a, w in zip(answers, words, strict=True)])
    generator = np.random.default_rng(seed)
    others = np.mean(
        [
            [_share(answers[i][:at], words[j], at) for i, j in enumerate(order)]
            for order in (generator.permutation(len(words)) for _ in range(_ROUNDS))
        ]
    )
    return Naming(
        photos=len(words),
        hit=float((own > 0).mean()),
        precision=float(own.mean()),
        lift=float(own.mean() / others) if others else float("inf"),
        generic=float(np.mean([sum(t in generic for t in a[:at]) / at for a in answers])),
    )


def _share(hashtags: Sequence[str], words: Collection[str], at: int) -> float:
    return sum(any(word in tag for word in words) for tag in hashtags) / at
