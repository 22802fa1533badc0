"""Hashtags in the poster's language: Russian forms of English hashtags, and back.

``russian.csv`` lists what people really post, not translations: one to three Russian forms of an
English hashtag, the most used first; none where Russians post the English one too. The most popular
hashtags come first.
"""

import csv
import re
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from recommenders.answers import FIRST, NO_RULES, Rules, first_apart
from recommenders.families import family, root
from recommenders.ranking import Hashtag

TABLE = Path(__file__).parent / "russian.csv"

_CYRILLIC = re.compile("[\u0400-\u04ff]")


@cache
def russian_forms() -> Mapping[str, tuple[str, ...]]:
    """Russian forms by English hashtag, the most used first."""
    with TABLE.open(encoding="utf-8", newline="") as lines:
        return {row["english"]: tuple(row["russian"].split()) for row in csv.DictReader(lines)}


@cache
def meanings() -> Mapping[str, tuple[str, ...]]:
    """English meanings by Russian hashtag, the likeliest first.

    #торт is the most used form of cake and a lesser one of birthdaycake, so cake comes first. #офис
    means office before officelife, though more people post the latter.
    """
    english_by_form: dict[str, list[str]] = {}
    for place in range(max(map(len, russian_forms().values()))):
        for english, forms in russian_forms().items():
            for form in forms[place : place + 1]:
                english_by_form.setdefault(form, []).append(english)
    return {form: _subjects_first(english) for form, english in english_by_form.items()}


def _subjects_first(tags: Sequence[str]) -> tuple[str, ...]:
    """Hashtags in their order, but each subject no later than its community."""
    subjects = {family(tag): tag for tag in reversed(tags)}
    return tuple(dict.fromkeys(one for tag in tags for one in (subjects.get(root(tag), tag), tag)))


def meaning(tag: str, known: Container[str]) -> str:
    """The known hashtag that a Russian one means.

    Returns:
        ``tag`` itself where it is known, or no meaning of it is.
    """
    if tag in known:
        return tag
    candidates = meanings().get(tag.replace("ё", "е"), ())  # few type ё, and the table has none
    return next((english for english in candidates if english in known), tag)


def has_cyrillic(text: str) -> bool:
    """Whether a text has a letter that Russian is written in."""
    return _CYRILLIC.search(text) is not None


def in_language(
    hashtags: Sequence[Hashtag],
    language: str,
    top: int,
    skip: Collection[str] = (),
    of_a_root: int = FIRST,
    before: Sequence[str] = (),
    rules: Rules = NO_RULES,
) -> list[Hashtag]:
    """A photo's hashtags as people post them in a language; each form keeps its hashtag's score.

    Hashtags that people taught in Russian stay as they are.

    Args:
        hashtags: best first; more than ``top``, since several may share one Russian form.
        language: one of ``recommenders.backends.LANGUAGES``. ``ru`` leaves in Latin what Russians
            post in Latin; ``both`` alternates Russian and English: of five, three are Russian.
        top: how many at most.
        skip: hashtags that must not appear.
        of_a_root: how many of the first five may share a root.
        before: hashtags already in the answer, in English, which this list continues.
        rules: the answer's; the first five are sure in every language.
    """
    if language == "en":
        return list(hashtags[:top])
    apart: dict[str, tuple[Hashtag, ...]] = {}
    for hashtag in hashtags:
        forms = _forms(hashtag, skip)
        apart.setdefault(forms[0].tag, forms)
    # Merging moves others up into the first five, which may be too alike or unsure again.
    forms_of = {forms[-1]: forms for forms in apart.values()}
    in_order = rules.sure(first_apart(list(forms_of), of_a_root, before), before)
    best = [forms_of[hashtag] for hashtag in in_order][:top]
    first = max(0, FIRST - len(before))
    # Where too few are left, rather further forms of the others than "not sure".
    merged = [h for h in hashtags if h not in forms_of and h.score >= rules.floor]
    further = _further_forms(merged, {*apart, *skip})
    if language == "ru":
        further = [forms for forms in further if _has(forms, True)]
    best += further[: max(0, min(first, top) - len(best))]
    if language == "ru":
        return [form for form, *_ in best]
    in_turn = [*_in_turn(best[:first]), *_in_turn(best[first:], first)]
    # Other hashtags that share their Russian form with a better one follow in English.
    shown = {forms[-1] for forms in best}
    others = [h for h in hashtags if h not in shown]
    return rules.sure([*in_turn, *others], before)[:top]


def tags_in_language(
    tags: Iterable[str], language: str, top: int, skip: Collection[str]
) -> list[str]:
    """As ``in_language``, for hashtags without scores; those to skip are left out."""
    hashtags = [Hashtag(tag, 1.0) for tag in tags if tag not in skip]
    return [hashtag.tag for hashtag in in_language(hashtags, language, top, skip)]


def _forms(hashtag: Hashtag, skip: Collection[str]) -> tuple[Hashtag, ...]:
    """The Russian form, if there is one, and the hashtag itself."""
    for form in russian_forms().get(hashtag.tag, ()):
        if form not in skip:
            return Hashtag(form, hashtag.score), hashtag
    return (hashtag,)


def _further_forms(
    hashtags: Sequence[Hashtag], shown: Collection[str]
) -> list[tuple[Hashtag, ...]]:
    """As ``_forms`` of each, its Russian form none of ``shown`` and none twice; with one first."""
    taken = set(shown)
    further = []
    for hashtag in hashtags:
        forms = _forms(hashtag, taken)
        taken.add(forms[0].tag)
        further.append(forms)
    return sorted(further, key=lambda forms: not _has(forms, True))


def _in_turn(hashtags: Sequence[tuple[Hashtag, ...]], place: int = 0) -> list[Hashtag]:
    """One form of each hashtag, alternating Russian and English from a place in the answer on."""
    answer: list[Hashtag] = []
    waiting = list(hashtags)
    while waiting:
        russian = (place + len(answer)) % 2 == 0
        # The turns left to the other language may need every hashtag that has a form in it.
        scarce = sum(_has(one, not russian) for one in waiting) <= len(waiting) // 2
        forms = min(
            waiting, key=lambda one: (not _has(one, russian), scarce and _has(one, not russian))
        )
        waiting.remove(forms)
        answer.append(next((form for form in forms if has_cyrillic(form.tag) == russian), forms[0]))
    return answer


def _has(forms: Sequence[Hashtag], russian: bool) -> bool:
    return any(has_cyrillic(form.tag) == russian for form in forms)
