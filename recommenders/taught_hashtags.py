"""The hashtags that people taught: who sees them, and in which spelling.

Everybody sees a hashtag outside the bundle's vocabulary as long as a lesson for everybody has it,
in the spelling most of these lessons use. Otherwise only the chats that taught it see it, in their
own spelling.
"""

import threading
from collections import Counter
from collections.abc import Hashable, Mapping

from recommenders.als_taught import Audience, audiences_for
from recommenders.hashtags import usual_spellings

Spellings = Mapping[int, str]
"""Hashtags of a lesson: column to spelling."""


class TaughtHashtags:
    """Which audience was taught which hashtags after the first ``known`` of the vocabulary."""

    def __init__(self, known: int) -> None:
        self._known = known
        self._lessons: dict[Hashable, Mapping[Audience, Spellings]] = {}
        # By audience and column, the number of photos for each spelling.
        self._spellings: dict[Audience, dict[int, Counter[str]]] = {}
        # By column, how many audiences were taught it; and columns that lost their last audience.
        self._audiences: Counter[int] = Counter()
        self._unused: set[int] = set()
        self._lock = threading.Lock()

    def learn(self, photo: Hashable, lessons: Mapping[Audience, Spellings]) -> dict[int, str]:
        """Replaces a photo's lessons.

        Returns:
            The spelling that everybody now sees, for the columns that may have changed.
        """
        before = self._lessons.pop(photo, {})
        with self._lock:
            for audience, spellings in before.items():
                self._count(audience, spellings, -1)
            if any(lessons.values()):
                self._lessons[photo] = lessons
                for audience, spellings in lessons.items():
                    self._count(audience, spellings, 1)
        changed = {column for one in (before, lessons) for column in one.get(None, ())}
        everybodys = self._spellings.get(None, {})
        return {column: _usual(everybodys[column]) for column in changed & everybodys.keys()}

    def uses(self, column: int) -> int:
        """How many photos teach a hashtag to everybody."""
        return self._spellings.get(None, {}).get(column, Counter()).total()

    def sees(self, audience: Audience, column: int) -> bool:
        """Whether an audience, or everybody, was taught a hashtag."""
        return any(column in self._spellings.get(one, {}) for one in audiences_for(audience))

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

    def _count(self, audience: Audience, spellings: Spellings, change: int) -> None:
        columns = self._spellings.setdefault(audience, {})
        for column, spelling in spellings.items():
            if column >= self._known:
                counts = columns.pop(column, Counter())
                self._audiences[column] -= bool(counts)
                counts[spelling] += change
                if +counts:
                    columns[column] = +counts  # drops spellings no longer in use
                    self._audiences[column] += 1
        for column in spellings.keys() & self._audiences.keys():
            if self._audiences[column]:
                self._unused.discard(column)
            else:
                del self._audiences[column]
                self._unused.add(column)
        if not columns:
            del self._spellings[audience]


def _usual(counts: Counter[str]) -> str:
    if len(counts) == 1:
        return next(iter(counts))
    return next(iter(usual_spellings(counts).values()))
