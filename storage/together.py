"""Combines small concurrent writes into one transaction."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Database

Result = TypeVar("Result")


@dataclass(frozen=True)
class _Write:
    work: Callable[[AsyncSession], Awaitable[Any]]
    written: asyncio.Future[Any]


class Together:
    """Runs a first write at once, and those that arrive meanwhile together in the next transaction.

    So a crowd of them waits for one turn to write, not for hundreds, and goes before other writes.
    They are not confirmed to people: a power cut may lose the last of them.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[_Write] = []
        self._writing: asyncio.Task[None] | None = None

    async def write(self, work: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
        """Runs ``work`` in a writing session, and returns its result once that is committed.

        Raises:
            StorageError: if it, or another in its transaction, could not be stored.
        """
        one = _Write(work, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        result: Result = await one.written
        return result

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                await self._write_some()
        finally:
            self._writing = None

    async def _write_some(self) -> None:
        some: list[_Write] = []
        try:
            async with self._database.session(confirmed=False, urgent=True) as session:
                some = self._take()  # once it is their turn
                results = [await one.work(session) for one in some]
        except Exception as error:
            for one in some or self._take():
                if not one.written.done():
                    one.written.set_exception(error)
        else:
            for one, result in zip(some, results, strict=True):
                if not one.written.done():
                    one.written.set_result(result)

    def _take(self) -> list[_Write]:
        """Takes the waiting writes, without those that were cancelled."""
        some = [one for one in self._waiting if not one.written.done()]
        self._waiting = []
        return some
