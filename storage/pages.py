"""A long list, a screenful at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

Item = TypeVar("Item")


@dataclass(frozen=True)
class Page(Generic[Item]):
    """``items`` of page number ``page`` (from 0) out of ``pages``; ``total`` items in all pages."""

    items: tuple[Item, ...]
    total: int
    page: int
    pages: int


def cut(items: Sequence[Item], page: int, size: int) -> Page[Item]:
    """The page nearest to ``page`` of a list in memory."""
    page, pages = _nearest(len(items), page, size)
    return Page(tuple(items[page * size : (page + 1) * size]), len(items), page, pages)


async def read(
    session: AsyncSession,
    query: Select[*tuple[Any, ...]],
    item: Callable[..., Item],
    page: int,
    size: int,
) -> Page[Item]:
    """The page nearest to ``page`` of an ordered query, an ``item`` made of each row's columns."""
    total = await session.scalar(select(func.count()).select_from(query.subquery())) or 0
    page, pages = _nearest(total, page, size)
    rows = await session.execute(query.offset(page * size).limit(size))
    return Page(tuple(item(*row) for row in rows), total, page, pages)


def _nearest(total: int, page: int, size: int) -> tuple[int, int]:
    """The nearest page that exists to ``page``, and how many there are (one at least).

    Lists shrink under a person's thumb: the button to page 3 may outlive page 3.
    """
    pages = max(1, -(-total // size))
    return min(max(page, 0), pages - 1), pages
