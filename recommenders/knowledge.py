"""What a bundle knows about its hashtags: similar ones, categories, sizes and likes.

All of it is computed when the bundle is fitted (``training.fitting.knowledge``) and only looked up
here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from recommenders.answers import SIZES
from recommenders.bundle import Bundle, BundleError
from recommenders.bundle_parts import HashtagTables, read_knowledge, read_rating
from recommenders.category import Category
from recommenders.ranking import Hashtag


class Knowledge:
    """Answers questions about the hashtags of a bundle.

    Args:
        bundle: one with the part ``knowledge``; see ``Knowledge.in_bundle``.

    Attributes:
        models: whose vectors tell what is similar (``skipgram``, ``cbow``), the first by default.
        preferred_mix: of sizes, a key of ``recommenders.answers.MIXES``; None for none.

    Raises:
        BundleError: where that part is missing or damaged.
    """

    def __init__(self, bundle: Bundle) -> None:
        tables = read_knowledge(bundle)
        if tables is None:
            raise BundleError(
                f"Bundle {bundle.model} knows nothing about similar hashtags or categories: it is "
                "of an earlier version. Fit it again with `tag4pic train fit`."
            )
        self._tables = tables
        self._hashtags = bundle.hashtags
        self._columns = {tag: column for column, tag in enumerate(bundle.hashtags)}
        self._rating = read_rating(bundle)
        self._categories = _categories(tables, bundle.hashtags)
        self.models = tuple(tables.similar)
        self.preferred_mix = tables.preferred_mix

    @staticmethod
    def in_bundle(bundle: Bundle) -> bool:
        """Whether a bundle has this part; those of earlier versions lack it."""
        return "knowledge" in bundle.arrays

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
        indices, cosines = self._tables.similar[self.models[0] if model is None else model]
        row = self._columns[tag]
        return [
            Hashtag(self._hashtags[column], round(float(cosine), 4))
            for column, cosine in zip(indices[row][:k], cosines[row][:k], strict=True)
            if column >= 0
        ]

    def categories(self) -> tuple[Category, ...]:
        """All categories: the one with most posts first, or each head before what is under it."""
        return self._categories

    def under(self, head: str | None) -> tuple[Category, ...]:
        """The categories that stand right under a head, by its name; those of the top for None."""
        return tuple(one for one in self._categories if one.head == head)

    def fitting(self, hashtags: Iterable[Hashtag]) -> list[tuple[Category, float]]:
        """The categories that a photo's hashtags belong to, the best-fitting first.

        Returns:
            Each with its share of the hashtags' scores, above 0 and together 1.
        """
        shares = np.zeros(len(self._categories))
        for hashtag in hashtags:
            column = self._columns.get(hashtag.tag)
            if column is not None and self._tables.category_of[column] >= 0:
                shares[self._tables.category_of[column]] += max(hashtag.score, 0.0)
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
        likes = np.nan if column is None else float(self._tables.median_likes[column])
        return None if np.isnan(likes) else likes

    def size_index(self, tag: str) -> int:
        """The same as an index of ``recommenders.answers.SIZES``."""
        column = self._columns.get(tag)
        return 0 if column is None else int(self._tables.size[column])


def _categories(tables: HashtagTables, hashtags: Sequence[str]) -> tuple[Category, ...]:
    members: list[list[str]] = [[] for _ in tables.categories]
    for column in np.argsort(-tables.category_weight, kind="stable"):
        if tables.category_of[column] >= 0:
            members[tables.category_of[column]].append(hashtags[column])
    return tuple(
        # What leads a category and is at home in another stands in both.
        replace(one, hashtags=tuple(dict.fromkeys([*one.leaders, *tags])))
        for one, tags in zip(tables.categories, members, strict=True)
    )
