"""The hashtags that words name, with or without a photo, and how near other hashtags are to them.

A word names a hashtag if it is the same, in singular or plural, or means the same: raining is
#rain, and на закате, Russian in any case, #sunset. Neighbouring words may form one hashtag: "golden
retriever" is #goldenretriever. A named hashtag is evidence for others as far as their vectors are
similar: people who write of a puppy post #dog.
"""

import re
import threading
from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from unicodedata import category, normalize

import numpy as np
from numpy.typing import NDArray

from recommenders.arrays import Floats
from recommenders.declension import meanings_of_a_form
from recommenders.families import root, share_a_root, singular
from recommenders.hashtags import SIGNS, HashtagError, key, normalise
from recommenders.languages import meaning, meanings

MOST_NAMED = 20
"""The most hashtags that a text names; the first ones count."""

Sees = Callable[[int], bool]
"""Whether the asker sees the hashtag of a column; some were taught to other audiences only."""

_TOGETHER = 3
"""The most neighbouring words that may form one hashtag."""

_LEAST_LETTERS = 3

_NOT_NAMED = 0.999
"""The largest nearness of a hashtag that is not named, even if its vector is the same."""

ANSWERING, ANSWERING_KIN = 0.77, 0.55
"""The nearness to a word from which a hashtag answers it; the second if they share a root.

Of the first five for 70 common words, 1 in 20 is wrong instead of 1 in 7: no #paint for hair.
"""

NEAR, NEARER = 0.5, 0.8
"""The nearness from which words count for a hashtag, and from which they count more."""

_LINKS_AND_NAMES = re.compile(r"(?:https?://|www\.)\S+|(?<!\S)[@/]\w+")
_INSIDE_A_WORD = re.compile(
    r"(?<=\w)['’](?=s\b)|(?<=\bx)-(?=rays?\b)|(?<=\bнью)[- ](?=йорк)", re.IGNORECASE
)
"""Not in a hashtag: farmer's market is #farmersmarket. An x-ray is no #ray, Нью-Йорк no #yorkie."""
_LETTER = re.compile(r"(?<![\w-])(\w)-(\w+)")
"""Words unless the hashtag is known without the hyphen: e-bike is #bike, t-shirt #tshirt."""
_SIGN = re.compile(r"[^\w\s·]")
_ACCENTS = re.compile("(?<=[a-z])[\u0300-\u036f]+")
_JOINT = re.compile("[_·]")
"""It joins words, unless the hashtag is known with it: golden_hour is #goldenhour."""
_STOP_LIST = """
about after again all also always and another any are around away back because been before being
best better big but can come could day days did down each enjoy even ever every feel feeling few
first for from front full get getting good got great had happy has have her here his how into its
just keep know large last leave left life lifes light like little long look looking lot love made
make many may more most much must near need never new next nice not now off old one only other our
out over overall own people peoples perfect photo pic picture place plain post rapid really right
said see she short side small some sounds such sweet take taken than thank thanks that the their
them then there these they thing things this those three through time times today together tomorrow
too top two under until very was way week well went were what when where which while who will with
works world worlds year years yesterday you your без был была были было быть вам вас весь вот все
всегда всего всем всех где дела день для дня домой дорого его ему если есть еще жарко или как когда
который кто лет лучший люблю меня мне много мое мои мой моя мы над нам нас наш наша наше наши нет
них новый один она они оно опять очень под после потом почему при про просто раз сам самый свой
своя себя сегодня скоро снова спасибо так такой там теперь тоже только тот тут уже фото хороший
хорошо хочу чем что чтобы эта эти это этот
"""
_STOP_WORDS = frozenset(_STOP_LIST.split())
_SYNONYMS = {
    "children": "kids",
    "farmland": "fields",
    "handbag": "bag",
    "handbags": "bags",
    "happynewyear": "holidayseason",
    "newyearseve": "holidayseason",
    "oatmeal": "porridge",
    "outfit": "outfitoftheday",
    "raining": "rain",
    "snowing": "snow",
    "springtime": "spring",
    "summertime": "summer",
    "thunderstorm": "storm",
    "twilight": "dusk",
}
"""What English words name where they are no hashtags of the vocabulary."""
_ADJECTIVE_LIST = """
cloudy creamy dirty dusty frosty fruity grassy hairy healthy hilly leafy milky misty rainy rusty
salty sandy snowy stormy watery windy
"""
_ADJECTIVES = frozenset(_ADJECTIVE_LIST.split())
"""They name the noun that they are made of, unlike battery, treaty and forty."""
_NEGATIONS = frozenset(("neither", "no", "not", "without", "без", "не", "нет", "ни"))
"""What follows one at once, in its clause, names nothing: without makeup is no #makeup."""
_DENIED_TOO = frozenset(("nor", "or", "или"))
"""What follows one names nothing either, where what stands before it does not: no dog or cat."""
_DESCRIBING_LIST = """
big black blue bright brown cold crowded dark dry empty fresh fried golden gray green grey hot huge
iced large little long loud new old orange pink purple raw red short silver small spicy strong sweet
tall tiny warm wet white wild yellow young
"""
_DESCRIBING = frozenset(_DESCRIBING_LIST.split())
_DESCRIBING_RUSSIAN = re.compile(
    r"(?:бел|больш|горяч|дик|жарен|желт|зелен|золот|красн|крепк|круп|маленьк|молод|нов|розов|свеж|сер"
    r"|син|сладк|сух|тепл|холодн|черн|ярк)(?:[ыио]й|[ыиое]е|[ая]я|[ую]ю|[ое]го|[ое]му|[ыи]ми?|[ыи]х)"
)
"""A negation reaches over these adjectives: no black coffee. Those of praise tell of what is there:
not the best coffee.
"""
_BETWEEN_LIST = """
a an another any at by for from her his in its more my near of on other our single such that the
their these this those to under with your в ваш вашего вашей вашем вашему вашим вашими ваших вашу во
всяких всякого всякой для до его единого единой ее за из их к ко меня моего моей моем моему моим
моими моих мою на над нас наш нашего нашей нашем нашему нашим нашими наших нашу него нее ни никакая
никакие никаких никакого никакой никакую них о об одного одной от по под при с своего своей своем
своему своим своими своих свою со твоего твоей твоем твоему твоим твоими твоих твою у этим этими
этих этого этой этом эту
"""
_BETWEEN = frozenset(_BETWEEN_LIST.split())
"""They may stand between a negation and what it denies: not at the beach, без моей собаки."""
_CLAUSES = re.compile(rf"([{SIGNS}]+[^\s{SIGNS}.!?…:;,()]*)|[\n\r.!?…:;,()–—]|(?<=\s)-+(?=\s)")
"""Where a clause ends; a hashtag with # is one of its own, which nothing denies."""


