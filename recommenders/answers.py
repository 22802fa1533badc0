"""From ordered hashtags to the list that people get: the first five, mixes of sizes, albums.

The first five decide: Instagram takes no more. Among them no two are of a family (dog and dogs),
and a hashtag may lose its place for being like one before it.

A mix of sizes puts hashtags that few, some or many posts carry side by side. A broad hashtag drowns
a post among millions, a niche one is searched by few: those between are where a post of a small
account is seen. What is most relevant should still come first, so a mix moves hashtags a few places
and never across the list.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from recommenders.als_taught import Audience
from recommenders.ranking import Hashtag, Ranking

Floats = NDArray[np.float32]

FIRST = 5
"""The hashtags that decide."""

SIZES = ("niche", "middle", "broad")

MIDDLE_POSTS = (100_000, 10_000_000)
"""From and up to how many posts on a platform a hashtag is of the middle size: there a post is
found and not drowned."""

MIXES: Mapping[str, tuple[float, float, float]] = {
    "even": (1 / 3, 1 / 3, 1 / 3),
    "ladder": (0.4, 0.4, 0.2),
    "niche": (1.0, 0.0, 0.0),
    "middle": (0.0, 1.0, 0.0),
    "broad": (0.0, 0.0, 1.0),
}
"""Shares of niche, middle and broad hashtags, by the name a chat chooses."""

REACH = 5
"""Places that a mix moves a hashtag at most."""

_PER_ALBUM_PHOTO = 60
"""Of an album each photo proposes at least this many hashtags."""

_FIRST_POOL = 40
"""How far down the list the first five are looked for."""

_SHORTEST_ROOT, _TELLING = 3, 4

_COMMUNITY = re.compile(
    r"(?:s?of(?:instagram|theday|ig|insta)|s?(?:lovers?|life|love|gram|stagram|time|day|vibes|"
    r"photography|photo|addict|obsessed|mood|style|goals))$"
)
_ENDINGS = re.compile(r"(?:ies|ie|ys?|(?<=[^s])s)$")
_COUNTERPARTS = {"woman": "man", "women": "men", "girl": "boy"}
_WOMEN = re.compile("|".join(_COUNTERPARTS))


@dataclass(frozen=True)
class AnswerRequest:
    """What decides an answer beside the photo.

    Attributes:
        backend: one of the engine's.
        top: how many hashtags; fewer come where no more fit.
        style: one of ``recommenders.backends.STYLES``.
        mix: of sizes, a key of ``MIXES``; None leaves hashtags as they are ranked.
        skip: hashtags that must not appear.
        language: one of ``recommenders.backends.LANGUAGES``.
        audience: who asks: what it was taught counts.
        words: hashtags that the caption names.
    """

    backend: str
    top: int = 10
    style: str = "balanced"
    mix: str | None = None
    skip: Collection[str] = ()
    language: str = "en"
    audience: Audience = None
    words: Collection[str] = ()


@dataclass(frozen=True)
class Rules:
    """What an answer may hold.

    Attributes:
        floor: a hashtag less probable is not among the first five; where they are fewer than five,
            nothing comes after them.
        careful: floors of single hashtags, wherever they stand: those that are said of a person
            only where the evidence is very good.
        forbidden_pairs: of two hashtags, one of each group, the one that fits less is left out.
    """

    floor: float = 0.0
    careful: Mapping[str, float] = field(default_factory=dict)
    forbidden_pairs: tuple[tuple[frozenset[str], frozenset[str]], ...] = ()

    def allowed(self, hashtags: Sequence[Hashtag], before: Sequence[str] = ()) -> list[Hashtag]:
        """The list without what may not stand there, behind the hashtags ``before`` it."""
        allowed: list[Hashtag] = []
        forbidden = self._forbidden_beside(before)
        for hashtag in hashtags:
            too_unsure = hashtag.score < self.careful.get(hashtag.tag, 0.0)
            if not too_unsure and hashtag.tag not in forbidden:
                allowed.append(hashtag)
                forbidden |= self._forbidden_beside([hashtag.tag])
        return allowed

    def sure(self, hashtags: Sequence[Hashtag], before: int = 0) -> list[Hashtag]:
        """The list as far as it is likely enough, behind as many as there are ``before`` it."""
        first = hashtags[: max(0, FIRST - before)]
        sure = [hashtag for hashtag in first if hashtag.score >= self.floor]
        return list(hashtags) if len(sure) == len(first) else sure

    def _forbidden_beside(self, tags: Iterable[str]) -> set[str]:
        forbidden: set[str] = set()
        for tag in tags:
            for left, right in self.forbidden_pairs:
                if tag in left:
                    forbidden |= right
                if tag in right:
                    forbidden |= left
        return forbidden


NO_RULES = Rules()


@lru_cache(maxsize=1 << 16)
def family(tag: str) -> str:
    """What dog and dogs have in common: two of a family do not both take one of the first five.

    Nor do womanportrait and manportrait: where it is not clear which, the likelier one is enough.
    """
    return _ENDINGS.sub("", _WOMEN.sub(lambda match: _COUNTERPARTS[match[0]], tag))


def relatives(tags: Iterable[str], vocabulary: Iterable[str]) -> set[str]:
    """The hashtags of the vocabulary that are of a family with one of ``tags``; and these."""
    tags = set(tags)
    families = set(map(family, tags))
    return tags | {tag for tag in vocabulary if family(tag) in families}


def root(tag: str) -> str:
    """What a hashtag is about, without what makes it a community's: dog of dogsofinstagram."""
    return family(_COMMUNITY.sub("", tag) or tag)


