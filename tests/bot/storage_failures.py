"""A database that fails in the middle of something."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from storage import StorageError, forgetting, outbox
from storage.tables import OutgoingMessage, Vote


@contextmanager
def deletion_breaks_off(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """While it lasts, a person's labels and photos are deleted, and what comes after is not."""
    real = forgetting.delete_in_batches

    async def until_votes(database: Any, table: Any, *arguments: Any, **options: Any) -> int:
        if table is Vote:
            raise StorageError("The database is gone.")
        return await real(database, table, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(forgetting, "delete_in_batches", until_votes)
        yield


@contextmanager
def connection_is_lost_as_a_message_is_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[asyncio.Event]:
    """While it lasts, the database stores messages, and nobody hears that it has.

    The event is set once that has happened.
    """
    real, happened = outbox.put, asyncio.Event()
    # After the block, too: so long nobody takes it over.
    monkeypatch.setattr("storage.replicas.UNKNOWN_FOR", timedelta(seconds=1))

    async def put(session: AsyncSession, message: OutgoingMessage) -> int:
        row_id = await real(session, message)
        event.listen(session.sync_session, "after_commit", lost)
        return row_id

    def lost(_: object) -> None:
        happened.set()
        raise ConnectionError("connection was lost")

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "put", put)
        yield happened


@contextmanager
def server_is_away_as_a_message_is_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[asyncio.Event]:
    """While it lasts, the first message cannot be stored; the event is set once that has happened.

    Those after it can be.
    """
    real, happened = outbox.put, asyncio.Event()

    async def put(session: AsyncSession, message: OutgoingMessage) -> int:
        if not happened.is_set():
            happened.set()
            raise ConnectionError("connection was lost")
        return await real(session, message)

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "put", put)
        yield happened


@contextmanager
def labels_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """While it lasts, what people taught is stored, and no engine can learn it."""

    async def refused(*_: Any, **__: Any) -> AsyncIterator[None]:
        raise StorageError("The database is gone.")
        yield

    with monkeypatch.context() as patch:
        patch.setattr("storage.training_labels.lessons", refused)
        yield


@contextmanager
def nothing_is_taught(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """While it lasts, no hashtag can be stored."""

    async def refused(*_: Any, **__: Any) -> None:
        raise StorageError("The disk that holds the database is full.")

    with monkeypatch.context() as patch:
        patch.setattr("storage.labels.add", refused)
        yield
