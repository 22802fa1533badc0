"""Tables that turn what is in a photo into hashtags people would post with it.

``tables/imagenet_*.csv`` starts from ImageNet's classes, ``captions.csv``, ``scenes.csv`` and
``more_words.csv`` from the words of captions, ``corel.csv`` from the words of stock photos,
``more.csv`` from the labels of small sets, ``tagged_hashtags.csv`` from authors' own tags. A row's
evidence is one or more terms that must all hold, a term alternatives joined by ``|``; its hashtags
stand most specific first.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from recommenders.hashtags import normalise

TABLES = Path(__file__).parent / "tables"

POSITION_DECAY = 0.85
"""The certainty of a row's hashtag relative to the one before."""

SCENE_BONUS = 1.3
"""Factor for rows of several terms, which say more than each alone."""

UNNAMED = 0.7
"""Factor for a hashtag that contains none of the photo's words."""

_WORDS = re.compile(r"[a-z]+")


@dataclass(frozen=True)
class Row:
    """One row: all of ``terms`` must hold, each by any of its words.

    ``weight`` is below 1 for what is in so many photos that it says little (sky, a man).
    """

    terms: tuple[frozenset[str], ...]
    hashtags: tuple[str, ...]
    weight: float = 1.0

    def strength(self, words: Mapping[str, float]) -> float:
        """How certain the row is: the weakest of its terms, times the row's weight."""
        return self.weight * min(
            max((words[word] for word in term if word in words), default=0.0) for term in self.terms
        )


class WordTable:
    """Words and scenes to hashtags."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = list(rows)
        self._by_word: dict[str, list[Row]] = {}
        for row in self.rows:
            for word in row.terms[0]:
                self._by_word.setdefault(word, []).append(row)

    def hashtags(self, words: Mapping[str, float]) -> dict[str, float]:
        """Hashtags of a photo with these words, with weights from 0 to 1.

        Args:
            words: word to how certain it is, 0 to 1.
        """
        rows = {id(row): row for word in words for row in self._by_word.get(word, ())}
        weights: dict[str, float] = {}
        for row in rows.values():
            strength = row.strength(words)
            if strength <= 0:
                continue
            if len(row.terms) > 1:
                strength *= SCENE_BONUS
            for position, tag in enumerate(row.hashtags):
                weight = strength * POSITION_DECAY**position
                weights[tag] = max(weights.get(tag, 0.0), weight)
        plain = [word for word in words if len(word) >= 3]
        return {
            tag: min(weight * (1.0 if any(word in tag for word in plain) else UNNAMED), 1.0)
            for tag, weight in weights.items()
        }


def words_of_captions(captions: Sequence[str]) -> dict[str, float]:
    """Words of a photo's captions with the share of the captions that have them."""
    counts = Counter(
        word for caption in captions for word in sorted(set(_WORDS.findall(caption.lower())))
    )
    return {word: count / len(captions) for word, count in counts.items()}


def word_table(*names: str) -> WordTable:
    """Reads word tables by their file names."""
    rows = []
    for name in names:
        for record in _records(name):
            terms = tuple(frozenset(term.split("|")) for term in record["words"].split())
            weight = float(record.get("weight") or 1)
            rows.append(Row(terms, _hashtags(record["hashtags"]), weight))
    return WordTable(rows)


def class_hashtags() -> list[dict[str, float]]:
    """Hashtags of each of the 1,000 ImageNet classes with weights, by class index."""
    classes: list[dict[str, float]] = [{} for _ in range(1000)]
    for name in ("imagenet_a.csv", "imagenet_b.csv"):
        for record in _records(name):
            classes[int(record["class_index"])] = {
                tag: POSITION_DECAY**position
                for position, tag in enumerate(_hashtags(record["hashtags"]))
            }
    return classes


def communities() -> list[tuple[str, ...]]:
    """Hashtags that people post together, theme by theme."""
    return [_hashtags(record["hashtags"]) for record in _records("communities.csv")]


SHOWN_TOGETHER = (
    "imagenet_a.csv",
    "imagenet_b.csv",
    "captions.csv",
    "scenes.csv",
    "corel.csv",
    "more_words.csv",
    "more.csv",
    "tagged_hashtags.csv",
    "communities.csv",
)
"""Tables in which each row has the hashtags of one thing."""


