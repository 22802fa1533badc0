"""Hashtags in the language of who posts: what Russians post for an English one, and back.

``russian.csv`` is a table of how hashtags are really posted, not of translations: one to three
Russian forms of an English hashtag, the most used first; none where Russians post it in Latin too.
Its most popular hashtags come first.
"""

import csv
import re
from collections.abc import Collection, Container, Mapping, Sequence
from functools import cache
from pathlib import Path

from recommenders.answers import FIRST, first_apart
from recommenders.ranking import Hashtag

TABLE = Path(__file__).parent / "russian.csv"

_CYRILLIC = re.compile("[\u0400-\u04ff]")


@cache
def russian_forms() -> Mapping[str, tuple[str, ...]]:
    """What Russians post, the most used first, by English hashtag."""
    with TABLE.open(encoding="utf-8", newline="") as lines:
        return {row["english"]: tuple(row["russian"].split()) for row in csv.DictReader(lines)}


@cache
def meanings() -> Mapping[str, tuple[str, ...]]:
    """What a Russian hashtag stands for in English, the likeliest first.

    Where it is the most used form of a hashtag (#торт of cake) it means that one rather than one
    where it is another form (of birthdaycake).
    """
    english_by_form: dict[str, list[str]] = {}
    for place in range(max(map(len, russian_forms().values()))):
        for english, forms in russian_forms().items():
            for form in forms[place : place + 1]:
                english_by_form.setdefault(form, []).append(english)
    return {form: tuple(english) for form, english in english_by_form.items()}


def meaning(tag: str, known: Container[str]) -> str:
    """The hashtag of ``known`` that a Russian one stands for.

    Returns:
        ``tag`` itself where it is known, or stands for nothing that is.
    """
    if tag in known:
        return tag
    stands_for = meanings().get(tag.replace("ё", "е"), ())  # few type ё, and the table has none
    return next((english for english in stands_for if english in known), tag)


def in_language(
    hashtags: Sequence[Hashtag],
    language: str,
    top: int,
    skip: Collection[str] = (),
    of_a_root: int = FIRST,
) -> list[Hashtag]:
    """The hashtags of a photo as they are posted in a language; each form has its hashtag's score.

    What is Russian already, because people taught it, stays as it is.

    Args:
        hashtags: best first. Several have one Russian form, so give more than ``top``.
        language: one of ``recommenders.backends.LANGUAGES``. ``ru`` leaves in Latin what Russians
            post in Latin; ``both`` has Russian and English in turn: of five, three are Russian.
        top: how many at most.
        skip: hashtags that must not appear.
        of_a_root: how many of the first five may share a root.
    """
    if language == "en":
        return list(hashtags[:top])
    apart: dict[str, tuple[Hashtag, ...]] = {}
    for hashtag in hashtags:
        forms = _forms(hashtag, skip)
        apart.setdefault(forms[0].tag, forms)
    # Where one was left out, the next must be apart from those that are among the first already.
    forms_of = {forms[-1]: forms for forms in apart.values()}
    best = [forms_of[hashtag] for hashtag in first_apart(list(forms_of), of_a_root)][:top]
    if language == "ru":
        return [russian for russian, *_ in best]
    # What shares its Russian form with a better one still stands for itself, behind the others.
    of_a_better_one = [h for h in hashtags if forms_of.get(h) not in best]
    return [*_in_turn(best), *of_a_better_one][:top]


def _forms(hashtag: Hashtag, skip: Collection[str]) -> tuple[Hashtag, ...]:
    """The Russian form, where there is one, and the hashtag itself."""
    for form in russian_forms().get(hashtag.tag, ()):
        if form not in skip:
            return Hashtag(form, hashtag.score), hashtag
    return (hashtag,)


def _in_turn(hashtags: Sequence[tuple[Hashtag, ...]]) -> list[Hashtag]:
    """Of each hashtag one form, Russian and English in turn."""
    answer: list[Hashtag] = []
    waiting = list(hashtags)
    while waiting:
        russian = len(answer) % 2 == 0
        forms = next((one for one in waiting if _has(one, russian)), waiting[0])
        waiting.remove(forms)
        answer.append(next((form for form in forms if _is_russian(form) == russian), forms[0]))
    return answer


def _has(forms: Sequence[Hashtag], russian: bool) -> bool:
    return any(_is_russian(form) == russian for form in forms)


def _is_russian(hashtag: Hashtag) -> bool:
    return _CYRILLIC.search(hashtag.tag) is not None
