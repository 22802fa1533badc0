"""From relevance to the hashtags that are shown, best first."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

STYLES = ("relevant", "balanced", "popular")
_STYLE_POWER = {"relevant": 0.0, "balanced": 0.25, "popular": 1.0}

FIRST = 5
"""The hashtags that decide: Instagram takes no more."""

_ENDINGS = re.compile(r"(?<=[^s])s$")


@dataclass(frozen=True)
class Hashtag:
    """A recommended hashtag, canonical and without ``#``, and its relevance."""

    tag: str
    score: float


@dataclass(frozen=True)
class Ranking:
    """How relevance becomes a list.

    Attributes:
        popularity: (V,) float32, share of the posts that carry each hashtag.
        rating: (V,) float32 from 0 to 1, what a hashtag's uses earn; all ones where unknown.
        exponent: relevance is divided by popularity to this power, so that the specific hashtag
            stands before the common one.
    """

    popularity: Floats
    rating: Floats
    exponent: float = 0.0

    def order(self, scores: Floats, style: str = "relevant") -> Floats:
        """What the hashtags are sorted by: (n, V) float32, of relevance (n, V)."""
        adjusted = scores[:, : len(self.popularity)] / self.popularity**self.exponent
        power = _STYLE_POWER[style]
        if power:
            adjusted = adjusted * np.maximum(self.rating, 1e-3) ** power
        taught = scores[:, len(self.popularity) :]
        if taught.shape[1]:
            # What people taught is as rare as the rarest hashtag known.
            taught = taught / self.popularity.min() ** self.exponent
        return np.concatenate([adjusted, taught], axis=1)


def family(tag: str) -> str:
    """What dog and dogs have in common: two of a family do not both take one of the first five."""
    return _ENDINGS.sub("", tag)


def pick(
    order: Floats, scores: Floats, hashtags: Sequence[str], top: int, skip: Collection[str] = ()
) -> list[Hashtag]:
    """The ``top`` best hashtags of one photo.

    Args:
        order: (V,) what to sort by.
        scores: (V,) relevance, told with each hashtag.
        hashtags: the vocabulary.
        skip: hashtags that must not appear.
    """
    wanted = min(top + len(skip) + 2 * FIRST, len(hashtags))
    best = np.argpartition(-order, wanted - 1)[:wanted] if wanted < len(hashtags) else None
    columns = np.arange(len(hashtags)) if best is None else best
    columns = columns[np.lexsort((columns, -order[columns]))]
    first: list[Hashtag] = []
    later: list[Hashtag] = []
    families: set[str] = set()
    for column in columns:
        tag = hashtags[column]
        if tag in skip or order[column] <= 0:
            continue
        hashtag = Hashtag(tag, round(float(scores[column]), 4))
        if len(first) < FIRST and family(tag) not in families:
            families.add(family(tag))
            first.append(hashtag)
        else:
            later.append(hashtag)
    return (first + later)[:top]
