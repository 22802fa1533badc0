"""Who was deleted lately: updates of theirs from before then must not be stored afterwards."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from bot.latest import Latest

MOST = 10_000


class Forgotten:
    """People who were deleted lately; ``clock`` counts the deletions."""

    def __init__(self) -> None:
        self._last: Latest[int, int] = Latest(MOST)
        self._going: Counter[int] = Counter()
        self.clock = 0

    @contextmanager
    def going(self, person: int) -> Iterator[None]:
        """Held while a person is deleted; nothing from before its end is stored."""
        self._going[person] += 1
        try:
            yield
        finally:
            self._going[person] -= 1
            self._going = +self._going
            self.clock += 1
            self._last[person] = self.clock

    def since(self, person: int, clock: int) -> bool:
        """Whether a person was deleted after the clock's value, or is being deleted now."""
        return self._going.get(person, 0) > 0 or self._last.get(person, 0) > clock
