"""People whose data were deleted lately: their earlier updates must not be stored any more."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from bot.latest import Latest

MOST = 10_000


class Forgotten:
    """The people; ``clock`` counts the deletions."""

    def __init__(self) -> None:
        self._last: Latest[int, int] = Latest(MOST)
        self._deleting: Counter[int] = Counter()
        self.clock = 0

    @contextmanager
    def deleting(self, person: int) -> Iterator[None]:
        """While it is open, a person's data are deleted; nothing from before its end is stored."""
        self._deleting[person] += 1
        try:
            yield
        finally:
            self._deleting[person] -= 1
            self._deleting = +self._deleting
            self.clock += 1
            self._last[person] = self.clock

    def since(self, person: int, clock: int) -> bool:
        """Whether a person's data were deleted after ``clock``, or are being deleted now."""
        return self._deleting.get(person, 0) > 0 or self._last.get(person, 0) > clock
