"""Who had themselves deleted: what was in work of theirs by then must not be stored afterwards."""

from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

MOST = 10_000


class Forgotten:
    """The people who were deleted lately, by a clock that ticks with each of them."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._last: OrderedDict[int, int] = OrderedDict()
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
            self._last.pop(person, None)
            self._last[person] = self.clock
            while len(self._last) > self._most:
                self._last.popitem(last=False)

    def since(self, person: int, clock: int) -> bool:
        """Whether a person was deleted, or is just being, since the clock stood there."""
        return self._going.get(person, 0) > 0 or self._last.get(person, 0) > clock
