"""What the starter learns from: photos with hashtags by our tables, and hashtags of real posts.

A source of photos is a function of the folder with the sets; ``PHOTO_SOURCES`` lists them. Nobody
is labelled: hashtags that guess a person's sex, age, origin or body are replaced, whatever table
they come from.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from recommenders.arrays import Floats
from recommenders.families import family, root, singular
from training.datasets.format import DatasetError, Post
from training.evaluation.caption_hits import content_words
from training.starter.word_tables import (
    POSITION_DECAY,
    authors_hashtags,
    class_hashtags,
    communities,
    generic,
    label_hashtags,
    people,
    unseen,
    word_table,
    words_of_captions,
)

SHARED_WORDS = 0.3
"""Caption words count when this share of the captions have them."""

STOCK_CERTAINTY = 0.8
"""The certainty of a stock photo's word or an author's tag, where a word in every caption has 1."""

INSTEAD_CERTAINTY = 0.7
"""The certainty of a replacement relative to the hashtag about a person that it replaces."""

HASHTAGS_A_PHOTO = 12
"""Weaker evidence than the twelve best hashtags only blurs the factors."""

FOLDS = 5
"""One photo in five is held out for the check, and two in five for the fusion, in turn."""
CHECK_FOLD, FUSION_FOLDS = 0, (1, 2)

USUAL_SET = 200
"""The size of a set whose photos have weight 1; those of larger sets have less, of smaller more."""

THEME_POSTS = 10
"""How many posts each theme of the table of communities counts as."""

_BETWEEN = "(?:a|and|at|by|for|from|in|into|my|of|on|the|to|under|with)*"
"""What may stand between the words of a hashtag."""
_NOTHING = re.compile("(?!)")

PLAINS = frozenset({"zebra", "giraffe", "elephant", "lion", "herd"})
"""With these a stock photo's word plane means the plain that they are on."""


@dataclass(frozen=True)
class TaggedPhoto:
    """A photo to learn from.

    Attributes:
        set: the set that it is from.
        theme: what kind of photo it is, for the check.
        hashtags: the strongest that the tables give it, with weights from 0 to 1.
        fitting: all hashtags that the tables give it.
        words: by which people describe it, in lower case.
        captions: what people wrote under it; for the check alone.
        without_one: one of the captions, and the photo as the others describe it; None where there
            are fewer than two.
        fold: 0 to ``FOLDS`` - 1, by its name.
    """

    image: Path
    set: str
    theme: str
    hashtags: dict[str, float]
    fitting: frozenset[str]
    words: frozenset[str]
    captions: tuple[str, ...] = ()
    without_one: "tuple[str, TaggedPhoto] | None" = None

    @cached_property
    def fold(self) -> int:
        return crc32(f"images/{self.image.name}".encode()) % FOLDS

    def fits(self, tag: str) -> bool:
        """Whether the tables say that a hashtag is true of the photo, or the words make it up.

        A dog that runs over a beach is #dogsonthebeach and #beachlife, but no #beachball.
        """
        made_up = self._made_of_words.fullmatch
        return tag in self.fitting or bool(made_up(tag) or made_up(root(tag)))

    @cached_property
    def _made_of_words(self) -> re.Pattern[str]:
        forms = {form for word in self.words for form in _forms(word) if len(form) > 1}
        if not forms:
            return _NOTHING
        longest_first = sorted(forms, key=lambda form: (-len(form), form))
        words = "|".join(map(re.escape, longest_first))
        return re.compile(f"{_BETWEEN}(?:(?:{words}){_BETWEEN})+")


@dataclass(frozen=True)
class Evidence:
    """All that the starter learns from.

    Attributes:
        classes: hashtags of each of the 1,000 ImageNet classes, with weights.
        posts: real people's, hashtags alone.
    """

    photos: list[TaggedPhoto]
    classes: list[dict[str, float]]
    posts: list[Post]

    def posts_for_vectors(self, photos: list[TaggedPhoto]) -> list[Post]:
        """Posts to learn hashtag vectors from: real ones, one per photo and class, and themes."""
        tables = [*(photo.hashtags for photo in photos), *self.classes]
        return [
            *self.posts,
            *(Post(tuple(weights)) for weights in tables if weights),
            *(Post(theme) for theme in communities() for _ in range(THEME_POSTS)),
        ]