def share_a_root(one: str, other: str) -> bool:
    """Whether two roots are the same, or one begins or ends the other: lake and lakeside.

    A short one says nothing of a word that is little longer: sun of sunset, dog of hotdog.
    """
    shorter, longer = sorted((one, other), key=len)
    if shorter == longer:
        return True
    long_enough = max(len(shorter), len(longer) - len(shorter)) >= _TELLING
    return (
        long_enough
        and len(shorter) >= _SHORTEST_ROOT
        and (longer.startswith(shorter) or longer.endswith(shorter))
    )


class Apart:
    """Hashtags of which no two are of a family, and no more than a few share a root with one.

    Attributes:
        of_a_root: how many may share a root, one of them counted.
    """

    def __init__(self, of_a_root: int) -> None:
        self.of_a_root = of_a_root
        self._families: set[str] = set()
        self._roots: list[str] = []
        self._sharing: list[int] = []

    def takes(self, tag: str) -> bool:
        """Takes a hashtag in, unless that brings too many of a family or of a root together."""
        own = root(tag)
        alike = [at for at, other in enumerate(self._roots) if share_a_root(own, other)]
        # Flower shares its root with flowershop and wildflower, which share none themselves.
        most = max((self._sharing[at] for at in alike), default=0)
        if family(tag) in self._families or max(most, len(alike)) >= self.of_a_root:
            return False
        for at in alike:
            self._sharing[at] += 1
        self._families.add(family(tag))
        self._roots.append(own)
        self._sharing.append(1 + len(alike))
        return True


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
    columns = _best_columns(order, top + len(skip) + _FIRST_POOL)
    columns = [c for c in columns if order[c] > 0 and hashtags[c] not in skip]
    first = _first_columns(ranking, order, columns, hashtags, min(top, FIRST))
    taken = set(first)
    best = [*first, *(c for c in columns if c not in taken)][:top]
    return [Hashtag(hashtags[c], round(float(scores[c]), 4)) for c in best]


def answer(
    recommend: Callable[[int], Sequence[Sequence[Hashtag]]],
    photos: int,
    *,
    top: int,
    mix: str | None = None,
    size: Callable[[str], int] | None = None,
    rules: Rules = NO_RULES,
    of_a_root: int = FIRST,
    before: Sequence[str] = (),
) -> list[Hashtag]:
    """The ``top`` hashtags of one photo, or of an album's photos as one, best first.

    Args:
        recommend: gives every photo's list of as many hashtags as it is asked for, best first.
        photos: how many there are.
        mix: a key of ``MIXES``; None leaves hashtags as they are ranked.
        size: of a hashtag, an index of ``SIZES``; None where sizes are unknown.
        rules: of what may be shown.
        of_a_root: how many of the first five may share a root.
        before: hashtags that stand in the answer already: what follows fits behind them.
    """
    mixed = mix is not None and size is not None
    candidates = top + REACH if mixed else top
    if photos > 1:
        candidates = max(candidates, _PER_ALBUM_PHOTO)
    lists = recommend(candidates + len(before))
    each = []
    for ranked in lists:
        hashtags = [hashtag for hashtag in ranked if hashtag.tag not in before][:candidates]
        if mix is not None and size is not None and hashtags:
            # What fits best stays first, whatever its size: it may be the only one that is posted.
            best, others = hashtags[0], hashtags[1:]
            places = mixed_order([size(hashtag.tag) for hashtag in others], MIXES[mix])
            hashtags = [best, *(others[place] for place in places)]
        hashtags = first_apart(rules.allowed(hashtags, before), of_a_root, before)
        each.append(rules.sure(hashtags, len(before)))
    if photos == 1:
        return each[0][:top]
    served = [_serving(ranked, before) for ranked in lists]
    shared = rules.allowed(_shared_fairly(each, served), before)
    return rules.sure(first_apart(shared, of_a_root, before), len(before))[:top]


