"""The hashtags that an engine knows: its bundle's, then those that people taught."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from recommenders.als_taught import Audience
from recommenders.hashtags import key, unique
from recommenders.languages import meaning
from recommenders.taught_hashtags import TaughtHashtags


class Vocabulary:
    """Columns of hashtags, looked up in any spelling.

    Attributes:
        own: the bundle's hashtags.
        hashtags: these, then taught ones; "" where no lesson has one any more, since columns are
            never reused.
    """

    def __init__(self, hashtags: Sequence[str]) -> None:
        self.own = frozenset(hashtags)
        self.hashtags = list(hashtags)
        self._size = len(self.hashtags)
        self._columns = {key(tag): column for column, tag in enumerate(self.hashtags)}
        self._taught = TaughtHashtags(self._size)
        # Hashtags to skip may be thousands, the same for every photo.
        self._columns_of = lru_cache(maxsize=8)(self._find_columns)

    def column(self, tag: str) -> int | None:
        """A hashtag's column; None where it is not known."""
        return self._columns.get(key(tag))

    def is_own(self, tag: str) -> bool:
        """Whether a hashtag is the bundle's."""
        column = self.column(tag)
        return column is not None and column < self._size

    def columns(self, hashtags: Collection[str]) -> NDArray[np.intp]:
        """The columns of the known ones among some hashtags, ascending."""
        return self._columns_of(frozenset(hashtags), len(self.hashtags))

    def sees(self, audience: Audience) -> Callable[[int], bool]:
        """A function that tells whether an audience sees a column's hashtag."""
        return lambda column: column < self._size or self._taught.sees(audience, column)

    def meant(self, tag: str, audience: Audience) -> str:
        """The hashtag that a shown one, in any language, means; a taught one means itself."""
        column = self.column(tag)
        was_taught = column is not None and self._taught.sees(audience, column)
        return tag if was_taught else meaning(tag, self.own)

    def shown(self, audience: Audience, count: int | None = None) -> list[str]:
        """The hashtags, or the first ``count``, in the spelling that an audience sees."""
        return self._taught.shown(self.hashtags[:count], audience)

    def taught_uses(self) -> NDArray[np.intp]:
        """How many photos teach each hashtag after the bundle's to everybody."""
        taught = range(self._size, len(self.hashtags))
        return np.array([self._taught.uses(column) for column in taught], np.intp)

    def learn(
        self, photo: Hashable, lessons: Mapping[Audience, Sequence[str]]
    ) -> dict[Audience, list[int]]:
        """Replaces a photo's hashtags by audience; returns their columns, new ones where needed."""
        spellings = {
            audience: {self._add(tag): tag for tag in unique(tags).values()}
            for audience, tags in lessons.items()
        }
        for column, usual in self._taught.learn(photo, spellings).items():
            self.hashtags[column] = usual
        return {audience: list(columns) for audience, columns in spellings.items()}

    def forget_unused(self) -> set[int]:
        """Removes hashtags that no lesson has any more; returns their columns."""
        unused = self._taught.take_unused()
        if unused:
            self._columns = {name: at for name, at in self._columns.items() if at not in unused}
            for column in unused:
                self.hashtags[column] = ""
            self._columns_of.cache_clear()  # its keys are people's words
        return unused

    def _add(self, tag: str) -> int:
        name = key(tag)
        if name not in self._columns:
            self._columns[name] = len(self.hashtags)
            self.hashtags.append(name)
        return self._columns[name]

    def _find_columns(self, hashtags: frozenset[str], _: int) -> NDArray[np.intp]:
        """The columns of hashtags; the other argument is the vocabulary's size, for the cache."""
        columns = {column for tag in hashtags if (column := self.column(tag)) is not None}
        return np.array(sorted(columns), np.intp)
