"""Who had themselves deleted: what was in work of theirs by then must not be stored afterwards."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from bot.latest import Latest

MOST = 10_000


class Forgotten:
    """The people who were deleted lately, by a clock that ticks with each of them."""

    def __init__(self) -> None:
        self._last: Latest[int, int] = Latest(MOST)
        self._going: Counter[int] = Counter()
        self.clock = 0

    @contextmanager
    def going(self, person: int) -> Iterator[None]:
        """While a person is being deleted; what came before its end is not stored."""
        self._going[person] += 1
        try:
            yield
        finally:
            self._going[person] -= 1
            self._going = +self._going
            self.clock += 1
            self._last[person] = self.clock

    def since(self, person: int, clock: int) -> bool:
        """Whether a person was deleted, or is just being, since the clock stood there."""
        return self._going.get(person, 0) > 0 or self._last.get(person, 0) > clock