def _shared_fairly(
    lists: Sequence[Sequence[Hashtag]], served: Sequence[float] = ()
) -> list[Hashtag]:
    """The lists of an album's photos as one, in which every photo has its share from the top on.

    Place by place the hashtag comes that serves most photos, and a photo counts the less the better
    it is served already (sequential proportional approval voting, Thiele 1895). How well a hashtag
    serves a photo goes by its place in the photo's list, so that one whose scores are high does not
    take the others' places. Its score is that of the photo which it fits best.

    Args:
        lists: of every photo, best first.
        served: how well every photo is served already; nothing where it is left out.
    """
    best: dict[str, float] = {}
    for hashtag in (hashtag for ranked in lists for hashtag in ranked):
        best[hashtag.tag] = max(hashtag.score, best.get(hashtag.tag, 0.0))
    tags = list(best)
    columns = {tag: column for column, tag in enumerate(tags)}
    serves = np.zeros((len(lists), len(tags)))
    for photo, ranked in enumerate(lists):
        for place, hashtag in enumerate(ranked):
            serves[photo, columns[hashtag.tag]] = _serves(place)
    so_far = np.array(served or [0] * len(lists), float)
    left = np.ones(len(tags), bool)
    shared: list[Hashtag] = []
    for _ in tags:
        worth = np.where(left, (1 / (1 + so_far)) @ serves, -np.inf)
        # Rounded, so that of two equal ones that of the earlier photo comes first everywhere.
        column = int(worth.round(9).argmax())
        left[column] = False
        so_far += serves[:, column]
        shared.append(Hashtag(tags[column], best[tags[column]]))
    return shared


def _serves(place: int) -> float:
    """How well the hashtag at a place of a photo's list serves it: the first 1, the sixth half."""
    return FIRST / (FIRST + place)


def _serving(ranked: Sequence[Hashtag], tags: Collection[str]) -> float:
    """How well ``tags`` serve the photo of a list."""
    return sum(_serves(place) for place, hashtag in enumerate(ranked) if hashtag.tag in tags)


def first_apart(
    hashtags: Sequence[Hashtag], of_a_root: int = FIRST, before: Sequence[str] = ()
) -> list[Hashtag]:
    """The list with its first ``FIRST`` apart, as ``Apart`` has it; those in the way come after.

    The first of the answer: where hashtags stand ``before`` the list, they are among them.
    """
    first: list[Hashtag] = []
    rest: list[Hashtag] = []
    apart = Apart(of_a_root)
    for tag in before[:FIRST]:
        apart.takes(tag)
    for hashtag in hashtags:
        is_first = len(before) + len(first) < FIRST and apart.takes(hashtag.tag)
        (first if is_first else rest).append(hashtag)
    return [*first, *rest]


def mixed_order(sizes: Sequence[int], shares: Sequence[float]) -> list[int]:
    """Reorders a ranked list gently towards a mix of sizes.

    Place by place, the best-ranked hashtag within reach of the size that is most behind its share
    comes next; a hashtag that has been passed over ``REACH`` times comes next whatever its size.

    Args:
        sizes: of the ranked hashtags, best first, indices of ``SIZES``.
        shares: of each size, 0 or more; their sum does not matter.

    Returns:
        Positions in the list, in the new order.
    """
    total = sum(shares)
    if total <= 0:
        return list(range(len(sizes)))
    targets = [share / total for share in shares]
    taken = [0] * len(targets)
    left = list(range(len(sizes)))
    order: list[int] = []
    while left:
        place = len(order)
        chosen = 0
        if left[0] > place - REACH:
            near = [index for index, rank in enumerate(left) if rank <= place + REACH]
            behind = [targets[size] * (place + 1) - taken[size] for size in range(len(targets))]
            most = max(near, key=lambda index: (round(behind[sizes[left[index]]], 9), -index))
            if behind[sizes[left[most]]] > 0:
                chosen = most
        rank = left.pop(chosen)
        taken[sizes[rank]] += 1
        order.append(rank)
    return order


def _best_columns(order: Floats, count: int) -> list[int]:
    """Columns of the best, best first, ties by column."""
    if count < len(order):
        columns = np.argpartition(-order, count - 1)[:count]
    else:
        columns = np.arange(len(order))
    return [int(c) for c in columns[np.lexsort((columns, -order[columns]))]]


def _first_columns(
    ranking: Ranking, order: Floats, columns: list[int], hashtags: Sequence[str], count: int
) -> list[int]:
    """The first ones: relevant, apart, and not five names for the same thing."""
    pool = columns[:_FIRST_POOL]
    directions = ranking.directions if ranking.diversity else None
    likeness = np.zeros(len(pool), np.float32)
    value = order[pool]
    chosen: list[int] = []
    apart = Apart(ranking.of_a_root)
    free = [True] * len(pool)
    while len(chosen) < count:
        worth = np.where(free, value * (1 - ranking.diversity * likeness), -np.inf)
        at = int(worth.argmax()) if len(pool) else 0
        if not len(pool) or worth[at] == -np.inf:
            break
        free[at] = False
        if not apart.takes(hashtags[pool[at]]):
            continue
        chosen.append(pool[at])
        if directions is not None and pool[at] < len(directions):
            known = [c if c < len(directions) else pool[at] for c in pool]
            alike = directions[known] @ directions[pool[at]]
            alike[[c >= len(directions) for c in pool]] = 0  # nobody knows what taught ones mean
            likeness = np.maximum(likeness, alike)
    return chosen