class TaggingTables:
    """The tables that turn words and labels into hashtags, read once."""

    def __init__(self) -> None:
        self.captions = word_table("captions.csv", "scenes.csv", "more_words.csv")
        self.keywords = word_table("captions.csv", "more_words.csv")
        self.stock = word_table("corel.csv")
        self.labels = label_hashtags()
        self.authors = authors_hashtags()
        self._people, self._left_out = people(), generic() | unseen()

    def telling(self, weights: Mapping[str, float]) -> dict[str, float]:
        """Hashtags without those that are generic, unseen or label people, strongest first."""
        telling: dict[str, float] = {}
        for tag, weight in weights.items():
            in_place = self._people.get(tag)
            for other in (tag,) if in_place is None else in_place:
                certainty = weight if in_place is None else weight * INSTEAD_CERTAINTY
                if other not in self._left_out:
                    telling[other] = max(telling.get(other, 0.0), certainty)
        return dict(sorted(telling.items(), key=lambda item: (-item[1], item[0])))

    def strongest(self, weights: Mapping[str, float]) -> dict[str, float]:
        """The first ``HASHTAGS_A_PHOTO`` of ``telling``."""
        return dict(list(self.telling(weights).items())[:HASHTAGS_A_PHOTO])

    def of_captions(self, captions: Sequence[str]) -> dict[str, float]:
        """Hashtags by the words that several captions share."""
        words = words_of_captions(captions)
        certain = {word: share for word, share in words.items() if share >= SHARED_WORDS}
        return self.captions.hashtags(certain)

    def photo(
        self,
        image: Path,
        source: str,
        theme: str,
        weights: Mapping[str, float],
        words: Iterable[str],
        captions: Sequence[str] = (),
    ) -> TaggedPhoto:
        return TaggedPhoto(
            image,
            source,
            theme,
            self.strongest(weights),
            frozenset(self.telling(weights)),
            frozenset(words),
            tuple(captions),
        )


def read_evidence(data: Path) -> Evidence:
    """Reads every source.

    Args:
        data: the folder with ``flickr8k``, ``corel5k``, ``imagenet_samples``, ``more``,
            ``harrison`` and ``instagram_2019``.

    Raises:
        DatasetError: where it lacks one of them.
    """
    tables = TaggingTables()
    return Evidence(
        [photo for source in PHOTO_SOURCES for photo in source(data, tables)],
        [tables.strongest(hashtags) for hashtags in class_hashtags()],
        _real_posts(data),
    )


def set_weights(photos: Sequence[TaggedPhoto]) -> Floats:
    """(n,) the photos' weights, so that large sets do not outvote small ones."""
    sizes = Counter(photo.set for photo in photos)
    share = np.array([USUAL_SET / sizes[photo.set] for photo in photos], np.float32)
    return np.clip(share, 0.03, 3.0)


def flickr8k(data: Path, tables: TaggingTables) -> list[TaggedPhoto]:
    """Everyday photos, by the words that their captions share."""

    def everyday(row: Mapping[str, Any]) -> TaggedPhoto:
        return tables.photo(
            data / "flickr8k" / row["image"],
            "flickr8k",
            "everyday",
            tables.of_captions(row["captions"]),
            content_words(row["captions"], 1),
            row["captions"],
        )

    return [_and_without_one(row, everyday) for row in _rows(data / "flickr8k" / "captions.jsonl")]


