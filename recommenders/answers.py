"""Turns ranked hashtags into the list people get: the first five, mixes of sizes, albums.

The first five matter most: Instagram allows no more. No two of them belong to one family (dog and
dogs), and a hashtag may lose its place for being too similar to one before it.

A mix of sizes combines hashtags with few, some and many posts. A broad hashtag buries a post among
millions and few people search for a niche one; a small account is seen in between. The most
relevant should still come first, so a mix moves a hashtag by a few places only.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from recommenders.als_taught import Audience
from recommenders.arrays import Floats, largest_first
from recommenders.bundle import Bundle, Part
from recommenders.bundle_reading import number, reads_settings
from recommenders.families import Apart
from recommenders.ranking import Hashtag, Ranking

FIRST = 5
"""How many hashtags matter most."""

SIZES = ("niche", "middle", "broad")

MIDDLE_POSTS = (100_000, 10_000_000)
"""A hashtag of the middle size has from the first to the second number of posts on a platform."""

MIXES: Mapping[str, tuple[float, float, float]] = {
    "even": (1 / 3, 1 / 3, 1 / 3),
    "ladder": (0.4, 0.4, 0.2),
    "niche": (1.0, 0.0, 0.0),
    "middle": (0.0, 1.0, 0.0),
    "broad": (0.0, 0.0, 1.0),
}
"""Shares of niche, middle and broad hashtags, by the name a chat chooses."""

REACH = 5
"""The most places a mix moves a hashtag."""

_PER_ALBUM_PHOTO = 60
"""Each photo of an album proposes at least this many hashtags."""

_FIRST_POOL = 40
"""The first five are chosen from this many of the best hashtags."""

_FILLING_ROOT, _FILLING_SCORE = 3, 0.6
"""How many hashtags of a root may stand where a place would stay empty, and their least score."""

_FOLLOWING_SCORE = 0.05
"""The least score of what follows the first five, where these have a floor."""


@dataclass(frozen=True)
class AnswerRequest:
    """Everything an answer depends on besides the photo.

    Attributes:
        backend: one of the engine's.
        top: how many hashtags at most.
        style: one of ``recommenders.backends.STYLES``.
        mix: of sizes, a key of ``MIXES``; None keeps the ranking's order.
        skip: hashtags that must not appear.
        language: one of ``recommenders.backends.LANGUAGES``.
        audience: who asks; what was taught to this audience counts.
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
    """What an answer may contain.

    Attributes:
        floor: the least score of one of the first five; where fewer than five reach it, nothing
            follows them.
        careful: least scores of single hashtags at any position: those that describe people need
            very good evidence.
        forbidden_pairs: pairs of groups. Of two hashtags, one from each group, the lower-ranked
            is left out.
    """

    floor: float = 0.0
    careful: Mapping[str, float] = field(default_factory=dict)
    forbidden_pairs: tuple[tuple[frozenset[str], frozenset[str]], ...] = ()

    def allowed(self, hashtags: Sequence[Hashtag], before: Sequence[str]) -> list[Hashtag]:
        """The list without what may not follow the hashtags ``before`` it, or one another."""
        allowed: list[Hashtag] = []
        forbidden = self._forbidden_beside(before)
        for hashtag in hashtags:
            too_unsure = hashtag.score < self.careful.get(hashtag.tag, 0.0)
            if not too_unsure and hashtag.tag not in forbidden:
                allowed.append(hashtag)
                forbidden |= self._forbidden_beside([hashtag.tag])
        return allowed

    def sure(self, hashtags: Sequence[Hashtag], before: Sequence[str]) -> list[Hashtag]:
        """The list, sure ones first, if its first five reach the floor; else only those that do.

        What is hardly possible does not follow them either: where a hashtag that was taught is the
        fifth, the others may be noise.

        Sure ones that were passed over for their root fill the places left: rather #doglover after
        #dog and #dogsofinstagram than "not sure".

        Args:
            before: hashtags already in the answer.
        """
        first = hashtags[: max(0, FIRST - len(before))]
        sure = [hashtag for hashtag in first if hashtag.score >= self.floor]
        if missing := len(first) - len(sure):
            apart = Apart(_FILLING_ROOT)
            for tag in (*before, *(hashtag.tag for hashtag in sure)):
                apart.takes(tag)
            least = max(self.floor, _FILLING_SCORE)
            likely = (one for one in hashtags[len(first) :] if one.score >= least)
            sure += islice((one for one in likely if apart.takes(one.tag)), missing)
        if len(sure) < len(first):
            return sure
        least = min(self.floor, _FOLLOWING_SCORE)
        rest = [one for one in hashtags if one not in sure and one.score >= least]
        return [*sure, *sorted(rest, key=lambda hashtag: hashtag.score < self.floor)]

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


def rules_part(rules: Rules) -> Part:
    """The part ``answers``, which has only settings."""
    pairs = [[sorted(left), sorted(right)] for left, right in rules.forbidden_pairs]
    return Part({"floor": rules.floor, "careful": dict(rules.careful), "forbidden_pairs": pairs})


