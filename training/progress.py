"""How work that takes long says how far it is."""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is (0: unknown)."""


def silent(doing: str, done: int, total: int) -> None:
    """Progress that nobody reads."""
