"""The hashtags that people taught: who sees them, and in which spelling.

Everybody sees a hashtag outside the bundle's vocabulary as long as a lesson for everybody has it,
in the spelling most of these lessons use. Otherwise only the chats that taught it see it, in their
own spelling.
"""

import threading
from collections import Counter
from collections.abc import Hashable, Mapping

from recommenders.als_taught import Audience, heard_by
from recommenders.hashtags import usual_spellings

Spelt = Mapping[int, str]
"""Hashtags of a lesson: column to spelling."""


class TaughtHashtags:
    """Which audience was taught which hashtags after the first ``known`` of the vocabulary."""

    def __init__(self, known: int) -> None:
        self._known = known
        self._lessons: dict[Hashable, Mapping[Audience, Spelt]] = {}
        # By audience and column, the number of photos for each spelling.
        self._spellings: dict[Audience, dict[int, Counter[str]]] = {}
        # By column, how many audiences were taught it; and columns that lost their last audience.
        self._audiences: Counter[int] = Counter()
        self._unused: set[int] = set()
        self._lock = threading.Lock()

    def learn(self, photo: Hashable, lessons: Mapping[Audience, Spelt]) -> dict[int, str]:
        """Replaces a photo's lessons.

        Returns:
            The spelling that everybody now sees, for the columns that may have changed.
        """
        before = self._lessons.pop(photo, {})
        with self._lock:
            for who, spelt in before.items():
                self._count(who, spelt, -1)
            if any(lessons.values()):
                self._lessons[photo] = lessons
                for who, spelt in lessons.items():
                    self._count(who, spelt, 1)
        changed = {column for one in (before, lessons) for column in one.get(None, ())}
        everybodys = self._spellings.get(None, {})
        return {column: _usual(everybodys[column]) for column in changed & everybodys.keys()}

    def uses(self, column: int) -> int:
        """How many photos teach a hashtag to everybody."""
        return self._spellings.get(None, {}).get(column, Counter()).total()

    def sees(self, audience: Audience, column: int) -> bool:
        """Whether an audience, or everybody, was taught a hashtag."""
        return any(column in self._spellings.get(who, {}) for who in heard_by(audience))

    def take_unused(self) -> set[int]:
        """The hashtags that lost their last audience since the last call."""
        with self._lock:
            unused, self._unused = self._unused, set()
        return unused

    def shown(self, hashtags: list[str], audience: Audience) -> list[str]:
        """``hashtags`` with those that only this audience was taught in its own spelling."""
        if audience is not None and audience in self._spellings:
            with self._lock:
                own = self._spellings.get(audience, {}).items()
                usual = {column: _usual(counts) for column, counts in own}
            everybodys = self._spellings.get(None, {})
            for column, spelling in usual.items():
                if column not in everybodys and column < len(hashtags):
                    hashtags[column] = spelling
        return hashtags

    def _count(self, who: Audience, spelt: Spelt, by: int) -> None:
        columns = self._spellings.setdefault(who, {})
        for column, spelling in spelt.items():
            if column >= self._known:
                counts = columns.pop(column, Counter())
                self._audiences[column] -= bool(counts)
                counts[spelling] += by
                if +counts:
                    columns[column] = +counts  # drops spellings no longer in use
                    self._audiences[column] += 1
        for column in spelt.keys() & self._audiences.keys():
            if self._audiences[column]:
                self._unused.discard(column)
            else:
                del self._audiences[column]
                self._unused.add(column)
        if not columns:
            del self._spellings[who]


def _usual(counts: Counter[str]) -> str:
    if len(counts) == 1:
        return next(iter(counts))
    return next(iter(usual_spellings(counts).values()))