@dataclass(frozen=True)
class WordsGain:
    """What words add to the log-odds of a hashtag, by ``Words.nearness``.

    Never negative: people leave most of what a photo shows out of its caption. The gain is the sum
    of two linear ramps and a step.

    Attributes:
        near: rises from 0 at nearness ``NEAR`` to this at 1.
        nearer: rises from 0 at ``NEARER`` to this at 1.
        named: added only at 1.
    """

    near: float = 2.0
    nearer: float = 0.5
    named: float = 1.6

    @staticmethod
    def terms(nearness: Floats) -> Floats:
        """The factors of the three attributes, (..., 3)."""
        terms = [np.maximum(nearness - start, 0) / (1 - start) for start in (NEAR, NEARER)]
        return np.stack([*terms, nearness >= 1], axis=-1, dtype=np.float32)

    def of(self, nearness: Floats) -> Floats:
        """The gain in log-odds, in the shape of ``nearness``."""
        return self.terms(nearness) @ np.array(astuple(self), np.float32)


@dataclass(frozen=True)
class _Known(Container[str]):
    """The hashtags that the asker sees, by ``_folded``."""

    columns: Mapping[str, list[int]]
    sees: Sees

    def __contains__(self, name: object) -> bool:
        return self.column(str(name)) is not None

    def column(self, name: str) -> int | None:
        return next(filter(self.sees, self.columns.get(name, ())), None)


def _everything(column: int) -> bool:
    return True


