"""Do hashtags name what is in a photo? Figures for photos that have captions instead of hashtags.

A hashtag names a photo when it contains a content word that at least two of the photo's captions
share (dogsofinstagram names a dog). Lift is how much more often the first five name their own photo
than another one: a list that is the same for every photo has lift 1.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rich.table import Table

from training.terminal import figures_table

AT = 5
"""Hashtags of an answer that count."""

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
class CaptionHits:
    """How well the first five hashtags name their photos.

    Attributes:
        photos: how many there are.
        hit: the share of photos with a name among them.
        precision: the share of hashtags that are names.
        lift: how much more often they name their own photo than another one.
        generic: the share of hashtags that say nothing about any photo.
    """

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


def caption_hits(
    answers: Sequence[Sequence[str]], words: Sequence[Collection[str]], generic: Collection[str]
) -> CaptionHits:
    """Figures of answers (hashtags of each photo, best first) for photos with these words."""
    firsts = [answer[:AT] for answer in answers]
    own = np.array([_share(first, names) for first, names in zip(firsts, words, strict=True)])
    generator = np.random.default_rng(0)
    orders = (generator.permutation(len(words)) for _ in range(_ROUNDS))
    others = np.mean(
        [[_share(firsts[i], words[j]) for i, j in enumerate(order)] for order in orders]
    )
    return CaptionHits(
        photos=len(words),
        hit=float((own > 0).mean()),
        precision=float(own.mean()),
        lift=float(own.mean() / others) if others else float("inf"),
        generic=float(np.mean([sum(tag in generic for tag in first) / AT for first in firsts])),
    )


def hits_table(hits: Mapping[str, CaptionHits]) -> Table:
    """The figures, a row for each name, to print."""
    photos = max(figures.photos for figures in hits.values())
    table = figures_table(
        f"First five hashtags for {photos:,} held-out everyday photos",
        ("hit", "precision", "lift", "generic"),
    )
    for name, figures in hits.items():
        table.add_row(
            name,
            f"{figures.hit:.3f}",
            f"{figures.precision:.3f}",
            f"{figures.lift:.2f}",
            f"{figures.generic:.3f}",
        )
    return table


def _share(hashtags: Sequence[str], words: Collection[str]) -> float:
    return sum(any(word in tag for word in words) for tag in hashtags) / AT
