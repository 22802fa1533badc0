"""What the starter learns from: photos with hashtags by our tables, and hashtags of real posts.

A source of photos is a function of the folder with the sets; ``PHOTO_SOURCES`` lists them.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

from training.datasets.format import DatasetError, Post
from training.starter.word_tables import (
    class_hashtags,
    communities,
    generic,
    word_table,
    words_of_captions,
)

SHARED_WORDS = 0.3
"""Caption words count when this share of the captions have them."""

STOCK_CERTAINTY = 0.8
"""How certain a stock photo's word is beside a word that every caption has."""

HASHTAGS_A_PHOTO = 12
"""Weaker evidence than the twelve best hashtags only blurs the factors."""

HELD_OUT = 5
"""One in so many everyday photos is held out for the check."""

THEME_POSTS = 10
"""How many posts a theme of the table of communities is worth."""


@dataclass(frozen=True)
class TaggedPhoto:
    """A photo to learn from.

    Attributes:
        hashtags: that the tables give it, with weights from 0 to 1.
        captions: what people wrote under it; for the check alone.
        held_out: whether it is kept for the check.
    """

    image: Path
    hashtags: dict[str, float]
    captions: tuple[str, ...] = ()
    held_out: bool = False


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
        """What hashtag vectors are learnt from: real posts, the tables' posts, themes."""
        tables = [*(photo.hashtags for photo in photos), *self.classes]
        return [
            *self.posts,
            *(Post(tuple(weights)) for weights in tables if weights),
            *(Post(theme) for theme in communities() for _ in range(THEME_POSTS)),
        ]


def read_evidence(data: Path) -> Evidence:
    """Reads every source.

    Args:
        data: the folder with ``flickr8k``, ``corel5k``, ``imagenet_samples``, ``harrison`` and
            ``instagram_2019``.

    Raises:
        DatasetError: where it lacks one of them.
    """
    return Evidence(
        [photo for source in PHOTO_SOURCES for photo in source(data)], _classes(), real_posts(data)
    )


def flickr8k(data: Path) -> list[TaggedPhoto]:
    """Everyday photos, by the words that their captions share."""
    table, dull = word_table("captions.csv", "scenes.csv"), generic()
    photos = []
    for row in _rows(data / "flickr8k" / "captions.jsonl"):
        words = words_of_captions(row["captions"])
        certain = {word: share for word, share in words.items() if share >= SHARED_WORDS}
        photos.append(
            TaggedPhoto(
                data / "flickr8k" / row["image"],
                _strongest(table.hashtags(certain), dull),
                tuple(row["captions"]),
                held_out=crc32(row["image"].encode()) % HELD_OUT == 0,
            )
        )
    return photos


def corel5k(data: Path) -> list[TaggedPhoto]:
    """Stock photos of the training split, by their words."""
    table, dull = word_table("corel.csv"), generic()
    return [
        TaggedPhoto(
            data / "corel5k" / row["image"],
            _strongest(table.hashtags(dict.fromkeys(row["hashtags"], STOCK_CERTAINTY)), dull),
        )
        for row in _rows(data / "corel5k" / "posts.jsonl")
        if row["split"] == "train"
    ]


def imagenet_samples(data: Path) -> list[TaggedPhoto]:
    """One photo of each ImageNet class, by its class."""
    classes = _classes()
    return [
        TaggedPhoto(data / "imagenet_samples" / row["image"], classes[row["class_index"]])
        for row in _rows(data / "imagenet_samples" / "classes.jsonl")
    ]


PHOTO_SOURCES: tuple[Callable[[Path], list[TaggedPhoto]], ...] = (
    flickr8k,
    corel5k,
    imagenet_samples,
)


def real_posts(data: Path) -> list[Post]:
    """Hashtags that people posted together."""
    harrison = _lines(data / "harrison" / "tag_list.txt")
    instagram = _rows(data / "instagram_2019" / "posts.jsonl")
    return [
        *(Post(tuple(line.split())) for line in harrison),
        *(Post(tuple(row["hashtags"])) for row in instagram),
    ]


def _classes() -> list[dict[str, float]]:
    dull = generic()
    return [_strongest(hashtags, dull) for hashtags in class_hashtags()]


def _strongest(weights: dict[str, float], dull: frozenset[str]) -> dict[str, float]:
    telling = (item for item in weights.items() if item[0] not in dull)
    return dict(sorted(telling, key=lambda item: (-item[1], item[0]))[:HASHTAGS_A_PHOTO])


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _lines(path)]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DatasetError(
            f"The starter is built from data that is not here: {path} ({error.strerror}). "
            "The starter that ships needs none of it."
        ) from None
