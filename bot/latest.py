"""A dictionary of limited size."""

from collections import OrderedDict
from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Latest(OrderedDict[Key, Value]):
    """Keeps the ``most`` entries that were set last.

    >>> latest = Latest(2)
    >>> latest["a"], latest["b"], latest["a"], latest["c"] = 1, 2, 3, 4
    >>> dict(latest)
    {'a': 3, 'c': 4}
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, key: Key, value: Value) -> None:
        super().__setitem__(key, value)
        self.move_to_end(key)
        while len(self) > self._most:
            self.popitem(last=False)