class Words:
    """Finds hashtags of a vocabulary in texts.

    Args:
        hashtags: the vocabulary; it may grow at its end.
        directions: (V, d) float32 unit vectors of the first V of them.
    """

    def __init__(self, hashtags: Sequence[str], directions: Floats) -> None:
        self._hashtags, self._directions = hashtags, directions
        self._bundle_size = len(hashtags)
        self._indexed = 0
        # A list holds spellings that ``_folded`` makes one: ёлка and елка.
        self._columns: dict[str, list[int]] = {}
        self._by_singular: dict[str, list[int]] = {}
        self._lock = threading.Lock()
        self._index()

    def named(self, text: str, sees: Sees = _everything) -> tuple[str, ...]:
        """The hashtags of the vocabulary that a text names, in order, without repeats."""
        self._index()
        words, ends = _words(text, lambda word: self._column([word], sees) is not None)
        names = (self._hashtags[column] for column in self._named(words, ends, sees))
        return tuple(dict.fromkeys(filter(None, names)))[:MOST_NAMED]

    def nearness(self, named: Collection[str], sees: Sees = _everything) -> Floats:
        """How near each hashtag is to the nearest of those named: (V + taught,) float32.

        1 for the named ones, singular and plural, cosines, at least 0, for the rest.
        """
        nearness, _ = self._near(named, sees)
        return np.asarray(nearness.max(axis=0, initial=0), np.float32)

    def alike(self, named: Collection[str], sees: Sees = _everything) -> Floats:
        """Each hashtag's similarity to all named ones, (V + taught,) float32 from 0 to 1.

        The mean of its nearness to the nearest one and its mean nearness.
        """
        nearness, _ = self._near(named, sees)
        nearest = nearness.max(axis=0, initial=0)
        total = nearness.sum(axis=0) / max(len(nearness), 1)
        return np.asarray((nearest + total) / 2, np.float32)

    def answering(self, named: Collection[str], sees: Sees = _everything) -> NDArray[np.bool_]:
        """Which hashtags answer a text that names some, these among them: (V + taught,)."""
        nearness = self.nearness(named, sees)
        answering = nearness >= ANSWERING
        roots = set(map(root, named))
        for column in map(int, np.flatnonzero((nearness >= ANSWERING_KIN) & ~answering)):
            own = root(self._hashtags[column])
            answering[column] = any(share_a_root(own, other) for other in roots)
        return answering

    def named_near(self, column: int, named: Collection[str], least: float) -> list[str]:
        """The named hashtags with a nearness of at least ``least`` to a hashtag, nearest first."""
        nearness, known = self._near(named, _everything)
        near = nearness[:, column]
        return [known[row] for row in np.argsort(-near, kind="stable") if near[row] >= least]

    def forget(self, columns: Collection[int]) -> None:
        """Removes hashtags that are no longer in the vocabulary, which has "" in their place."""
        with self._lock:
            # Made anew, since others read them meanwhile.
            self._columns = _without(self._columns, columns)
            self._by_singular = _without(self._by_singular, columns)

    def _near(self, named: Collection[str], sees: Sees) -> tuple[Floats, list[str]]:
        """Nearness (n, V + taught) to each known one of the named hashtags, and these."""
        count = self._index()
        columns = self._columns
        known = [tag for tag in named if _folded(tag) in columns]
        nearness = np.zeros((len(known), count), np.float32)
        for row, tag in enumerate(known):
            column = columns[_folded(tag)][0]
            if column < len(self._directions):
                cosines = self._directions @ self._directions[column]
                nearness[row, : len(cosines)] = np.clip(cosines, 0, _NOT_NAMED)
            relatives = self._by_singular.get(singular(_folded(tag)), ())
            alike = [other for other in relatives if other < count and sees(other)]
            nearness[row, alike] = 1
        return nearness, known

    def _named(self, words: Sequence[str], ends: Sequence[int], sees: Sees) -> Iterator[int]:
        """The columns of the hashtags that words name, some repeatedly; arguments of ``_words``."""
        at = 0
        while at < len(words):
            phrase, column = self._phrase(words[at : at + _TOGETHER], sees)
            if column is not None:
                yield column
                if column >= self._bundle_size:
                    # A taught hashtag does not hide the bundle's that the words name.
                    one_clause = [len(phrase)] * len(phrase)
                    yield from self._named(phrase, one_clause, lambda one: one < self._bundle_size)
                parts = (self._column([word], sees) for word in phrase) if len(phrase) > 1 else ()
                yield from (
                    part for part in parts if part is not None and self._is_similar(column, part)
                )
            elif words[at] in _NEGATIONS:
                at += self._denied(words[at : ends[at]], sees)
                continue
            at += len(phrase)

    def _phrase(self, words: Sequence[str], sees: Sees) -> tuple[Sequence[str], int | None]:
        """As many of the first words as name a hashtag, and its column; the first if none do."""
        for count in range(len(words), 0, -1):
            if (column := self._column(words[:count], sees)) is not None:
                return words[:count], column
        return words[:1], None

    def _denied(self, words: Sequence[str], sees: Sees) -> int:
        """How many words a negation and what it denies are, of the rest of its clause."""
        at = 0
        while True:
            at += 1
            while at < len(words) and words[at] in _BETWEEN:
                at += 1
            phrase, _ = self._phrase(words[at : at + _TOGETHER], sees)
            while len(phrase) == 1 and _describes(phrase[0]):
                at += 1
                phrase, _ = self._phrase(words[at : at + _TOGETHER], sees)
            if phrase and phrase[0] not in _DENIED_TOO | _NEGATIONS:
                at += len(phrase)
            if at == len(words) or words[at] not in _DENIED_TOO:
                return at

    def _is_similar(self, column: int, part: int) -> bool:
        """Whether a hashtag resembles its part: beachsunset to sunset, but not hotdog to dog."""
        if column >= len(self._directions):  # a taught one has no vector, only its parts
            return True
        if part >= len(self._directions):
            return False
        return bool(self._directions[column] @ self._directions[part] >= NEAR)

    def _column(self, words: Sequence[str], sees: Sees) -> int | None:
        """The column of the hashtag that a word, or several joined, name; None for none."""
        word = "".join(words)
        if word not in _SYNONYMS and _STOP_WORDS.issuperset(words):
            return None
        # A letter joins nothing, but for the с in с днём рождения.
        is_greeting = len(words) == _TOGETHER and len(words[0]) == 1 and word in meanings()
        if len(words) > 1 and min(map(len, words)) == 1 and not is_greeting:
            return None
        known = _Known(self._columns, sees)
        for name in (meaning(word, known), _SYNONYMS.get(word, "")):
            if (column := known.column(name)) is not None:
                return column
        if len(words) > 1:
            return None
        for english in meanings_of_a_form(word):
            if (column := known.column(english)) is not None:
                return column
        form = singular(word.removesuffix("y") if word in _ADJECTIVES else word)
        relatives = self._by_singular.get(form, ()) if len(form) >= _LEAST_LETTERS else ()
        return next(filter(sees, relatives), None)

    def _index(self) -> int:
        """Indexes new hashtags of the vocabulary; returns how many there are in all."""
        count = len(self._hashtags)
        with self._lock:
            for column in range(self._indexed, count):
                if tag := self._hashtags[column]:
                    name = _folded(tag)
                    self._by_singular.setdefault(singular(name), []).append(column)
                    self._columns.setdefault(name, []).append(column)
            self._indexed = max(self._indexed, count)
        return count


