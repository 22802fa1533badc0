"""The hashtags that an engine knows: its bundle's, and behind them those that people taught."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from recommenders.als_taught import Audience
from recommenders.hashtags import key, unique
from recommenders.languages import meaning
from recommenders.taught_hashtags import TaughtHashtags


class Vocabulary:
    """Hashtags by column, in whatever spelling they are asked for.

    Attributes:
        own: the bundle's.
        hashtags: those, then what people taught, where what nobody teaches any more is empty: a
            column is never another's.
    """

    def __init__(self, hashtags: Sequence[str]) -> None:
        self.own = frozenset(hashtags)
        self.hashtags = list(hashtags)
        self._size = len(self.hashtags)
        self._columns = {key(tag): column for column, tag in enumerate(self.hashtags)}
        self._taught = TaughtHashtags(self._size)
        # What is withheld may be thousands of hashtags, the same ones for every photo.
        self._columns_of = lru_cache(maxsize=8)(self._find_columns)

    def column(self, tag: str) -> int | None:
        """Where a hashtag stands; None where it is not known."""
        return self._columns.get(key(tag))

    def columns(self, hashtags: Collection[str]) -> NDArray[np.intp]:
        """Where those of some hashtags stand that are known, in order."""
        return self._columns_of(frozenset(hashtags), len(self.hashtags))

    def sees(self, audience: Audience) -> Callable[[int], bool]:
        """Tells of a column whether an audience sees its hashtag."""
        return lambda column: column < self._size or self._taught.sees(audience, column)

    def was_taught(self, tag: str, audience: Audience) -> bool:
        """Whether an audience sees a hashtag that the bundle does not know, because of people."""
        column = self.column(tag)
        return column is not None and self._taught.sees(audience, column)

    def meant(self, tag: str, audience: Audience) -> str:
        """The hashtag that a shown one, in whatever language, stands for."""
        return tag if self.was_taught(tag, audience) else meaning(tag, self.own)

    def shown(self, audience: Audience, count: int | None = None) -> list[str]:
        """The hashtags, or the first ``count``, as an audience sees them written."""
        return self._taught.shown(self.hashtags[:count], audience)

    def taught_uses(self) -> NDArray[np.intp]:
        """On how many photos everybody sees each of the hashtags behind the bundle's."""
        taught = range(self._size, len(self.hashtags))
        return np.array([self._taught.uses(column) for column in taught], np.intp)

    def learn(
        self, photo: Hashable, lessons: Mapping[Audience, Sequence[str]]
    ) -> dict[Audience, list[int]]:
        """Takes a photo's hashtags by audience in place of what they were; returns their columns.

        A hashtag that is not known yet gets a new one.
        """
        spelt = {
            who: {self._add(tag): tag for tag in unique(tags).values()}
            for who, tags in lessons.items()
        }
        for column, usual in self._taught.learn(photo, spelt).items():
            self.hashtags[column] = usual
        return {who: list(columns) for who, columns in spelt.items()}

    def forget_unused(self) -> set[int]:
        """Leaves nothing of hashtags that nobody teaches any more; returns their columns."""
        unused = self._taught.take_unused()
        if unused:
            self._columns = {name: at for name, at in self._columns.items() if at not in unused}
            for column in unused:
                self.hashtags[column] = ""
            self._columns_of.cache_clear()  # whose keys are words
        return unused

    def _add(self, tag: str) -> int:
        name = key(tag)
        if name not in self._columns:
            self._columns[name] = len(self.hashtags)
            self.hashtags.append(name)
        return self._columns[name]

    def _find_columns(self, hashtags: frozenset[str], _: int) -> NDArray[np.intp]:
        """The columns of hashtags; anew when the vocabulary has grown."""
        columns = {column for tag in hashtags if (column := self.column(tag)) is not None}
        return np.array(sorted(columns), np.intp)
