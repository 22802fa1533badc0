"""What a bundle knows about its hashtags: similar ones, categories, sizes and likes.

All of it is computed when the bundle is fitted (``training.fitting.knowledge``) and only looked up
here.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommenders.answers import SIZES
from recommenders.bundle import Bundle, BundleError
from recommenders.ranking import Hashtag

PART = "knowledge"


@dataclass(frozen=True)
class Category:
    """What some posts are about.

    Attributes:
        name: three leading hashtags, boat_water_sailing.
        posts: how many of the training posts are of it.
        hashtags: those that are most at home in it, the weightiest first.
    """

    name: str
    posts: int
    hashtags: tuple[str, ...]


class Knowledge:
    """Answers questions about the hashtags of a bundle.

    Args:
        bundle: one with the part ``knowledge``; see ``Knowledge.in_bundle``.

    Raises:
        BundleError: where that part is missing or damaged.
    """

    def __init__(self, bundle: Bundle) -> None:
        if not self.in_bundle(bundle):
            raise BundleError(
                f"Bundle {bundle.model} knows nothing about similar hashtags or categories: it is "
                "of an earlier version. Fit it again with `tag4pic train fit`."
            )
        count = len(bundle.hashtags)
        settings = bundle.settings.get(PART, {})
        self._hashtags = bundle.hashtags
        self._columns = {tag: column for column, tag in enumerate(bundle.hashtags)}
        self.models: tuple[str, ...] = tuple(settings.get("models", ()))
        self._similar = {
            model: _table(bundle, f"{model}_indices", f"{model}_cosines") for model in self.models
        }
        self._category_of = bundle.array(PART, "category_of", count)
        self._size = bundle.array(PART, "size", count)
        self._median_likes = bundle.array(PART, "median_likes", count)
        self._rating = bundle.array("ranking", "rating", count)
        if not _within(self._size, 0, len(SIZES)) or not _within(
            self._category_of, -1, len(settings.get("categories", ()))
        ):
            raise BundleError(f"Bundle {bundle.model} is damaged. Take it from a backup.")
        self._categories = _categories(bundle, self._category_of)
        self.preferred_mix: str | None = settings.get("preferred_mix")

    @staticmethod
    def in_bundle(bundle: Bundle) -> bool:
        """Whether a bundle has this part; those of earlier versions lack it."""
        return PART in bundle.arrays

    def __contains__(self, tag: object) -> bool:
        return tag in self._columns

    def similar(self, tag: str, k: int = 10, *, model: str | None = None) -> list[Hashtag]:
        """The nearest hashtags and their cosines, nearest first.

        Args:
            tag: canonical.
            k: fewer come where fewer are stored or near.
            model: one of ``models`` (``skipgram``, ``cbow``); the first where None.

        Returns:
            Nothing for a hashtag that always stands alone.

        Raises:
            KeyError: for a hashtag that is not in the vocabulary, or another model.
        """
        if not self.models:
            return []
        indices, cosines = self._similar[self.models[0] if model is None else model]
        row = self._columns[tag]
        return [
            Hashtag(self._hashtags[column], round(float(cosine), 4))
            for column, cosine in zip(indices[row][:k], cosines[row][:k], strict=True)
            if column >= 0
        ]

    def categories(self) -> tuple[Category, ...]:
        """All categories, the one with most posts first."""
        return self._categories

    def category(self, tag: str) -> Category | None:
        """Where a hashtag is most at home; None for one that is unknown or that no post used."""
        column = self._columns.get(tag)
        place = -1 if column is None else int(self._category_of[column])
        return None if place < 0 else self._categories[place]

    def fitting(self, hashtags: Iterable[Hashtag]) -> list[tuple[Category, float]]:
        """The categories that a photo's hashtags belong to, the best-fitting first.

        Returns:
            Each with its share of the hashtags' scores, above 0 and together 1.
        """
        shares = np.zeros(len(self._categories))
        for hashtag in hashtags:
            column = self._columns.get(hashtag.tag)
            if column is not None and self._category_of[column] >= 0:
                shares[self._category_of[column]] += max(hashtag.score, 0.0)
        total = shares.sum()
        return [
            (self._categories[place], float(shares[place] / total))
            for place in np.argsort(-shares, kind="stable")
            if shares[place] > 0
        ]

    def size(self, tag: str) -> str:
        """``niche``, ``middle`` or ``broad``; hashtags that people taught are niche."""
        return SIZES[self.size_index(tag)]

    def rating(self, tag: str) -> float | None:
        """What a hashtag's uses earn, 0 to 1; None for one that is unknown."""
        column = self._columns.get(tag)
        return None if column is None else float(self._rating[column])

    def median_likes(self, tag: str) -> float | None:
        """The median likes of the training posts that carry a hashtag; None where unknown."""
        column = self._columns.get(tag)
        likes = np.nan if column is None else float(self._median_likes[column])
        return None if np.isnan(likes) else likes

    def size_index(self, tag: str) -> int:
        """The same as an index of ``recommenders.answers.SIZES``."""
        column = self._columns.get(tag)
        return 0 if column is None else int(self._size[column])


def _table(
    bundle: Bundle, indices: str, cosines: str
) -> tuple[NDArray[np.int32], NDArray[np.float16]]:
    count = len(bundle.hashtags)
    columns = bundle.array(PART, indices, count, None)
    if not _within(columns, -1, count):
        raise BundleError(f"Bundle {bundle.model} is damaged: {PART}/{indices} points nowhere.")
    return columns, bundle.array(PART, cosines, *columns.shape)


def _within(columns: NDArray[np.integer], least: int, end: int) -> bool:
    return not columns.size or (int(columns.min()) >= least and int(columns.max()) < end)


def _categories(bundle: Bundle, category_of: NDArray[np.int32]) -> tuple[Category, ...]:
    weight = bundle.array(PART, "category_weight", len(bundle.hashtags))
    members: list[list[str]] = [[] for _ in bundle.settings[PART]["categories"]]
    for column in np.argsort(-weight, kind="stable"):
        if category_of[column] >= 0:
            members[category_of[column]].append(bundle.hashtags[column])
    return tuple(
        Category(str(row["name"]), int(row["posts"]), tuple(tags))
        for row, tags in zip(bundle.settings[PART]["categories"], members, strict=True)
    )