def _describes(word: str) -> bool:
    """Whether a word is an adjective that tells which thing a negation denies, as white in it."""
    return word in _DESCRIBING or _DESCRIBING_RUSSIAN.fullmatch(word) is not None


def _without(index: Mapping[str, list[int]], columns: Collection[int]) -> dict[str, list[int]]:
    """An index without some columns, nor names that have no other."""
    left = ((name, [one for one in at if one not in columns]) for name, at in index.items())
    return {name: at for name, at in left if at}


def _folded(tag: str) -> str:
    """What all spellings of a hashtag share, without what few type: ё, and accents of Latin."""
    return normalize("NFC", _ACCENTS.sub("", normalize("NFD", key(tag)))).replace("ё", "е")


def _space_or_mark(sign: re.Match[str]) -> str:
    """Marks, such as vowel signs and accents, are parts of words: सूर्यास्त is one word."""
    return sign[0] if category(sign[0]) in ("Mn", "Mc") else " "


def _words(text: str, names_one: Callable[[str], bool]) -> tuple[list[str], list[int]]:
    """The words of a text, folded, without numbers, and where the clause of each ends.

    Args:
        names_one: whether a word names a hashtag.
    """

    def joined(letter: re.Match[str]) -> str:
        word = letter[1] + letter[2]
        return word if names_one(_name(word)) else letter[0]

    text = _LETTER.sub(joined, _INSIDE_A_WORD.sub("", _LINKS_AND_NAMES.sub(" ", text)))
    words: list[str] = []
    ends: list[int] = []
    for clause in filter(None, _CLAUSES.split(text)):
        for word in _SIGN.sub(_space_or_mark, clause).split():
            name = _name(word)
            words += filter(None, [name] if names_one(name) else map(_name, _JOINT.split(word)))
        ends += [len(words)] * (len(words) - len(ends))
    return words, ends


def _name(word: str) -> str:
    """A word as a hashtag, folded; "" where it is none, such as a number."""
    try:
        return _folded(normalise(word))
    except HashtagError:
        return ""
