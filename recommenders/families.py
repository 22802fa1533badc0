"""Hashtags too alike for one answer: a family (dog, dogs) or a root (dog, dogsofinstagram)."""

import re
from collections.abc import Iterable
from functools import lru_cache

_SHORTEST_ROOT, _DISTINCTIVE = 3, 4

_COMMUNITY = re.compile(
    r"(?:s?of(?:instagram|theday|ig|insta)|s?(?:lovers?|life|love|gram|stagram|time|day|vibes|"
    r"photography|photo|addict|obsessed|mood|style|goals))$"
)
# Among them the -es of churches, foxes, tomatoes, and of buses, whose singular ends in s.
_S = r"(?<=ch|sh|ss)e?s?|(?<=x)e?s?|(?<=bus)es|(?<=ato|ero|ngo)es|(?<=[^s])(?<!bu)s"
_ENDINGS, _PLURAL_S = re.compile(rf"(?:ies|ie|ys?|{_S})$"), re.compile(rf"(?:{_S})$")
_SINGULAR_IE = re.compile(r"ie$")
_COUNTERPARTS = {"woman": "man", "women": "men", "girl": "boy"}
_SPELLINGS = {
    **{"armour": "armor", "colour": "color", "harbour": "harbor", "theatre": "theater"},
    **{"doughnut": "donut", "jewellery": "jewelry", "bbq": "barbecue", "xmas": "christmas"},
}
_REPLACED = {**_COUNTERPARTS, **_SPELLINGS}
_ALIKE = re.compile("|".join(_REPLACED))


@lru_cache(maxsize=1 << 16)
def family(tag: str) -> str:
    """The stem that dog and dogs share: only one of a family gets into the first five.

    So do womanportrait and manportrait, theatre and theater: the likelier one is enough.
    """
    return _ENDINGS.sub("", _ALIKE.sub(lambda match: _REPLACED[match[0]], tag))


@lru_cache(maxsize=1 << 16)
def singular(tag: str) -> str:
    """The form that party and parties share, cookie and cookies too, but neither part nor cook."""
    return _SINGULAR_IE.sub("y", _PLURAL_S.sub("", tag))


def relatives(tags: Iterable[str], vocabulary: Iterable[str]) -> set[str]:
    """``tags``, and each hashtag of the vocabulary that is one of them, singular or plural."""
    tags = set(tags)
    forms = set(map(singular, tags))
    return tags | {tag for tag in vocabulary if singular(tag) in forms}


def root(tag: str) -> str:
    """The subject of a hashtag, without a community's ending: dog of dogsofinstagram."""
    return family(_COMMUNITY.sub("", tag) or tag)


def share_a_root(one: str, other: str) -> bool:
    """Whether two roots are the same, or one begins or ends the other: lake and lakeside.

    A short root inside a word that is little longer does not count: sun of sunset, dog of hotdog.
    """
    shorter, longer = sorted((one, other), key=len)
    if shorter == longer:
        return True
    long_enough = max(len(shorter), len(longer) - len(shorter)) >= _DISTINCTIVE
    return (
        long_enough
        and len(shorter) >= _SHORTEST_ROOT
        and (longer.startswith(shorter) or longer.endswith(shorter))
    )


class Apart:
    """A set of hashtags with one of each family at most, and a few of each root.

    Attributes:
        of_a_root: how many hashtags may share a root.
    """

    def __init__(self, of_a_root: int) -> None:
        self.of_a_root = of_a_root
        self._families: set[str] = set()
        self._roots: list[str] = []
        self._sharing: list[int] = []

    def takes(self, tag: str) -> bool:
        """Adds a hashtag unless its family or its root is full; returns whether it was added."""
        own = root(tag)
        alike = [at for at, other in enumerate(self._roots) if share_a_root(own, other)]
        # flower shares a root with flowershop and with wildflower, but these two share none.
        most = max((self._sharing[at] for at in alike), default=0)
        if family(tag) in self._families or max(most, len(alike)) >= self.of_a_root:
            return False
        for at in alike:
            self._sharing[at] += 1
        self._families.add(family(tag))
        self._roots.append(own)
        self._sharing.append(1 + len(alike))
        return True
