"""From relevance to the hashtags that are shown, best first."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_STYLE_POWER = {"relevant": 0.0, "balanced": 0.25, "popular": 1.0}

FIRST = 5
"""The hashtags that decide: Instagram takes no more."""

_SUREST = np.float32(0.99)
"""Nothing is surer: beyond it popularity alone decides."""

_REACH = 40
"""How far down the list the first five are looked for."""

_ENDINGS = re.compile(r"(?:ies|ie|ys?|(?<=[^s])s)$")
_COUNTERPARTS = {"woman": "man", "women": "men", "girl": "boy"}
_WOMEN = re.compile("|".join(_COUNTERPARTS))


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
        exponent: of ``adjusted``, so that the specific hashtag stands before the common one.
        diversity: how much a hashtag loses, among the first five, for being like one before it
            (maximal marginal relevance, Carbonell & Goldstein 1998): 0 nothing, 1 all.
        directions: (V, d) unit vectors of hashtags that tell what is alike.
    """

    popularity: Floats
    rating: Floats
    exponent: float = 0.0
    diversity: float = 0.0
    directions: Floats | None = None

    def order(self, scores: Floats, style: str = "relevant") -> Floats:
        """What the hashtags are sorted by: (n, V) float32, of relevance (n, V)."""
        known = len(self.popularity)
        order = adjusted(scores[:, :known], self.popularity, self.exponent)
        power = _STYLE_POWER[style]
        if power:
            order *= np.maximum(self.rating, 1e-3) ** power
        if scores.shape[1] == known:
            return order
        # What people taught is as rare as the rarest hashtag known.
        taught = adjusted(scores[:, known:], self.popularity.min(), self.exponent)
        return np.concatenate([order, taught], axis=1)


def adjusted(scores: Floats, popularity: Floats | np.float32, exponent: float) -> Floats:
    """The odds of relevance (n, V), divided by popularity (V,) to a power: (n, V) float32.

    Logit adjustment (Menon et al. 2021). Dividing relevance itself would let a rare hashtag that
    may fit stand before a common one that surely does; odds have no upper end, and what is sure
    stays first: on Corel5k's training photos the first hashtag is right in 78 % instead of 73 %, at
    the same recall of rare ones.
    """
    sure = np.minimum(scores, _SUREST)
    return np.asarray(sure / (1 - sure) / popularity**exponent, np.float32)


def family(tag: str) -> str:
    """What dog and dogs have in common: two of a family do not both take one of the first five.

    Nor do womanportrait and manportrait: where it is not clear which, the likelier one is enough.
    """
    return _ENDINGS.sub("", _WOMEN.sub(lambda found: _COUNTERPARTS[found[0]], tag))


def apart(hashtags: Sequence[Hashtag]) -> list[Hashtag]:
    """The list with no two of a family among the first ``FIRST``; those in the way come after."""
    first: list[Hashtag] = []
    rest: list[Hashtag] = []
    families: set[str] = set()
    for hashtag in hashtags:
        if len(first) < FIRST and family(hashtag.tag) not in families:
            families.add(family(hashtag.tag))
            first.append(hashtag)
        else:
            rest.append(hashtag)
    return [*first, *rest]


def pick(
    ranking: Ranking,
    order: Floats,
    scores: Floats,
    hashtags: Sequence[str],
    top: int,
    skip: Collection[str] = (),
) -> list[Hashtag]:
    """The ``top`` best hashtags of one photo.

    Args:
        order: (V,) what to sort by.
        scores: (V,) relevance, told with each hashtag.
        hashtags: the vocabulary.
        skip: hashtags that must not appear.
    """
    columns = _candidates(order, top + len(skip) + _REACH)
    columns = [c for c in columns if order[c] > 0 and hashtags[c] not in skip]
    first = _first(ranking, order, columns, hashtags, min(top, FIRST))
    chosen = set(first)
    best = [*first, *(c for c in columns if c not in chosen)][:top]
    return [Hashtag(hashtags[c], round(float(scores[c]), 4)) for c in best]


def _candidates(order: Floats, wanted: int) -> list[int]:
    """Columns of the best, best first, ties by column."""
    if wanted < len(order):
        columns = np.argpartition(-order, wanted - 1)[:wanted]
    else:
        columns = np.arange(len(order))
    return [int(c) for c in columns[np.lexsort((columns, -order[columns]))]]


def _first(
    ranking: Ranking, order: Floats, columns: list[int], hashtags: Sequence[str], count: int
) -> list[int]:
    """The first ones: relevant, no two of a family, and not five names for the same thing."""
    pool = columns[:_REACH]
    directions = ranking.directions if ranking.diversity else None
    likeness = np.zeros(len(pool), np.float32)
    value = order[pool]
    chosen: list[int] = []
    families: set[str] = set()
    free = [True] * len(pool)
    while len(chosen) < count:
        worth = np.where(free, value * (1 - ranking.diversity * likeness), -np.inf)
        at = int(worth.argmax()) if len(pool) else 0
        if not len(pool) or worth[at] == -np.inf:
            break
        free[at] = False
        if family(hashtags[pool[at]]) in families:
            continue
        families.add(family(hashtags[pool[at]]))
        chosen.append(pool[at])
        if directions is not None and pool[at] < len(directions):
            known = [c if c < len(directions) else pool[at] for c in pool]
            alike = directions[known] @ directions[pool[at]]
            alike[[c >= len(directions) for c in pool]] = 0  # nobody knows what taught ones mean
            likeness = np.maximum(likeness, alike)
    return chosen
