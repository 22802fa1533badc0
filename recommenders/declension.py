"""The meanings of a Russian word in any case, number or gender: закате means #sunset as закат does.

Two words are forms of one if they have a stem in common and both endings are in one of
``_ENDINGS``: белые and белый, but not бельё; жена and женой, but not жених. Of the 40,000
commonest Russian words 2,790 are so taken for what they are and 20 for another word. A Snowball
stemmer, which compares no endings, takes 2,640 for what they are and 650 for another.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache

from recommenders.languages import meanings

_ENDINGS = {
    "закат": "- а у ом ем е ы ов ев ей ам ами ах",
    "олень": "ь я ю ем е и ей ям ями ях",
    "чай": "й я ю ем е и ев ей ям ями ях",
    "планетарий": "ий ия ию ием ии иев иям иями иях",
    "огурец": "ец ца цу цом цем це цы цов цев цам цами цах",
    "камень": "ень ня ню нем не ни ней ням нями нях",
    "огонь": "онь ня ню нем не",
    "щенок": "ок ка ку ком ке ки ков кам ками ках",
    "ветер": "ер ра ру ром ре ры ров рам рами рах",
    "роза": "а ы е у ой ей - ам ами ах",
    "кошка": "ка ки ке ку кой ок ек кам ками ках",
    "неделя": "я и е ю ей ь ям ями ях",
    "линия": "ия ии ию ией ий иям иями иях",
    "семья": "ья ьи ье ью ьей ей ьям ьями ьях",
    "лошадь": "ь и ью ей ям ями ях ам ами ах ьми",
    "дети": "и ей ям ьми ях",
    "озеро": "о а у ом е - ам ами ах",
    "солнце": "е а у ем ам ами ах",
    "море": "е я ю ем и ей ям ями ях",
    "здание": "ие ия ию ием ии ий иям иями иях",
    "платье": "ье ья ью ьем ьи ий ьев ей ьям ьями ьях",
    "белый": "ый ой ая ое ее ые ого его ому ему ом ем ым ыми ых ую ей о",
    "синий": "ий яя ее ие его ему ем им ими их ей юю",
    "играю": "аю аешь ает аем аете ают ать ал ала али",
    "гуляю": "яю яешь яет яем яете яют ять ял яла яли",
}
"""The endings of each kind of word, by one such: "-" is none; ы is и after ``_BEFORE_I``.

Of огонь only those in the singular, since огней are lights more often than fires.
"""

_LONGEST_ENDING = 4
_BEFORE_I = "гкхжчшщ"
_VOWELS = "аеиоуыэюя"
_STEM = re.compile(f"[а-я]{{3,}}|[а-я][{_VOWELS}]|ог")
"""At least three letters, or two as in ча-й and ог-онь: words have shorter stems in common by
chance.
"""

_UNDECLINED_LIST = """
авто артем ауди боа вместе выпь жако кино колье коса косы кружков кружок купе лев летим манго метро
мото парео перу пол пола полом полу полы поло радио родео сверху счеты сыро сырой табло цветом
"""
_UNDECLINED = frozenset(_UNDECLINED_LIST.split())
"""Indeclinable ones, and those that look like forms of another word, or have forms that do: кружок
is a club, not many a кружка; косы are braids, коса is a sandbar; счет is a bill, счеты an abacus.
"""


def meanings_of_a_form(word: str) -> list[str]:
    """English hashtags that a form of a Russian word means, those of the most popular one first.

    Args:
        word: in lower case, with е for ё.
    """
    others = {other for stem in _stems(word) for other in _by_stem().get(stem, ())}
    return [english for _, other in sorted(others) for english in meanings()[other]]


@cache
def _by_stem() -> Mapping[tuple[str, str], list[tuple[int, str]]]:
    """The Russian hashtags of each stem, with their places among all."""
    by_stem: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for place, word in enumerate(meanings()):
        for stem in _stems(word):
            by_stem.setdefault(stem, []).append((place, word))
    return by_stem


def _stems(word: str) -> Iterator[tuple[str, str]]:
    """The stems that a word may have, each with the kind of word that it then is."""
    if word in _UNDECLINED:
        return
    for cut in range(max(len(word) - _LONGEST_ENDING, 0), len(word) + 1):
        stem, ending = word[:cut], word[cut:]
        if _STEM.fullmatch(stem):
            for kind in _kinds().get((stem[-1] in _BEFORE_I, ending), ()):
                if (kind == "чай") == (stem[-1] in _VOWELS):  # alone ends its stem in one
                    yield stem, kind


@cache
def _kinds() -> Mapping[tuple[bool, str], list[str]]:
    """The kinds of word that have an ending, after one of ``_BEFORE_I`` or another letter."""
    kinds: dict[tuple[bool, str], list[str]] = {}
    for kind, endings in _ENDINGS.items():
        for ending in endings.replace("-", "").split(" "):
            kinds.setdefault((False, ending), []).append(kind)
            kinds.setdefault((True, ending.replace("ы", "и")), []).append(kind)
    return kinds