def hashtag_rows() -> list[tuple[str, ...]]:
    """The hashtags of each row of ``SHOWN_TOGETHER``."""
    return [_hashtags(row["hashtags"]) for name in SHOWN_TOGETHER for row in _records(name)]


@dataclass(frozen=True)
class CategoryRow:
    """A row of ``categories.csv``: a head, a category below one, or hashtags of no category.

    Attributes:
        head: its name; empty for hashtags of no category.
        category: empty where the row is the head's own.
        russian: its name in Russian.
        hashtags: its leaders, the most telling first.
    """

    head: str
    category: str
    russian: str
    hashtags: tuple[str, ...]


def category_rows() -> list[CategoryRow]:
    """The categories that the starter is browsed by, each head before those below it."""
    return [
        CategoryRow(row["head"], row["category"], row["russian"], _hashtags(row["hashtags"]))
        for row in _records("categories.csv")
    ]


@dataclass(frozen=True)
class LabelHashtags:
    """The hashtags, with weights, and the theme of photos with a label of a small set."""

    hashtags: dict[str, float]
    theme: str


def label_hashtags() -> dict[tuple[str, str], LabelHashtags]:
    """Hashtags by set and label; without labels that say nothing."""
    return {
        (record["set"], record["label"]): LabelHashtags(
            {
                tag: float(record["weight"] or 1) * POSITION_DECAY**position
                for position, tag in enumerate(_hashtags(record["hashtags"]))
            },
            record["theme"],
        )
        for record in _records("more.csv")
    }


def authors_hashtags() -> dict[str, tuple[str, ...]]:
    """Hashtags by authors' own tags in lower case; tags of gear and names are not among them."""
    records = _records("tagged_hashtags.csv")
    return {record["tag"]: _hashtags(record["hashtags"]) for record in records}


def people() -> dict[str, tuple[str, ...]]:
    """Hashtags that guess somebody's sex, age, origin, religion, body or health.

    Returns:
        By hashtag, those that replace it.
    """
    return {
        normalise(record["hashtag"]): _hashtags(record["instead"])
        for record in _records("people.csv")
    }


def forbidden_pairs() -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Pairs of groups: no hashtag of one may be in an answer with one of the other."""
    return [
        (_hashtags(record["left"]), _hashtags(record["right"]))
        for record in _records("forbidden_pairs.csv")
    ]


def presence_words() -> dict[str, frozenset[str]]:
    """Caption words for ``one`` person, for ``several``, and for one ``close_up``."""
    records = _records("presence_words.csv")
    return {record["who"]: frozenset(record["words"].split()) for record in records}


def presence_of_sets() -> list[tuple[str, frozenset[str], str]]:
    """(set, words, who): photos of the set, with one of the words if any, show that presence."""
    return [
        (record["set"], frozenset(record["words"].split()), record["who"])
        for record in _records("presence_sets.csv")
    ]


def presupposing_hashtags() -> dict[str, str]:
    """By hashtag that presupposes people, a key of ``recommenders.people.PRESUPPOSED``."""
    return {
        tag: record["presupposes"]
        for record in _records("presence_hashtags.csv")
        for tag in _hashtags(record["hashtags"])
    }


def generic() -> frozenset[str]:
    """Hashtags that say nothing about a photo."""
    return frozenset(normalise(record["hashtag"]) for record in _records("generic.csv"))


def unseen() -> frozenset[str]:
    """Hashtags of places and organisations, which no photo shows: every beach is #miami's."""
    return frozenset(normalise(record["hashtag"]) for record in _records("unseen.csv"))


def kinds() -> dict[str, str]:
    """Hashtags of one kind among many, of which the training photos show only a few.

    To a model that knows five kinds of flowers, any flower looks like one of them.

    Returns:
        By hashtag, what it is a kind of.
    """
    return {normalise(record["hashtag"]): record["one_of_many"] for record in _records("kinds.csv")}


def _records(name: str) -> list[dict[str, str]]:
    with (TABLES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _hashtags(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(normalise(tag) for tag in cell.split()))
