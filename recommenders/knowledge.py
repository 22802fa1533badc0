"""Facts about a bundle's hashtags: similar ones, categories, sizes and likes.

They are computed when the bundle is fitted (``training.fitting.knowledge``) and looked up here;
similar hashtags are found by comparing vectors.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recommenders.answers import SIZES
from recommenders.arrays import Floats, unit
from recommenders.bundle import Bundle, BundleError
from recommenders.category import Category
from recommenders.hashtag_tables import HashtagTables, read_knowledge
from recommenders.nearest import nearest
from recommenders.ranking import Hashtag
from recommenders.ratings import Uses

ALWAYS = 100
"""This many of the most used hashtags may be listed as similar to another, however rare."""


class Knowledge:
    """Answers questions about the hashtags of a bundle.

    Args:
        bundle: one with the part ``knowledge``; see ``Knowledge.in_bundle``.

    Attributes:
        models: the models with vectors to compare (``skipgram``, ``cbow``), the default first.
        preferred_mix: of sizes, a key of ``recommenders.answers.MIXES``; None for none.
        counted_posts: whether sizes come from a platform's counts of posts, or else from the
            training posts.
        likes: the uses of hashtags in posts with known likes; None where there are none, or in a
            bundle of an earlier version.

    Raises:
        BundleError: where that part is missing or damaged.
    """

    def __init__(self, bundle: Bundle) -> None:
        tables = read_knowledge(bundle)
        if tables is None:
            raise BundleError(
                f"Bundle {bundle.model} knows nothing about similar hashtags or categories: it is "
                "from an earlier version. Fit it again with `tag4pic train fit`."
            )
        self._tables = tables
        self._model = bundle.model
        self._hashtags = bundle.hashtags
        self._columns = {tag: column for column, tag in enumerate(bundle.hashtags)}
        self._categories = _categories(tables, bundle.hashtags)
        self.models = tuple(tables.vectors or tables.similar)
        self.preferred_mix = tables.preferred_mix
        self.counted_posts = tables.posts is not None
        self.likes: Uses | None = tables.likes

    @staticmethod
    def in_bundle(bundle: Bundle) -> bool:
        """Whether a bundle has this part; those of earlier versions lack it."""
        return "knowledge" in bundle.arrays

    def __contains__(self, tag: object) -> bool:
        return tag in self._columns

    def column(self, tag: str) -> int:
        """A hashtag's column in the vocabulary; KeyError for an unknown one."""
        return self._columns[tag]

    def similar(
        self, tags: str | Sequence[str], k: int = 10, *, model: str | None = None
    ) -> list[Hashtag]:
        """The nearest hashtags and their cosines above 0, nearest first.

        Args:
            tags: canonical; several are compared by the mean of their unit vectors.
            k: how many at most.
            model: one of ``models`` (``skipgram``, ``cbow``); the first where None.

        Returns:
            Nothing for a hashtag without a vector.

        Raises:
            KeyError: for a hashtag that is not in the vocabulary, or another model.
            BundleError: for several in a bundle of an earlier version, which has no vectors.
        """
        columns = [self._columns[tag] for tag in ((tags,) if isinstance(tags, str) else tags)]
        if not self.models:
            return []
        model = self.models[0] if model is None else model
        if model in self._tables.similar:
            return self._listed(columns, k, model)
        vectors = self._directions[model]
        together = unit(vectors[columns].sum(axis=0, keepdims=True))
        answers = self._answers
        near, cosines = nearest(together, vectors[answers], k + len(columns))
        return [
            Hashtag(self._hashtags[column], round(float(cosine), 4))
            for column, cosine in zip(answers[near[0]], cosines[0], strict=True)
            # Of a vector of zeros each cosine is 0.
            if column not in columns and cosine > 0
        ][:k]

    def cosine(self, tag: str, other: str, *, model: str | None = None) -> float | None:
        """The cosine of two hashtags, -1 to 1; None where one of them has no vector.

        Raises:
            KeyError, BundleError: as ``similar``.
        """
        one, two = self._columns[tag], self._columns[other]
        if not self.models:
            return None
        model = self.models[0] if model is None else model
        if model in self._tables.similar:
            raise self._without_vectors()
        vectors = self._directions[model]
        if not (vectors[one].any() and vectors[two].any()):
            return None
        return float(np.clip(vectors[one] @ vectors[two], -1, 1))

    def categories(self) -> tuple[Category, ...]:
        """All categories: the one with most posts first, or each parent before its children."""
        return self._categories

    def under(self, head: str | None) -> tuple[Category, ...]:
        """The direct children of a category, by its name; the top categories for None."""
        return tuple(one for one in self._categories if one.head == head)

    def fitting(self, hashtags: Iterable[Hashtag]) -> list[tuple[Category, float]]:
        """The categories that a photo's hashtags belong to, the best first.

        Returns:
            Each with its share of the hashtags' scores, above 0 and summing to 1.
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

    def median_likes(self, tag: str) -> float | None:
        """The median likes of the training posts that carry a hashtag; None where unknown."""
        column = self._columns.get(tag)
        likes = np.nan if column is None else float(self._tables.median_likes[column])
        return None if np.isnan(likes) else likes

    def uses(self, tag: str) -> int | None:
        """The training posts that carry a hashtag; None where unknown."""
        column = self._columns.get(tag)
        uses = self._tables.uses
        return None if column is None or uses is None else int(uses[column])

    def posts(self, tag: str) -> int | None:
        """A platform's count of posts under a hashtag; None where unknown."""
        column = self._columns.get(tag)
        posts = -1 if column is None or self._tables.posts is None else self._tables.posts[column]
        return None if posts < 0 else int(posts)

    def size_index(self, tag: str) -> int:
        """A hashtag's size as an index of ``recommenders.answers.SIZES``."""
        column = self._columns.get(tag)
        return 0 if column is None else int(self._tables.size[column])

    @cached_property
    def _directions(self) -> dict[str, Floats]:
        """Unit vectors (V, d) by model."""
        stored = self._tables.vectors.items()
        return {model: unit(rows.astype(np.float32)) for model, rows in stored}

    @cached_property
    def _answers(self) -> NDArray[np.intp]:
        """Columns of the hashtags that may be listed as similar to another."""
        uses = self._tables.uses
        if uses is None:
            return np.arange(len(self._hashtags))
        # Of a small vocabulary too few would be left.
        always = np.partition(uses, -ALWAYS)[-ALWAYS] if len(uses) >= ALWAYS else 0
        return np.flatnonzero(uses >= min(self._tables.fewest_uses, always))

    def _listed(self, columns: Sequence[int], k: int, model: str) -> list[Hashtag]:
        """The nearest hashtags listed in a bundle of an earlier version."""
        if len(columns) > 1:
            raise self._without_vectors()
        indices, cosines = self._tables.similar[model]
        row = columns[0]
        return [
            Hashtag(self._hashtags[column], round(float(cosine), 4))
            for column, cosine in zip(indices[row][:k], cosines[row][:k], strict=True)
            if column >= 0 and cosine > 0
        ]

    def _without_vectors(self) -> BundleError:
        return BundleError(
            f"Bundle {self._model} is from an earlier version: it lists what is similar to each "
            "hashtag, but has no vectors to compare several. Fit it again with `tag4pic train fit`."
        )


def _categories(tables: HashtagTables, hashtags: Sequence[str]) -> tuple[Category, ...]:
    members: list[list[str]] = [[] for _ in tables.categories]
    for column in np.argsort(-tables.category_weight, kind="stable"):
        if tables.category_of[column] >= 0:
            members[tables.category_of[column]].append(hashtags[column])
    return tuple(
        # A hashtag that leads one category and belongs to another is in both.
        replace(one, hashtags=tuple(dict.fromkeys([*one.leaders, *tags])))
        for one, tags in zip(tables.categories, members, strict=True)
    )
