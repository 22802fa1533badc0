"""A long list, a screenful at a time."""

from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True)
class Page(Generic[Item]):
    """``items`` of page number ``page`` (from 0) out of ``pages``; ``total`` items in all pages."""

    items: tuple[Item, ...]
    total: int
    page: int
    pages: int


def place(total: int, page: int, size: int) -> tuple[int, int]:
    """The nearest page that exists to ``page``, and how many there are (one at least).

    Lists shrink under a person's thumb: the button to page 3 may outlive page 3.
    """
    pages = max(1, -(-total // size))
    return min(max(page, 0), pages - 1), pages