@reads_settings
def read_rules(bundle: Bundle) -> Rules:
    """What ``rules_part`` wrote; no rules where there is no such part."""
    settings = bundle.settings.get("answers", {})
    careful = settings.get("careful", {})
    return Rules(
        number(settings, "floor", 0.0),
        {tag: number(careful, tag) for tag in careful},
        tuple(
            (frozenset(left), frozenset(right))
            for left, right in settings.get("forbidden_pairs", ())
        ),
    )


def pick(
    ranking: Ranking,
    order: Floats,
    scores: Floats,
    hashtags: Sequence[str],
    top: int,
) -> list[Hashtag]:
    """The ``top`` best hashtags of one photo.

    Args:
        order: (V,) what to sort by; hashtags at 0 or below are left out.
        scores: (V,) relevance, returned with each hashtag.
        hashtags: the vocabulary.
    """
    [best_columns] = largest_first(order[None], min(top + _FIRST_POOL, len(order))).tolist()
    columns = [c for c in best_columns if order[c] > 0]
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
    """The ``top`` hashtags of one photo, or of all photos of an album together, best first.

    Args:
        recommend: takes a number of hashtags and returns a list of that length for each photo,
            best first.
        photos: how many photos there are.
        mix: a key of ``MIXES``; None keeps the ranking's order.
        size: maps a hashtag to an index of ``SIZES``; None where sizes are unknown.
        rules: what may be shown.
        of_a_root: how many of the first five may share a root.
        before: hashtags already in the answer, which this list continues.
    """
    mixed = mix is not None and size is not None
    candidates = top + REACH if mixed else top
    if rules != NO_RULES:  # they leave some hashtags out, and others move up
        candidates = max(candidates, _FIRST_POOL)
    if photos > 1:
        candidates = max(candidates, _PER_ALBUM_PHOTO)
    lists = recommend(candidates + len(before))
    each = []
    for ranked in lists:
        hashtags = [hashtag for hashtag in ranked if hashtag.tag not in before][:candidates]
        if mix is not None and size is not None and hashtags:
            # The best stays first, whatever its size: it may be the only one that gets posted.
            best, others = hashtags[0], hashtags[1:]
            places = mixed_order([size(hashtag.tag) for hashtag in others], MIXES[mix])
            hashtags = [best, *(others[place] for place in places)]
            # An unsure one moved into the first five would cut the answer short.
            hashtags.sort(key=lambda hashtag: hashtag.score < rules.floor)
        hashtags = first_apart(rules.allowed(hashtags, before), of_a_root, before)
        each.append(rules.sure(hashtags, before))
    if photos == 1:
        return each[0][:top]
    served = [_serving(ranked, before) for ranked in lists]
    shared = rules.allowed(_shared_fairly(each, served), before)
    return rules.sure(first_apart(shared, of_a_root, before), before)[:top]


def _shared_fairly(lists: Sequence[Sequence[Hashtag]], served: Sequence[float]) -> list[Hashtag]:
    """Merges the lists of an album's photos so that each photo is represented from the top on.

    Sequential proportional approval voting (Thiele 1895): each place goes to the hashtag that
    serves the photos best, and a photo counts less the better it is served already. How well a
    hashtag serves a photo depends on its rank in the photo's list and not on its score, so that a
    photo with high scores does not crowd out the others. Its score in the result is its highest.

    Args:
        lists: of every photo, best first.
        served: how well every photo is served already.
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
    served_so_far = np.array(served, float)
    left = np.ones(len(tags), bool)
    shared: list[Hashtag] = []
    for _ in tags:
        worth = np.where(left, (1 / (1 + served_so_far)) @ serves, -np.inf)
        # Rounded, so that a tie goes to the earlier photo on every machine.
        column = int(worth.round(9).argmax())
        left[column] = False
        served_so_far += serves[:, column]
        shared.append(Hashtag(tags[column], best[tags[column]]))
    return shared


def _serves(place: int) -> float:
    """How well the hashtag at a place of a photo's list serves it: 1 at the top, ½ at the sixth."""
    return FIRST / (FIRST + place)


def _serving(ranked: Sequence[Hashtag], tags: Collection[str]) -> float:
    """How well ``tags`` serve the photo of this list."""
    return sum(_serves(place) for place, hashtag in enumerate(ranked) if hashtag.tag in tags)


def first_apart(
    hashtags: Sequence[Hashtag], of_a_root: int = FIRST, before: Sequence[str] = ()
) -> list[Hashtag]:
    """Reorders a list so that its first ``FIRST`` satisfy ``Apart``; those passed over follow.

    Hashtags already in the answer, ``before``, count among the first.
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

    Each place goes to the best-ranked hashtag within ``REACH`` of the size furthest behind its
    share; a hashtag that has been passed over ``REACH`` times goes next whatever its size.

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


def _first_columns(
    ranking: Ranking, order: Floats, columns: list[int], hashtags: Sequence[str], count: int
) -> list[int]:
    """The first hashtags: relevant, ``Apart``, and not five names for the same thing."""
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
            alike[[c >= len(directions) for c in pool]] = 0  # taught hashtags have no vectors
            likeness = np.maximum(likeness, alike)
    return chosen