def corel5k(data: Path, tables: TaggingTables) -> list[TaggedPhoto]:
    """Stock photos of the training split, by their words."""

    def stock(row: Mapping[str, Any]) -> TaggedPhoto:
        words = set(row["hashtags"])
        if not words.isdisjoint(PLAINS):
            words.discard("plane")
        return tables.photo(
            data / "corel5k" / row["image"],
            "corel5k",
            "stock",
            tables.stock.hashtags(dict.fromkeys(sorted(words), STOCK_CERTAINTY)),
            words - {"cat"},  # all of these are tigers and the like
        )

    rows = _rows(data / "corel5k" / "posts.jsonl")
    return [stock(row) for row in rows if row["split"] == "train"]


def _imagenet_samples(data: Path, tables: TaggingTables) -> list[TaggedPhoto]:
    """One photo of each ImageNet class, by its class."""
    classes = class_hashtags()
    return [
        tables.photo(
            data / "imagenet_samples" / row["image"],
            "imagenet",
            "objects",
            classes[row["class_index"]],
            _words(row["name"]),
        )
        for row in _rows(data / "imagenet_samples" / "classes.jsonl")
    ]


def more(data: Path, tables: TaggingTables) -> list[TaggedPhoto]:
    """Small sets of what everyday photos lack, by labels, captions or their authors' own tags."""

    def photo(row: Mapping[str, Any]) -> TaggedPhoto:
        return _of_more(data / "more", row, tables)

    return [_and_without_one(row, photo) for row in _rows(data / "more" / "posts.jsonl")]


PHOTO_SOURCES: tuple[Callable[[Path, TaggingTables], list[TaggedPhoto]], ...] = (
    flickr8k,
    corel5k,
    _imagenet_samples,
    more,
)


def _real_posts(data: Path) -> list[Post]:
    """Hashtags that people posted together."""
    harrison = _lines(data / "harrison" / "tag_list.txt")
    instagram = _rows(data / "instagram_2019" / "posts.jsonl")
    return [
        *(Post(tuple(line.split())) for line in harrison),
        *(Post(tuple(row["hashtags"])) for row in instagram),
    ]


def _of_more(folder: Path, row: Mapping[str, Any], tables: TaggingTables) -> TaggedPhoto:
    captions, labels = row.get("captions", ()), row.get("labels", ())
    weights: list[Mapping[str, float]] = []
    words: set[str] = set()
    theme = "tagged" if "hashtags" in row else "various"
    for label in (row.get("category"), row.get("label"), *labels):
        known = tables.labels.get((row["set"], label)) if label else None
        if known is not None:
            weights.append(known.hashtags)
            theme = known.theme if not labels else theme
        if label:
            words.update(_words(label))
    if captions:
        weights.append(tables.of_captions(captions))
        words.update(content_words(captions, 1))
    elif labels:
        weights.append(tables.keywords.hashtags(dict.fromkeys(words, STOCK_CERTAINTY)))
    for tag in row.get("hashtags", ()):
        own = tables.authors.get(tag.lower(), ())
        weights.append({o: STOCK_CERTAINTY * POSITION_DECAY**at for at, o in enumerate(own)})
        words.update(_words(tag))
    strongest: dict[str, float] = {}
    for one in weights:
        for tag, weight in one.items():
            strongest[tag] = max(strongest.get(tag, 0.0), weight)
    return tables.photo(folder / row["image"], row["set"], theme, strongest, words, captions)


def _and_without_one(
    row: Mapping[str, Any], photo: Callable[[Mapping[str, Any]], TaggedPhoto]
) -> TaggedPhoto:
    """A row's photo, and the same without one of its captions, which its name chooses."""
    captions = list(row.get("captions", ()))
    if len(captions) < 2:
        return photo(row)
    one = captions.pop(crc32(row["image"].encode()) % len(captions))
    return replace(photo(row), without_one=(one, photo({**row, "captions": captions})))


def _forms(word: str) -> tuple[str, ...]:
    single = singular(word)
    return word, single, f"{single}s", family(word)


def _words(label: str) -> list[str]:
    return label.lower().replace("_", " ").replace("-", " ").replace(",", " ").split()


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _lines(path)]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DatasetError(
            f"Data to build the starter from is missing: {path} ({error.strerror}). "
            "The starter that ships does not need it."
        ) from None
